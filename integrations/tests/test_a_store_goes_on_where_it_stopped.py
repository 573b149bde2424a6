"""A token that ends in mid-run, a scope that is taken away, a store that leaves and comes back: nothing is lost."""

from typing import Any

import pytest

from integrations import calls, connecting, inbox, passes, reconcile
from integrations.errors import GiveUp
from integrations.models import Connection, Delivery, InboundMessage, SyncRun
from integrations.shopify import queries, subscriptions
from integrations.shopify.arriving import apply_order
from integrations.shopify.reads import read_order
from integrations.tests.shopify import post, results
from orders.models import Order
from protection import filing, review
from protection.eligibility import ItemAsked
from protection.models import Claim
from protection.review import ItemDecision
from protection.tests.builders import make_agent, make_plan
from sandbox.tests.running import Sandbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def store(own_shop) -> Sandbox:
    return own_shop


def press(store: Sandbox, button: str, **fields: Any) -> Any:
    return store.post(f"/sandbox/{button}.json", shop=store.shop, **fields).json()


def connect(store: Sandbox) -> Connection:
    return connecting.connect_shop(store.shop, api_url=store.url, secret=store.secret, client_id="demo-client-id")


@pytest.fixture
def shop(store) -> Connection:
    connected = connect(store)
    make_plan(connected.shop)
    return connected


def bought(store: Sandbox, shop: Connection) -> Order:
    placed = store.place(protected=True)
    snapshot = read_order(shop, placed["id"])
    assert snapshot is not None
    return apply_order(shop, snapshot).order


def approved(order: Order) -> Claim:
    goods = order.lines.exclude(sku="PROTECT").first()
    assert goods is not None
    claim = filing.file_claim(order, reason="lost", items=[ItemAsked(goods, 1)], by="partner:tests")
    return review.decide(claim, [ItemDecision(claim.items.get(), "approve", 1)], user=make_agent("ana", None))


def replacements(store: Sandbox, shop: Connection, claim: Claim) -> list[Any]:
    uuid = claim.resolutions.get().uuid
    answer = store.ask(queries.FIND_BY_SOURCE, q=f"source_identifier:{uuid}", token=shop.secrets["token"])
    return list(answer["data"]["orders"]["nodes"])


def uninstalled(store: Sandbox, shop: Connection) -> None:
    """The store takes the app away, and its last webhook comes."""
    press(store, "uninstall")
    assert shop.shop is not None
    post(shop, "app/uninstalled", {"id": 1, "name": "Demo", "myshopify_domain": shop.shop.domain}, secret=store.secret)
    inbox.drain()
    shop.refresh_from_db()


def installed_again(store: Sandbox) -> Connection:
    press(store, "install")
    return connect(store)


def test_a_token_that_ends_in_mid_run_places_the_replacement_once(store, shop):
    claim = approved(bought(store, shop))
    assert press(store, "tokens", expire=True)["expired"] >= 1
    assert calls.drain(shop.pk) == 1
    shop.refresh_from_db()
    assert claim.resolutions.get().state == "executed"
    assert len(replacements(store, shop, claim)) == 1
    assert Delivery.objects.get(connection=shop).state == "delivered"


def test_a_store_that_leaves_is_not_called_and_its_queue_is_kept(store, shop):
    claim = approved(bought(store, shop))
    uninstalled(store, shop)
    assert shop.paused_because == "The app was uninstalled (system)"
    before = Order.objects.count()
    assert calls.drain(shop.pk) == 0
    with pytest.raises(GiveUp, match="uninstalled"):
        read_order(shop, 1)
    assert subscriptions.due() == []
    assert Order.objects.count() == before
    assert Delivery.objects.get(connection=shop).state == "pending"
    assert claim.resolutions.get().state == "queued"


def test_a_store_that_comes_back_is_sent_what_waited_and_its_missed_orders_are_found(store, shop):
    claim = approved(bought(store, shop))
    uninstalled(store, shop)
    missed = store.place()
    again = installed_again(store)
    assert (again.pk, again.uninstalled_at, again.paused_at) == (shop.pk, None, None)
    assert calls.drain(again.pk) == 1
    assert len(replacements(store, again, claim)) == 1
    run = SyncRun.objects.get(kind="reconcile")
    assert (run.state, run.by) == ("running", "system")
    reconcile.finish(run)
    assert run.state == "done"
    assert Order.objects.filter(remote_id=missed["id"]).exists()
    assert subscriptions.due() == [again]
    check = subscriptions.check(again, by="test")
    assert check is not None
    assert check.facts["created"]
    assert connecting.webhook_url(again) == connecting.webhook_url(shop)


def test_an_old_uninstall_does_not_stop_a_store_whose_token_has_just_ended(store, shop):
    press(store, "tokens", expire=True)
    post(shop, "app/uninstalled", {"id": 1, "name": "Demo"}, secret=store.secret)
    inbox.drain()
    shop.refresh_from_db()
    assert (shop.uninstalled_at, shop.paused_at) == (None, None)
    assert results() == [("app/uninstalled", "ignored", "The app is installed: this is an old message.")]


def test_connecting_a_store_that_is_well_begins_no_pass(store, shop):
    connect(store)
    assert not passes.running().exists()


def test_a_scope_taken_away_in_mid_run_blanks_nothing_and_is_caught_up_once_it_is_back(store, shop):
    order = bought(store, shop)
    customer = order.customer
    assert customer is not None
    press(store, "scopes", revoke=["read_orders", "write_orders", "read_customers", "write_customers"])
    placed = store.place()
    post(shop, "orders/edited", {"order_edit": {"id": 1, "order_id": placed["id"]}}, secret=store.secret)
    post(shop, "orders/edited", {"order_edit": {"id": 2, "order_id": order.remote_id}}, secret=store.secret)
    inbox.drain()
    assert {state for _, state, _ in results()} == {"failed"}
    order.refresh_from_db()
    assert order.customer == customer
    check = subscriptions.check(shop, by="test")
    assert check is not None
    assert {"read_orders", "read_customers"} <= set(check.facts["scopes_missing"])
    press(store, "scopes", grant=["read_orders", "write_orders", "read_customers", "write_customers"])
    assert installed_again(store).pk == shop.pk  # connecting again makes what failed due now
    inbox.drain()
    assert {state for _, state, _ in results()} == {"handled"}
    assert Order.objects.get(remote_id=placed["id"]).customer is not None
    assert InboundMessage.objects.count() == 2
