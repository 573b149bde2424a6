"""What a machine without any set-up needs: random secrets and free ports, kept in var/ and in no repository."""

import os
import secrets
import socket
from pathlib import Path

from cryptography.fernet import Fernet

ROOT = Path(__file__).resolve().parent.parent
VAR = Path(os.environ.get("BACKOFFICE_VAR", ROOT / "var"))
SETTINGS_FILE = VAR / "local.env"


def ensure_settings() -> Path:
    """Write var/local.env with fresh secrets, unless it is there already; returns its path."""
    if SETTINGS_FILE.exists():
        return SETTINGS_FILE
    VAR.mkdir(parents=True, exist_ok=True)
    lines = {
        "BACKOFFICE_MODE": "local",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "FIELD_KEYS": Fernet.generate_key().decode(),
        "EGRESS_ALLOW": "127.0.0.0/8",
        "SANDBOX_TOKEN": "shpat_" + secrets.token_hex(16),
        "SANDBOX_SECRET": secrets.token_hex(32),
        "OPERATORS_MAIL": "operators@backoffice.invalid",
        "METRICS_TOKEN": secrets.token_urlsafe(32),
    }
    SETTINGS_FILE.touch(mode=0o600)
    SETTINGS_FILE.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
    return SETTINGS_FILE


def free_port(wanted: int) -> int:
    """`wanted` if nothing listens there on loopback, else the next free one above it."""
    for port in range(wanted, wanted + 200):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError(f"No free port between {wanted} and {wanted + 199}; set PORT and SANDBOX_PORT.")
