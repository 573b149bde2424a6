"""From an approved claim to a linked replacement order, whatever breaks on the way. Shopify is the local stand-in."""

from datetime import timedelta

import pytest
from django.utils import timezone

from integrations import calls, inbox, troubles
from integrations.errors import RetryLater
from integrations.models import Connection, Delivery, Trouble
from integrations.shopify import outbound, queries
from integrations.shopify.arriving import apply_order
from integrations.shopify.client import Shopify
from integrations.shopify.pushes import replacing
from integrations.shopify.reads import read_order
from orders.models import Order, UnitUse
from protection import filing, review
from protection.eligibility import ItemAsked
from protection.models import Resolution
from protection.review import ItemDecision
from protection.tests.builders import make_agent, make_plan
from sandbox.tests.running import Sandbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def shopify(shopify) -> Connection:
    make_plan(shopify.shop)
    return shopify


@pytest.fixture
def order(sandbox, shopify) -> Order:
    placed = sandbox.place(protected=True)
    snapshot = read_order(shopify, placed["id"])
    assert snapshot is not None
    return apply_order(shopify, snapshot).order


def approve(order, username="ana"):
    goods = order.lines.exclude(sku="PROTECT").first()
    claim = filing.file_claim(order, reason="lost", items=[ItemAsked(goods, 1)], by="partner:tests")
    return review.decide(claim, [ItemDecision(claim.items.get(), "approve", 1)], user=make_agent(username, None))


def at_shopify(sandbox: Sandbox, uuid: object) -> list[dict]:
    answer = sandbox.ask(queries.FIND_BY_SOURCE, q=f"source_identifier:{uuid}")
    return answer["data"]["orders"]["nodes"]


def home_again(shopify, resolution):
    """The replacement's own webhook, as far as its meaning goes."""
    snapshot = read_order(shopify, resolution.remote_order_id)
    assert snapshot is not None
    return apply_order(shopify, snapshot).order


def test_an_approved_claim_becomes_an_order_and_closes_when_it_comes_home(sandbox, shopify, order):
    claim = approve(order)
    assert calls.drain(shopify.pk) == 1
    resolution = claim.resolutions.get()
    assert resolution.state == "executed"
    assert [n["name"] for n in at_shopify(sandbox, resolution.uuid)] == [resolution.remote_order_name]
    claim.refresh_from_db()
    assert claim.state == "resolving"  # not before we have seen it with our own eyes
    replacement = home_again(shopify, resolution)
    claim.refresh_from_db()
    resolution.refresh_from_db()
    assert (claim.state, claim.outcome) == ("closed", "approved")
    assert resolution.replacement_order == replacement
    assert replacement.total == 0
    assert [line.quantity for line in replacement.lines.all()] == [1]
    assert all(line.requires_shipping for line in replacement.lines.all())
    assert "replacement" in replacement.tags


def test_nothing_is_placed_during_the_undo_window(settings, sandbox, shopify, order):
    settings.UNDO_SECONDS = 30
    claim = approve(order)
    calls.drain(shopify.pk)
    resolution = claim.resolutions.get()
    assert (resolution.state, at_shopify(sandbox, resolution.uuid)) == ("queued", [])


def test_an_undone_decision_places_nothing(settings, sandbox, shopify, order):
    settings.UNDO_SECONDS = 30
    claim = approve(order)
    review.undo(claim, user=make_agent("ben", None))
    Delivery.objects.update(due_at=timezone.now())
    calls.drain(shopify.pk)
    resolution = claim.resolutions.get()
    assert (resolution.state, at_shopify(sandbox, resolution.uuid)) == ("reversed", [])
    assert Delivery.objects.get(entry__action="resolution.queued").result.startswith("Nothing to do")
    assert not UnitUse.objects.filter(released_at=None).exists()


def test_a_lost_answer_does_not_make_a_second_order(sandbox, shopify, order):
    """The order was made, and the process died before it could write that down."""
    claim = approve(order)
    resolution = claim.resolutions.get()
    Shopify(shopify).run(
        queries.CREATE_REPLACEMENT, {"order": replacing.order_input(resolution), "options": replacing.OPTIONS}
    )  # fmt: skip
    calls.drain(shopify.pk)
    resolution.refresh_from_db()
    assert resolution.state == "executed"
    assert len(at_shopify(sandbox, resolution.uuid)) == 1
    assert Delivery.objects.get(entry__action="resolution.queued").result.startswith("Found")


def test_a_second_try_waits_until_shopifys_search_can_have_seen_the_first(sandbox, shopify, order):
    claim = approve(order)
    delivery = Delivery.objects.select_related("connection", "entry").get(entry__action="resolution.queued")
    delivery.attempts = 2  # one try before this one
    delivery.log.create(number=1, started_at=timezone.now(), milliseconds=15_000, outcome="No answer")
    with pytest.raises(RetryLater) as later:
        outbound.push(delivery)
    assert later.value.after == 10
    delivery.log.update(started_at=timezone.now() - timedelta(minutes=5))
    assert outbound.push(delivery).outcome.startswith("Placed")
    assert len(at_shopify(sandbox, claim.resolutions.get().uuid)) == 1


def test_pushing_twice_places_once(sandbox, shopify, order):
    claim = approve(order)
    delivery = Delivery.objects.select_related("connection", "entry").get(entry__action="resolution.queued")
    outbound.push(delivery)
    assert outbound.push(delivery).outcome.startswith("Nothing to do")
    assert len(at_shopify(sandbox, claim.resolutions.get().uuid)) == 1


def test_a_refusal_of_shopify_gives_the_units_back_and_the_claim_to_an_agent(sandbox, shopify, order):
    claim = approve(order)
    resolution = claim.resolutions.get()
    resolution.lines[0]["variant_id"] = 1  # a variant that the shop has deleted meanwhile
    resolution.save()
    calls.drain(shopify.pk)
    resolution.refresh_from_db()
    claim.refresh_from_db()
    assert resolution.state == "failed"
    assert resolution.failure
    assert (claim.state, claim.next_actor, claim.outcome) == ("in_review", "agent", "")
    assert not UnitUse.objects.filter(released_at=None).exists()
    delivery = Delivery.objects.get(entry__action="resolution.queued")
    assert (delivery.state, delivery.result[:8]) == ("delivered", "Refused:")  # later changes of the order go on


def test_the_home_coming_may_overtake_the_answer(sandbox, shopify, order):
    """Shopify's webhook can be here before its answer to orderCreate is."""
    claim = approve(order)
    resolution = claim.resolutions.get()
    made = Shopify(shopify).run(
        queries.CREATE_REPLACEMENT, {"order": replacing.order_input(resolution), "options": replacing.OPTIONS}
    )["orderCreate"]["order"]  # fmt: skip
    snapshot = read_order(shopify, int(made["id"].rsplit("/", 1)[-1]))
    assert snapshot is not None
    apply_order(shopify, snapshot)
    calls.drain(shopify.pk)
    resolution.refresh_from_db()
    assert resolution.state == "executed"
    assert len(at_shopify(sandbox, resolution.uuid)) == 1


def test_the_same_unit_is_never_replaced_twice(shopify, order):
    goods = order.lines.exclude(sku="PROTECT").first()
    first = approve(order)
    calls.drain(shopify.pk)
    home_again(shopify, first.resolutions.get())
    with pytest.raises(Exception, match="already replaced"):
        filing.file_claim(order, reason="lost", items=[ItemAsked(goods, goods.quantity)], by="partner:tests")


def test_a_replacement_that_is_not_home_is_asked_for_by_the_sweep(sandbox, shopify, order):
    claim = approve(order)
    calls.drain(shopify.pk)
    Resolution.objects.update(executed_at=timezone.now() - timedelta(minutes=5))
    from_sweep = replacing.fetch_missing_replacements()
    claim.refresh_from_db()
    assert (from_sweep, claim.state) == (1, "closed")
    assert inbox.drain() == 0


def test_shopify_itself_refuses_a_second_order_for_one_remedy(sandbox, shopify, order):
    """The search does not see the first one yet, and the look-up by its mark is made before it: the mark is unique."""
    claim = approve(order)
    resolution = claim.resolutions.get()
    variables = {"order": replacing.order_input(resolution), "options": replacing.OPTIONS}
    assert Shopify(shopify).run(queries.CREATE_REPLACEMENT, variables)["orderCreate"]["userErrors"] == []
    [error] = Shopify(shopify).run(queries.CREATE_REPLACEMENT, variables)["orderCreate"]["userErrors"]
    assert "metafields" in error["field"]
    with pytest.raises(RetryLater, match="looking for it"):
        replacing._create(Shopify(shopify), resolution)
    assert len(at_shopify(sandbox, resolution.uuid)) == 1


def test_what_is_not_in_stock_is_named(sandbox, shopify, order):
    claim = approve(order)
    resolution = claim.resolutions.get()
    title = resolution.lines[0]["title"]
    resolution.lines[0]["quantity"] = 2_000_000_000
    resolution.save()
    calls.drain(shopify.pk)
    resolution.refresh_from_db()
    claim.refresh_from_db()
    assert (resolution.state, claim.state) == ("failed", "in_review")
    assert resolution.failure.startswith(f"Not in stock: {title}.")


def test_no_more_are_placed_in_an_hour_than_the_setting_says(settings, sandbox, shopify, order):
    settings.REPLACEMENTS_PER_HOUR = 1
    first = approve(order)
    calls.drain(shopify.pk)
    home_again(shopify, first.resolutions.get())
    other = apply_order(shopify, read_order(shopify, sandbox.place(protected=True)["id"])).order
    second = approve(other, username="ben")
    calls.drain(shopify.pk)
    delivery = Delivery.objects.get(
        entry__subject=second.resolutions.get().public_id, entry__action="resolution.queued"
    )
    assert (delivery.state, delivery.attempts) == ("retrying", 0)
    assert delivery.result.startswith("1 replacements were placed in the last hour")
    assert second.resolutions.get().started_at is None  # it can still be undone
    troubles.run()
    assert "1 more wait" in Trouble.objects.get(kind="brake", ended_at=None).words
    Resolution.objects.filter(claim=first).update(executed_at=timezone.now() - timedelta(hours=2))
    Delivery.objects.filter(pk=delivery.pk).update(due_at=timezone.now())
    calls.drain(shopify.pk)
    delivery.refresh_from_db()
    assert second.resolutions.get().state == "executed", delivery.result
    troubles.run()
    assert not Trouble.objects.filter(kind="brake", ended_at=None).exists()
