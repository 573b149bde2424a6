"""Sending one mail: at least once, always under the same Message-ID.

A mail server has no key against doubles. When it took a mail and its answer was lost (the line broke, our process was
killed), the mail is sent again under the same Message-ID, by which most mail programs show it once. The other choice,
to send at most once, would now and then tell a customer nothing, which is worse.
"""

import smtplib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.core.mail import get_connection

from backoffice import failpoints
from integrations.errors import GiveUp, RetryLater
from integrations.models import Delivery
from integrations.sent import Sent
from protection.messages import sending

CALLS = 2  # for the lease: a mail is given the time of two requests
SECONDS = 25.0  # from the greeting to the end; connecting is bounded by EMAIL_TIMEOUT
NOTHING = Sent("Nothing to do: it was sent, or is not to be sent any more.")


def push(delivery: Delivery) -> Sent:
    """Send the message of this entry; raises RetryLater, or GiveUp where the server refuses it for good."""
    found = sending.start(str(delivery.entry.facts.get("message", "")))
    if found is None:
        return NOTHING
    message, mail = found
    try:
        answer = _send(sending.mail_for(message, mail))
    except GiveUp as refusal:
        sending.mark_failed(message, str(refusal))
        raise
    failpoints.reach("mail.answered")
    sending.mark_sent(message)
    return Sent(answer)


def _send(mail: Any) -> str:
    line = get_connection(fail_silently=False)
    try:
        line.open()
        with _hung_up_after(SECONDS, line):
            line.send_messages([mail])
    except smtplib.SMTPRecipientsRefused as refusal:
        raise _refused("the address", *next(iter(refusal.recipients.values()))) from refusal
    except (smtplib.SMTPConnectError, smtplib.SMTPHeloError, smtplib.SMTPAuthenticationError) as refusal:
        # Nothing is wrong with the mail: when the server or the password is put right it goes by itself.
        words = f"{refusal.smtp_code} {_words(refusal.smtp_error)}"
        raise RetryLater(f"The mail server does not let us in: {words}") from refusal
    except smtplib.SMTPResponseException as refusal:
        what = "the sender" if isinstance(refusal, smtplib.SMTPSenderRefused) else "the mail"
        raise _refused(what, refusal.smtp_code, refusal.smtp_error) from refusal
    except smtplib.SMTPNotSupportedError as refusal:
        raise GiveUp(f"The mail server cannot send this: {refusal}", parked=Delivery.Parked.REFUSED) from refusal
    except (smtplib.SMTPException, OSError) as error:
        raise RetryLater(f"The mail server did not answer: {type(error).__name__}: {error}"[:200]) from error
    except ValueError as error:  # an address or a header that no mail can have
        raise GiveUp(f"This cannot be a mail: {error}"[:200], parked=Delivery.Parked.REFUSED) from error
    finally:
        _close(line)
    return "Taken by the mail server"


def _refused(what: str, code: int, words: bytes | str) -> RetryLater | GiveUp:
    """5xx is for good, everything else for now. RFC 5321 §4.2.1."""
    sentence = f"The mail server refused {what}: {code} {_words(words)}"[:250]
    if 500 <= code < 600:
        return GiveUp(sentence, parked=Delivery.Parked.REFUSED, answer=_words(words))
    return RetryLater(sentence, answer=_words(words))


def _words(raw: bytes | str) -> str:
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
    return " ".join(text.split())


@contextmanager
def _hung_up_after(seconds: float, line: Any) -> Iterator[None]:
    """smtplib bounds single reads only; a server that drips its answers is hung up on."""
    timer = threading.Timer(seconds, lambda: _close_socket(line))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _close_socket(line: Any) -> None:
    sock = getattr(getattr(line, "connection", None), "sock", None)
    if sock is not None:
        with suppress(OSError):  # it is closed already
            sock.shutdown(socket.SHUT_RDWR)


def _close(line: Any) -> None:
    """Saying goodbye may fail; what was sent was sent."""
    with suppress(smtplib.SMTPException, OSError):
        line.close()
