"""Session tokens: the short-lived JWT with which an embedded page proves to its server who is looking at it.

https://shopify.dev/docs/apps/build/authentication-authorization/session-tokens: HS256 with the client secret, a
minute's life. They run on the real clock, because the receiver checks them against its own.
"""

import base64
import hashlib
import hmac
import json
import secrets
import time
from typing import Any

SECONDS = 60
LEEWAY_SECONDS = 10
USER_ID = 904_000_001


class Unacceptable(Exception):
    """The token is malformed, wrongly signed, expired or meant for someone else."""


def mint(shop: str, client_id: str, secret: str, *, seconds: int = SECONDS) -> str:
    """A session token for this shop; negative seconds make one that is over."""
    moment = int(time.time())
    claims = {
        "iss": f"https://{shop}/admin",
        "dest": f"https://{shop}",
        "aud": client_id,
        "sub": str(USER_ID),
        "exp": moment + seconds,
        "nbf": moment + min(0, seconds),
        "iat": moment + min(0, seconds),
        "jti": secrets.token_hex(16),
        "sid": secrets.token_hex(32),
    }
    signed = f"{_packed({'alg': 'HS256', 'typ': 'JWT'})}.{_packed(claims)}"
    return f"{signed}.{_signature(signed, secret)}"


def read(token: str, shop: str, client_id: str, secret: str) -> dict[str, Any]:
    """The claims of a session token for this shop and app; raises Unacceptable."""
    signed, _, signature = token.rpartition(".")
    if not hmac.compare_digest(signature.encode(), _signature(signed, secret).encode()):
        raise Unacceptable("The signature is wrong")
    try:
        header, claims = (_unpacked(part) for part in signed.split("."))
        moment = time.time()
        good = (
            header["alg"] == "HS256"
            and claims["aud"] == client_id
            and claims["dest"] == f"https://{shop}"
            and claims["nbf"] - LEEWAY_SECONDS <= moment < claims["exp"] + LEEWAY_SECONDS
        )
    except (ValueError, KeyError, TypeError):
        raise Unacceptable("It is not a session token") from None
    if not good:
        raise Unacceptable("It is over, or meant for another shop or app")
    return claims


def _packed(part: dict[str, Any]) -> str:
    return _text(json.dumps(part, separators=(",", ":")).encode())


def _unpacked(part: str) -> dict[str, Any]:
    return dict(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))


def _signature(signed: str, secret: str) -> str:
    return _text(hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest())


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
