"""Every page of the console is opened by GET as somebody who may do everything, and no row of any table changes."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse

from backoffice.console.site import site
from integrations.models import Connection
from integrations.tests.console import fill
from orders.admin.asks import FORMS
from orders.models import Order
from protection.tests.console import superuser_client

pytestmark = pytest.mark.django_db
ARGUMENT = re.compile(r"<(?:(?P<kind>\w+):)?(?P<name>\w+)>|\(\?P<(?P<regex>\w+)>")
# Redirects to another host's page, or needs a content type: no page of the console's own.
NOT_PAGES = {"view_on_site", "jsi18n"}


def fingerprint() -> dict[str, Any]:
    """For every table how many rows, and a sum over which transaction wrote each: any write shows."""
    sums: dict[str, Any] = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(
                f'SELECT count(*), sum(hashtext(ctid::text || xmin::text || t::text)::bigint) FROM "{table}" t'
            )
            sums[table] = cursor.fetchone()
    return sums


def patterns(resolver: Any = None, prefix: str = "") -> Iterator[tuple[str, str]]:
    """(route, name) of every URL of the console."""
    for entry in resolver.url_patterns if resolver else site.get_urls():
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from patterns(entry, route)
        elif isinstance(entry, URLPattern):
            yield route, entry.name or ""


def model_of(route: str) -> Any:
    app, model = route.split("/")[:2]
    return apps.get_model(app, model)


def addresses(order: Order) -> set[str]:
    """Real addresses for the routes: for a row's page every row of its model."""
    found = set()
    for route, name in patterns():
        if name in NOT_PAGES or route.startswith("^") or route == "(?P<url>.*)$":
            continue
        names = [match["name"] for match in ARGUMENT.finditer(route)]
        if not names:
            found.add(route)
        elif names == ["app_label"]:
            found |= {route.replace("<app_label>", app) for app in ("orders", "protection", "integrations", "auth")}
        elif name == "integrations_connection_order":
            lines = Connection.objects.values_list("pk", flat=True)
            found |= {route.replace("<int:pk>", str(pk)).replace("<int:order>", str(order.pk)) for pk in lines}
        elif name == "orders_order_ask":
            found |= {route.replace("<int:pk>", str(order.pk)).replace("<slug:kind>", kind) for kind in FORMS}
        elif name in ("protection_claim_file", "protection_claim_links"):
            found.add(ARGUMENT.sub(str(order.pk), route))
        else:
            rows = model_of(route)._default_manager.values_list("pk", flat=True)[:20]
            found |= {ARGUMENT.sub(str(pk), route) for pk in rows}
    return found


def test_a_get_never_changes_a_row():
    order = fill()
    client = superuser_client()
    paths = sorted(f"/admin/{path}" for path in addresses(order) if not path.startswith("logout"))
    assert sum("/drift/" in path for path in paths) > 1
    before = fingerprint()
    statuses = {path: client.get(path).status_code for path in paths}
    assert fingerprint() == before
    assert len(paths) > 100
    assert {path: status for path, status in statuses.items() if status >= 500} == {}
    pages = [path for path in paths if path.endswith("/change/")]
    assert {path: statuses[path] for path in pages if statuses[path] != 200} == {}


def test_filters_and_searches_change_nothing_either():
    fill()
    client = superuser_client()
    before = fingerprint()
    lists = [
        f"{name}_changelist"
        for name in ("protection_claim", "orders_order", "orders_journalentry", "integrations_delivery")
    ]
    for name in (*lists, "integrations_inboundmessage_changelist", "integrations_drift_changelist"):
        for query in ("q=abc", "q=%00", "queue=all&state=parked", "p=2", "p=99999", "o=1.2", "all=", "verb=again"):
            assert client.get(reverse(f"admin:{name}") + f"?{query}").status_code in (200, 302), query
    assert fingerprint() == before


def test_the_fingerprint_sees_a_write():
    order = fill()
    before = fingerprint()
    Order.objects.filter(pk=order.pk).update(note=order.note)  # the same values again are a write, too
    assert fingerprint() != before


def test_strangers_see_no_page_at_all():
    order = fill()
    open_to_all = {"/admin/login/", "/admin/jsi18n/"}
    for path in sorted(f"/admin/{path}" for path in addresses(order)):
        answer = Client().get(path)
        assert path in open_to_all or answer.status_code in (302, 405), path
