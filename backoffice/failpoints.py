"""Places where a test may end this process as a power cut would: at every commit, send and acknowledge.

`reach("outbox.claimed")` does nothing unless FAILPOINTS names a directory. Then a file of that name in it is taken away
(so that exactly one process obeys) and the process is killed. `names()` reads the list from the code itself, so that no
failpoint can be forgotten by the suite that must hit them all. Production refuses the setting (backoffice.settings).
"""

import ast
import os
import signal
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
APPS = ("backoffice", "orders", "protection", "integrations")
_directory = os.environ.get("FAILPOINTS", "")


def reach(name: str) -> None:
    """End this process here, without any clean-up, when a test asked for it."""
    if not _directory:
        return
    try:
        Path(_directory, name).unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


def names() -> list[str]:
    """Every failpoint in the code, sorted; raises ValueError for a name that is used twice or is not a literal."""
    found: list[str] = []
    for app in APPS:
        for source in sorted((HOME / app).rglob("*.py")):
            if "tests" not in source.parts and source != Path(__file__):
                found += _in(source)
    if len(found) != len(set(found)):
        raise ValueError(f"A failpoint's name is used twice: {sorted(found)}")
    return sorted(found)


def _in(source: Path) -> list[str]:
    text = source.read_text()
    if "failpoints" not in text:
        return []
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    points = [call for call in calls if ast.unparse(call.func) in ("failpoints.reach", "reach")]
    for call in points:
        if not (call.args and isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str)):
            raise ValueError(f"{source.name}: a failpoint's name must be written out.")
    return [call.args[0].value for call in points]  # type: ignore[attr-defined]
