"""In step? Orders down, systems across; a cell says in words, by shape and by colour how a system stands."""

from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.models import Connection, Drift
from integrations.standing import CONFLICT, FAILED, IN_STEP, PENDING, standings
from integrations.tests.console import make_connection
from integrations.tests.sync import deliver, difference_url, lead_client, shown
from orders.models import Order
from orders.tests.builders import make_order, make_shop
from orders.tests.console import reader_client
from protection.tests.console import agent_client

pytestmark = pytest.mark.django_db
GRID = "/admin/integrations/drift/"


def drift(connection: Connection, order: Order, **fields) -> Drift:
    rows = [{"field": "note", "ours": "a", "theirs": "b"}]
    return Drift.objects.create(connection=connection, order=order, fields=rows, **fields)


def kind(connection: Connection, order: Order) -> str:
    return standings([order.pk])[order.pk, connection.pk].kind


@pytest.mark.parametrize(
    "state, fields, expected",
    [
        ("delivered", {}, IN_STEP),
        ("superseded", {}, IN_STEP),
        ("pending", {}, PENDING),
        ("sending", {}, PENDING),
        ("retrying", {}, FAILED),
        ("parked", {"parked_because": "exhausted"}, FAILED),
        ("parked", {"parked_because": "gone"}, FAILED),
        ("parked", {"parked_because": "refused"}, CONFLICT),
    ],
)
def test_each_state_has_its_standing(state, fields, expected):
    order, warehouse = make_order(), make_connection()
    deliver(warehouse, order, state, **fields)
    assert kind(warehouse, order) == expected


def test_the_worst_of_an_orders_deliveries_counts():
    order, warehouse = make_order(), make_connection()
    for state in ("delivered", "pending", "retrying"):
        deliver(warehouse, order, state)
    assert kind(warehouse, order) == FAILED
    stuck = deliver(warehouse, order, "parked", parked_because="refused")
    standing = standings([order.pk])[order.pk, warehouse.pk]
    assert (standing.kind, standing.stuck) == (CONFLICT, stuck.pk)
    assert standing.words == "Parked: refused by the receiver; 2 more wait behind it"


def test_a_known_difference_is_a_conflict_until_it_is_healed():
    order, shopify = make_order(), make_connection("shopify", "Shopify")
    found = drift(shopify, order)
    assert kind(shopify, order) == CONFLICT
    Drift.objects.filter(pk=found.pk).update(healed_at=timezone.now())
    assert standings([order.pk]) == {}


def test_the_grid_shows_only_what_is_out_of_step():
    well, warehouse = make_order(name="#2001"), make_connection()
    bad = make_order(name="#2002")
    deliver(warehouse, well, "delivered")
    page = shown(lead_client(), GRID)
    assert "#2001" not in page
    assert "#2002" in page
    assert "Pending" in page[page.index("#2002") :]
    assert bad.deliveries.get().state == "pending"


def test_filters_show_every_order_or_conflicts_only():
    well, warehouse = make_order(name="#2001"), make_connection()
    late, refused, differing = (make_order(name=name) for name in ("#2002", "#2003", "#2004"))
    warehouse.deliveries.all().delete()
    deliver(warehouse, late)
    deliver(warehouse, refused, "parked", parked_because="refused")
    drift(make_connection("shopify", "Shopify"), differing)
    lead = lead_client()
    names = ("#2001", "#2002", "#2003", "#2004")
    assert [name in shown(lead, f"{GRID}?show=all") for name in names] == [True] * 4
    assert [name in shown(lead, GRID) for name in names] == [False, True, True, True]
    assert [name in shown(lead, f"{GRID}?show=conflict") for name in names] == [False, False, True, True]
    assert well.deliveries.count() == 0


def test_a_search_looks_among_every_order():
    make_order(name="#2001")
    make_order(name="#3001", email="ada@example.com")
    lead = lead_client()
    assert "#2001" not in shown(lead, f"{GRID}?q=%233001")
    assert "#3001" in shown(lead, f"{GRID}?q=%233001")
    assert "#3001" in shown(lead, f"{GRID}?q=ada@ex")
    assert "No order found" in shown(lead, f"{GRID}?q=%239999")
    assert "No order found" in shown(lead, f"{GRID}?q=%233001&show=out")


def test_a_cell_says_it_in_words_and_by_shape_and_leads_to_the_difference():
    make_connection()
    order = make_order()
    page = lead_client().get(GRID).content.decode()
    warehouse = Connection.objects.get()
    assert f'class="step pending" href="{difference_url(warehouse, order)}"' in page
    assert '<use href="#step-pending"/></svg>Pending' in page


def test_an_endpoint_is_asked_about_its_own_shops_only():
    warehouse = make_connection()
    Connection.objects.filter(pk=warehouse.pk).update(shops=["one.myshopify.com"])
    make_order(shop=make_shop("one.myshopify.com"), name="#2001")
    make_order(shop=make_shop("two.myshopify.com"), name="#2002")
    page = shown(lead_client(), f"{GRID}?show=all")
    assert "Pending" in page[page.index("#2001") : page.index("#2001") + 100]
    assert "–" in page[page.index("#2002") : page.index("#2002") + 100]


def test_shops_share_the_column_of_their_system():
    for domain in ("one.myshopify.com", "two.myshopify.com"):
        shop = make_shop(domain)
        Connection.objects.create(
            system="shopify", label=f"Shopify {domain}", shop=shop, url="https://x.example", secrets={}
        )
        make_order(shop=shop)
    page = lead_client().get(f"{GRID}?show=all").content.decode()
    assert page.count('scope="col" class="system"') == 1
    assert page.count("step in_step") == 3  # two cells and the legend


def test_too_many_systems_leave_those_with_trouble_on_the_page():
    make_order(name="#2001")
    lines = [make_connection(label=f"Partner {number:02}") for number in range(11)]
    order = make_order(name="#2002")
    for line in lines[:10]:
        line.deliveries.update(state="delivered", delivered_at=timezone.now())
    lines[10].deliveries.update(state="parked", parked_because="refused")
    page = shown(lead_client(), GRID)
    top = page[: page.index("#2002")]
    assert "Partner 10" in top
    assert "Partner 09" not in top
    assert "+3" in top
    assert "3 in step" in page[page.index("#2002") :]
    assert order.deliveries.count() == 11


def test_newest_activity_comes_first_and_pages_do_not_overlap(monkeypatch):
    monkeypatch.setattr("integrations.admin.in_step.ORDERS", 2)
    orders = [make_order(name=f"#200{number}") for number in range(5)]
    moment = timezone.now()
    for number, order in enumerate(orders):  # three of them at the same moment
        at = moment - timedelta(minutes=0 if number < 3 else number)
        Order.objects.filter(pk=order.pk).update(updated_at=at)
    lead, path, seen = lead_client(), f"{GRID}?show=all", []
    for _ in range(4):
        answer = lead.get(path)
        seen += [str(row.order) for row in answer.context_data["rows"]]
        if not answer.context_data["older"]:
            break
        path = GRID + answer.context_data["older"]
    assert seen == ["#2002", "#2001", "#2000", "#2003", "#2004"]


@pytest.mark.parametrize(
    "after", ["x", "2026-11-20~1", "2026-11-20T10:00:00+00:00~x", "~", "2026-11-20T10:00:00+00:00~-1"]
)
def test_a_cursor_that_is_none_begins_at_the_newest(after):
    make_order(name="#2001")
    assert "#2001" in shown(lead_client(), f"{GRID}?show=all&after={after}")


def test_removed_endpoints_have_no_column():
    warehouse = make_connection()
    make_order()
    Connection.objects.filter(pk=warehouse.pk).update(removed_at=timezone.now())
    assert "Warehouse" not in shown(lead_client(), f"{GRID}?show=all")


def test_an_agent_may_look_and_others_may_not():
    make_order()
    assert agent_client().get(GRID).status_code == 200
    assert agent_client("bob").post(GRID, {"verb": "x"}).status_code == 405
    for rights in (["integrations.view_connection"], ["integrations.view_connection", "integrations.view_delivery"]):
        assert reader_client(*rights, username=str(len(rights))).get(GRID).status_code == 403


def test_what_is_pending_is_shown_before_what_is_in_step():
    make_order(name="#2001")
    lines = [make_connection(label=f"Partner {number:02}") for number in range(11)]
    make_order(name="#2002")
    for endpoint in lines[:10]:
        endpoint.deliveries.update(state="delivered", delivered_at=timezone.now())
    page = shown(lead_client(), GRID)
    assert "Partner 10" in page[: page.index("#2002")]
