"""Partner endpoints: signed as Standard Webhooks says, so a partner verifies with that library in its own language.

`webhook-id` is the event's id and stays the same on every try: the partner's key against doubles.
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import json
from datetime import UTC, datetime

from standardwebhooks.webhooks import Webhook

from integrations import transport
from integrations.errors import GiveUp, RetryLater
from integrations.events import represent
from integrations.models import Delivery
from integrations.outbox import Sent
from integrations.transport import Answer

CALLS = 1  # HTTP requests that one push makes at the most
FINAL = frozenset({400, 401, 403, 404, 405, 406, 411, 413, 414, 415, 422, 451})


def push(delivery: Delivery) -> Sent:
    """POST the event to the partner. 2xx is done; 410 and refusals are final; anything else is tried again."""
    connection = delivery.connection
    body = json.dumps(represent(delivery.entry), separators=(",", ":"), ensure_ascii=False).encode()
    headers = {
        "Content-Type": "application/json",
        **sign(connection.secrets["signing"], delivery.entry.public_id, body),
    }
    answer = transport.post(connection.url, body, headers)
    _check(answer)
    return Sent(f"Accepted with {answer.status}", answer.status, answer.text[:4000])


def sign(secrets: list[str], message_id: str, body: bytes) -> dict[str, str]:
    """The three headers; during a rotation the signature header carries one signature per secret."""
    now = datetime.now(UTC)
    signatures = [Webhook(secret).sign(message_id, now, body.decode()) for secret in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _check(answer: Answer) -> None:
    status, text = answer.status, answer.text[:4000]
    if 200 <= status < 300:
        return
    if status == 410:
        raise GiveUp("The receiver says 410: it wants no more.", parked="gone", status=status, answer=text)
    if status in FINAL:
        raise GiveUp(f"The receiver refused it with {status}.", parked="refused", status=status, answer=text)
    after = transport.retry_after(answer)
    raise RetryLater(f"The receiver answered {status}.", after=after, status=status, answer=text)
