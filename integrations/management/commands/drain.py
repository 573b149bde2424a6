from typing import Any

from backoffice.management.operator import OperatorCommand
from integrations import calls, inbox, sending
from integrations.models import Connection


class Command(OperatorCommand):
    help = "Handle all inbound and outbound work that is due now, without a worker, and say what was done."

    def run(self, **options: Any) -> dict[str, Any]:
        handled = sent = 0
        while True:  # handling a message makes deliveries, and sending one may bring a message
            came = inbox.drain()
            lines = Connection.objects.active().values_list("pk", flat=True)
            went = sending.drain() + sum(calls.drain(pk) for pk in lines)
            handled, sent = handled + came, sent + went
            if not came and not went:
                return {"handled": handled, "sent": sent}
