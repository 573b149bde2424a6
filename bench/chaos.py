"""`make chaos`: the kill test, longer: N orders (400), IDLE kills of an idle worker (10), SEED (new each time)."""

import os
import random
import subprocess
import sys

from tests.processes import PYTHON, ROOT

TEST = "tests/test_nothing_is_lost_when_processes_are_killed.py"


def main() -> int:
    """Returns pytest's exit status; the seed it prints repeats the run."""
    chosen = {"N": "400", "IDLE": "10", "SEED": str(random.randrange(1_000_000))}
    environment = {**chosen, **os.environ}
    print(f"SEED={environment['SEED']} N={environment['N']} IDLE={environment['IDLE']}", flush=True)
    return subprocess.run([PYTHON, "-m", "pytest", "-q", TEST], cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
