"""A start with a missing, bad or dangerous value stops, and its last line names the value."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from backoffice.local import ROOT

PRODUCTION = {
    "BACKOFFICE_MODE": "production",
    "SECRET_KEY": "k" * 50,
    "FIELD_KEYS": "dGVzdHMtb25seS10ZXN0cy1vbmx5LXRlc3RzLW9ubHk=",
    "ALLOWED_HOSTS": "backoffice.example",
    "PUBLIC_URL": "https://backoffice.example",
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    "EMAIL_URL": "dummymail://",
}


def load(var: Path, **changes: str | None) -> subprocess.CompletedProcess[str]:
    """Import the settings in a fresh process that has no environment but this; None leaves a value out."""
    given = {"PATH": os.defpath, "BACKOFFICE_VAR": str(var), **PRODUCTION, **changes}
    return subprocess.run(
        [sys.executable, "-c", "import backoffice.settings"],
        cwd=ROOT,
        env={name: value for name, value in given.items() if value is not None},
        capture_output=True,
        text=True,
        check=False,
    )


def test_good_values_load(tmp_path: Path) -> None:
    done = load(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", ["SECRET_KEY", "FIELD_KEYS", "ALLOWED_HOSTS", "PUBLIC_URL", "EMAIL_URL"])
def test_a_missing_value_stops_the_start(tmp_path: Path, name: str) -> None:
    done = load(tmp_path, **{name: None})
    assert done.returncode == 1
    assert f"ImproperlyConfigured: {name} is not set" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    "name, value",
    [
        ("BACKOFFICE_MODE", "staging"),
        ("FIELD_KEYS", "too-short"),
        ("FIELD_KEYS", ","),
        ("PORT", "eighty"),
        ("PORT", "99999"),
        ("DEBUG", "maybe"),
        ("EGRESS_ALLOW", "10.0.0.0/99"),
        ("WORKERS", "many"),
        ("LOG_LEVEL", "LOUD"),
        ("EMAIL_URL", "mail.example"),
        ("OPERATORS_MAIL", "ops@example.com,nobody"),
        ("METRICS_TOKEN", "short"),
        ("INFO_DAYS", "0"),
        ("REPLY_DAYS", "-1"),
        ("APPEAL_DAYS", "1000000000000"),
        ("UNDO_SECONDS", "-30"),
        ("DRIFT_GRACE_SECONDS", "-1"),
        ("UNDO_SECONDS", "1.5"),
    ],
)
def test_a_bad_value_stops_the_start(tmp_path: Path, name: str, value: str) -> None:
    done = load(tmp_path, **{name: value})
    assert done.returncode == 1
    assert f"ImproperlyConfigured: {name} has a bad value" in done.stderr.splitlines()[-1]


def test_a_number_says_what_it_may_be(tmp_path: Path) -> None:
    last = load(tmp_path, UNDO_SECONDS="-30").stderr.splitlines()[-1]
    assert last.endswith("UNDO_SECONDS has a bad value: expected a whole number from 0 to 86400")


@pytest.mark.parametrize(
    "name, value",
    [
        ("DEBUG", "1"),
        ("EGRESS_ALLOW", "10.0.0.0/8,127.0.0.0/8"),
        ("EGRESS_ALLOW", "0.0.0.0/0"),
        ("EGRESS_ALLOW", "::1/128"),
        ("SECRET_KEY", "short"),
        ("FAILPOINTS", "/tmp"),
    ],
)
def test_a_dangerous_value_stops_production_only(tmp_path: Path, name: str, value: str) -> None:
    refused = load(tmp_path, **{name: value})
    assert refused.returncode == 1
    assert f"ImproperlyConfigured: {name} must " in refused.stderr.splitlines()[-1]
    assert load(tmp_path, BACKOFFICE_MODE="local", **{name: value}).returncode == 0


def test_a_secret_is_not_repeated_in_the_error(tmp_path: Path) -> None:
    assert "too-short" not in load(tmp_path, FIELD_KEYS="too-short").stderr
    assert "hunter2" not in load(tmp_path, EMAIL_URL="post://ops:hunter2@mail.example").stderr
