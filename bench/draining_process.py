"""A sender on its own: says "ready", waits for a line, sends until nothing is due, prints what that took.

It goes again when something is left, as a worker does that rings for what it leaves; a bell takes some milliseconds.
"""

import json
import os
import sys
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
django.setup()

from integrations import bells, sending  # noqa: E402 after the settings

BELL_SECONDS = 0.003
STUCK_SECONDS = 30.0


def main() -> None:
    sending.drain()  # nothing yet: what the first one loads is not measured
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    cpu, began, sent = time.process_time(), time.perf_counter(), 0
    done_at = began
    while bells.OUTBOX in bells.due():
        if done := sending.drain():
            sent, done_at = sent + done, time.perf_counter()
            continue
        if time.perf_counter() - done_at > STUCK_SECONDS:
            raise TimeoutError("Something is due and cannot be sent.")
        time.sleep(BELL_SECONDS)
    took = {"began": began, "ended": time.perf_counter(), "cpu_seconds": time.process_time() - cpu}
    print(json.dumps({"tries": sent, **took}))


if __name__ == "__main__":
    main()
