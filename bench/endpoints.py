"""Partner endpoints for a figure: as many as it wants, instead of or beside the demo partner's."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tests.running import Instance

# Copies of the demo partner's endpoint, so that one secret verifies everything.
_ADD = """
    INSERT INTO integrations_connection (public_id, system, label, partner_id, url, events, shops, payload_version,
        coalesce, most_in_flight, most_per_second, secrets, paused_because, created_at)
    SELECT 'con_bench' || nextval('integrations_connection_id_seq'), 'webhook', 'Bench ' || new.number, c.partner_id,
        new.url, '["*"]', '[]', c.payload_version, false, %s, NULL, c.secrets, '', statement_timestamp()
    FROM integrations_connection c, unnest(%s::text[]) WITH ORDINALITY AS new(url, number)
    WHERE c.public_id = %s
"""
_ADDED = "starts_with(public_id, 'con_bench')"
# An endpoint is unproven, and gets few requests at a time, until its first success; these have proved themselves.
_PROVE = f"""
    INSERT INTO integrations_health (connection_id, failures, tokens, warned, last_success_at)
    SELECT id, 0, 1, 0, statement_timestamp() FROM integrations_connection WHERE {_ADDED}
"""


def add(backoffice: Instance, urls: Sequence[str], *, most_in_flight: int = 16, proven: bool = False) -> None:
    """Add one for each address; `proven` as if each had answered a moment ago."""
    backoffice.execute(_ADD, most_in_flight, list(urls), backoffice.demo["endpoint"])
    if proven:
        backoffice.execute(_PROVE)


def retire(backoffice: Instance) -> None:
    """Tell those that were added nothing more, and forget what they were told."""
    backoffice.execute(f"UPDATE integrations_connection SET events = '[]' WHERE {_ADDED}")
    empty(backoffice)


@contextmanager
def instead(
    backoffice: Instance, urls: Sequence[str], *, most_in_flight: int = 16, proven: bool = False
) -> Iterator[None]:
    """Only these are told of what happens meanwhile. Afterwards no delivery is left, delivered or not."""
    told = "UPDATE integrations_connection SET events = %s WHERE public_id = %s"
    backoffice.execute(told, "[]", backoffice.demo["endpoint"])
    add(backoffice, urls, most_in_flight=most_in_flight, proven=proven)
    try:
        yield
    finally:
        empty(backoffice)
        of_bench = f"SELECT id FROM integrations_connection WHERE {_ADDED}"
        backoffice.execute(f"DELETE FROM integrations_health WHERE connection_id IN ({of_bench})")
        backoffice.execute(f"DELETE FROM integrations_connection WHERE id IN ({of_bench})")
        backoffice.execute(told, '["*"]', backoffice.demo["endpoint"])


def empty(backoffice: Instance) -> None:
    """Forget all deliveries and their log."""
    backoffice.execute("TRUNCATE integrations_delivery, integrations_deliveryattempt")
