"""GET /v1/events: the journal itself, so that a partner that lost webhooks catches up."""

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backoffice.rest.authentication import key_of
from backoffice.rest.pages import limit_of
from backoffice.rest.problems import Problem
from integrations.events import VERSIONS, Event, represent
from integrations.models.connection import CURRENT_VERSION
from orders.models import JournalEntry


class Events(APIView):
    """Events after `?after=evt_…` (from the beginning without it), oldest first; never skips one (settled entries).

    `?version=` asks for the shape of an endpoint's payload_version.
    """

    scopes = {"GET": "events:read"}

    def get(self, request: Request) -> Response:
        version = request.query_params.get("version", CURRENT_VERSION)
        if version not in VERSIONS:
            raise Problem(400, "invalid_parameter", f"version must be one of {', '.join(VERSIONS)}.", "version")
        entries = JournalEntry.objects.settled().select_related("shop", "order").order_by("id")
        if key_of(request).shop_domain:
            entries = entries.filter(shop__domain=key_of(request).shop_domain)
        if (after := request.query_params.get("after")) is not None:
            last = JournalEntry.objects.filter(public_id=after.replace("\x00", "")).first()
            if last is None or (key_of(request).shop_domain and last.shop.domain != key_of(request).shop_domain):
                raise Problem(400, "invalid_parameter", "There is no event with this id; start without it.", "after")
            entries = entries.filter(id__gt=last.pk)
        limit = limit_of(request)
        found = list(entries[: limit + 1])
        more, found = len(found) > limit, found[:limit]
        cursor = found[-1].public_id if found else after
        data = [represent(Event.of(entry), version) for entry in found]
        return Response({"data": data, "has_more": more, "next_cursor": cursor})
