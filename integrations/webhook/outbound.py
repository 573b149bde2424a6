"""Partner endpoints: signed as Standard Webhooks says, so a partner verifies with that library in its own language.

`webhook-id` is the event's id and stays the same on every try: the partner's key against doubles. Both functions are
pure: the sender calls them hundreds at a time on one thread, between its reads of sockets.
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import json
from datetime import datetime
from functools import lru_cache

from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from integrations.answers import Answer, retry_after
from integrations.errors import GiveUp, RetryLater
from integrations.events import Event, Line, UnknownVersion, represent
from integrations.settling import Sent
from integrations.transfers import Request

FINAL = frozenset({400, 401, 403, 404, 405, 406, 411, 413, 414, 415, 422, 451})

# Built once: json.dumps with settings of its own builds an encoder for every call.
_as_json = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
_signer = lru_cache(maxsize=4096)(Webhook)


def request(event: Event, line: Line, now: datetime) -> Request:
    """The POST that tells the partner of `event`, signed at `now`.

    Raises GiveUp (configuration) when it cannot be signed or the endpoint's version is not one of ours.
    """
    try:
        text = _as_json(represent(event, line.version))
    except UnknownVersion as error:
        raise GiveUp(str(error), parked="configuration") from error
    headers = {"Content-Type": "application/json", **sign(line.secrets, event.public_id, text, now)}
    return Request(line.url, text.encode(), headers)


def sign(secrets: tuple[str, ...], message_id: str, text: str, now: datetime) -> dict[str, str]:
    """The three headers; during a rotation the signature header carries one signature per secret."""
    try:
        signatures = [_signer(secret).sign(message_id, now, text) for secret in secrets]
    except (ValueError, EmptyWebhookSecretError) as error:
        raise GiveUp("A signing secret of this endpoint is not valid. Rotate it.", parked="configuration") from error
    if not signatures:
        raise GiveUp("This endpoint has no signing secret. Rotate it.", parked="configuration")
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def read(answer: Answer) -> Sent:
    """What the partner's answer means: 2xx is done, 410 and refusals are final, anything else is tried again."""
    status, text = answer.status, answer.text[:4000]
    if 200 <= status < 300:
        return Sent(f"Accepted with {status}", status, text)
    if status == 410:
        raise GiveUp("The receiver says 410: it wants no more.", parked="gone", status=status, answer=text)
    if status in FINAL:
        raise GiveUp(f"The receiver refused it with {status}.", parked="refused", status=status, answer=text)
    hint = " Redirects are not followed: the endpoint's address must be the last one." if 300 <= status < 400 else ""
    after = retry_after(answer)
    raise RetryLater(f"The receiver answered {status}.{hint}", after=after, status=status, answer=text)
