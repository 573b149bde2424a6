"""Locks live as long as the session that holds them, so both ends of a session look whether the other is there."""

import json
import subprocess
import sys
from pathlib import Path

from backoffice.local import ROOT
from backoffice.tests.test_settings_name_the_bad_value import PRODUCTION


def options(var: Path, url: str) -> dict[str, object]:
    shown = subprocess.run(
        [sys.executable, "-c", "import json; from backoffice import settings as s\n"
         "print(json.dumps(s.DATABASES['default']['OPTIONS']))"],
        cwd=ROOT, env=PRODUCTION | {"BACKOFFICE_VAR": str(var), "DATABASE_URL": url},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return dict(json.loads(shown.stdout))


def test_both_ends_notice_within_half_a_minute(tmp_path: Path) -> None:
    ours = options(tmp_path, "postgresql://u:p@db.example/backoffice?sslmode=require")
    assert ours["sslmode"] == "require"
    theirs = dict(word.split("=") for word in str(ours["options"]).replace("-c ", "").split())
    for end in (ours, {name.replace("tcp_keep", "keep"): value for name, value in theirs.items()}):
        probes = int(str(end["keepalives_interval"])) * int(str(end["keepalives_count"]))
        assert int(str(end["keepalives_idle"])) + probes <= 30
        assert int(str(end["tcp_user_timeout"])) <= 30_000


def test_an_address_may_say_otherwise(tmp_path: Path) -> None:
    ours = options(tmp_path, "postgresql://u:p@db.example/backoffice?keepalives_idle=60&options=-c%20jit%3Doff")
    assert (str(ours["keepalives_idle"]), ours["options"]) == ("60", "-c jit=off")
