import os
import signal
import subprocess
import sys
from argparse import SUPPRESS
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from backoffice import instance
from backoffice.local import ROOT
from backoffice.postgres import PostgresError
from backoffice.runner import READY_SECONDS, CannotStart, Runner

DETACHED_SECONDS = 2 * READY_SECONDS
WIDTH = 10


class Command(BaseCommand):
    help = "Start everything on this machine, say where it answers, and keep it alive until Ctrl-C."
    requires_system_checks: list[str] = []
    stealth_options = ("in_background",)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--detach", action="store_true", help="return once everything answers; `down` stops it")
        parser.add_argument("--in-background", action="store_true", help=SUPPRESS)

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.LOCAL:
            raise CommandError(
                "`up` is for local trials: it makes demo users. In production run granian, `manage.py worker` and"
                " PostgreSQL under the supervisor you have."
            )
        if options["detach"]:
            self._start_in_background()
        else:
            self._run(show=not options["in_background"])

    def _run(self, *, show: bool) -> None:
        lock = instance.claim()
        if lock is None:
            self._join()
            return
        with lock:
            try:
                Runner(self._say).run(self._summarise if show else lambda _: None)
            except (CannotStart, PostgresError) as error:
                raise CommandError(str(error)) from error

    def _join(self) -> None:
        """Another process runs this instance: wait until it is ready, then show what it said."""
        if not instance.wait_for(lambda: instance.told() or not instance.runner(), DETACHED_SECONDS):
            raise CommandError(f"Another start is stuck. Stop it: {instance.command('down')}")
        facts = instance.told()
        if facts is None:
            raise CommandError("Another start failed just now. Try again.")
        self._say("It runs already.")
        self._summarise(facts)

    def _start_in_background(self) -> None:
        if instance.runner():
            self._join()
            return
        instance.LOGS.mkdir(parents=True, exist_ok=True)
        log = instance.LOGS / "runner.log"
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}
        environment.pop(instance.MARKER, None)
        with log.open("wb") as output:
            runner = subprocess.Popen(
                [sys.executable, str(ROOT / "manage.py"), "up", "--in-background"],
                cwd=ROOT, env=environment, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            )  # fmt: skip
        try:
            self._follow(runner, log)
        except KeyboardInterrupt:
            runner.send_signal(signal.SIGTERM)
            runner.wait(instance.RUNNER_STOP_SECONDS)
            raise CommandError("Stopped before it was ready.") from None

    def _follow(self, runner: subprocess.Popen[bytes], log: Path) -> None:
        """Repeat what the runner says until it is ready or has given up."""
        with log.open(encoding="utf-8", errors="replace") as lines:

            def ready_or_over() -> bool:
                if text := lines.read():
                    self.stdout.write(self._plain(text), ending="")
                    self.stdout.flush()
                return runner.poll() is not None or instance.told() is not None

            in_time = instance.wait_for(ready_or_over, DETACHED_SECONDS)
            ready_or_over()
        facts = instance.told()
        if runner.poll() is None and in_time and facts:
            self._summarise(facts)
            return
        if runner.poll() is None:
            runner.send_signal(signal.SIGTERM)
            runner.wait(instance.RUNNER_STOP_SECONDS)
        for other in sorted(instance.LOGS.glob("*.log")):
            if other != log and (end := other.read_text(errors="replace").splitlines()[-10:]):
                self.stderr.write(f"--- the end of {other}\n" + "\n".join(end))
        raise CommandError(f"It did not start. What the runner said is above and in {log}.")

    def _summarise(self, facts: dict[str, Any]) -> None:
        console, api = facts["console"], facts["api"]
        self._say(f"\nReady in {facts['seconds']} s.\n\n")
        self._say(f"  {'Console':<{WIDTH}}{console['url']}")
        for login in console["logins"]:
            self._say(f"  {'':<{WIDTH}}  {login['role']:<6} {login['username']} / {login['password']}")
        self._say(f"  {'API':<{WIDTH}}{api['url']}  key {api['key']}")
        self._say(f"  {'Sandbox':<{WIDTH}}{facts['sandbox']['url']}")
        self._say(f"  {'Stop':<{WIDTH}}{facts['stop']}, or Ctrl-C where it was started")
        self._say(f"  {'Reset':<{WIDTH}}{facts['reset']}")

    def _say(self, text: str) -> None:
        self.stdout.write(self._plain(text))
        self.stdout.flush()

    def _plain(self, text: str) -> str:
        """In a terminal that knows no tick, a plus."""
        encoding = getattr(self.stdout, "encoding", None) or "utf-8"
        return text.replace("✓", "+").encode(encoding, "replace").decode(encoding) if _is_narrow(encoding) else text


def _is_narrow(encoding: str) -> bool:
    try:
        "✓".encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return True
    return False
