"""A mail server of a few lines that keeps what it is given: SMTP as far as smtplib asks it. RFC 5321."""

import email
import email.policy
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage

from django.test import override_settings


@dataclass
class MailServer:
    """`answers` maps the first word of a command (RCPT, DATA, ".") to what is said instead of 250; "hello" greets.

    `None` as an answer hangs up without a word. `taken` holds every mail whose end was seen, whatever was answered.
    """

    port: int = 0
    answers: dict[str, str | None] = field(default_factory=dict)
    taken: list[EmailMessage] = field(default_factory=list)
    before_end: Callable[[], None] = lambda: None

    @property
    def ids(self) -> list[str]:
        return [str(mail["Message-ID"]) for mail in self.taken]


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        mails: MailServer = self.server.mails  # type: ignore[attr-defined]
        self.say(mails.answers.get("hello") or "220 mail.test")
        for raw in self.rfile:
            word = raw.decode().strip().split(" ")[0].upper()
            if word == "QUIT":
                self.say("221 bye")
                return
            usual = {"DATA": "354 go on"}.get(word, "250 ok")
            answer = mails.answers.get(word, usual)
            if answer is None:
                return
            self.say(answer)
            if word == "DATA" and answer.startswith("354") and not self.body(mails):
                return

    def body(self, mails: MailServer) -> bool:
        lines = []
        for raw in self.rfile:
            if raw == b".\r\n":
                break
            lines.append(raw[1:] if raw.startswith(b"..") else raw)
        mails.before_end()
        mails.taken.append(email.message_from_bytes(b"".join(lines), policy=email.policy.default))
        answer = mails.answers.get(".", "250 taken")
        if answer is None:
            return False
        self.say(answer)
        return True

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


@contextmanager
def running() -> Iterator[MailServer]:
    """A mail server on a free port, and the settings that lead to it."""
    mails = MailServer()
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.mails = mails  # type: ignore[attr-defined]
        mails.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        smtp = {"EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend", "EMAIL_HOST": "127.0.0.1",
                "EMAIL_PORT": mails.port, "EMAIL_USE_TLS": False, "EMAIL_USE_SSL": False, "EMAIL_HOST_USER": "",
                "EMAIL_HOST_PASSWORD": ""}  # fmt: skip
        with override_settings(**smtp):
            yield mails
        server.shutdown()
