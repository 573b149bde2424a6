"""Random histories of one order with two people at work, sometimes at the same moment: whatever they do, in whatever
order, no unit is given twice, no more money than was paid, no open claim is without somebody whose turn it is, and the
journal alone tells how everything stands.

HISTORIES says how many (the closing check runs 2,000); a history is some twenty steps.
"""

import os
import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from functools import partial
from itertools import count
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from backoffice.tests.at_once import at_once
from orders.changes import ChangeRefused, carrying, withdraw
from orders.entitlement import free_units
from orders.intake import Origin, apply_refund
from orders.models import Change, JournalEntry, Order, UnitUse
from orders.snapshot import RefundLineSnapshot, RefundSnapshot
from orders.tests.builders import NOON, bag, line, make_order, make_shop, next_id
from protection import (
    appeals,
    arrivals,
    filing,
    following,
    ladder,
    paying,
    proposing,
    resolutions,
    reversing,
    review,
    waking,
)
from protection.eligibility import ClaimRefused, ItemAsked
from protection.models import Claim, Resolution
from protection.models.claim import MoveRefused
from protection.money_left import left_of
from protection.review import DecisionRefused, ItemDecision
from protection.shares import SIDES
from protection.standing import STANDING, open_units
from protection.tests.builders import make_agent, make_covered_order
from protection.tests.parcels import scan, send

HISTORIES = int(os.environ.get("HISTORIES", "25"))
REMEDIES = ["replacement", "refund", "store_credit", "gift_card", "goodwill", "handled_elsewhere"]
REFUSALS = (DecisionRefused, MoveRefused, ClaimRefused, ChangeRefused)
SHOP = Origin(by="shopify")
_shops = count(1)

# How often each is tried: what gives money, and what undoes it, more often than what merely ends a claim.
WEIGHTS = {
    "decide": 6, "carry_out": 7, "answer_change": 6, "come_home": 3, "reopen": 3, "undo": 1, "propose": 1, "confirm": 2,
    "reverse": 2, "look": 2, "follow": 1, "shop_refunds": 1, "file": 1, "ask": 1, "answer": 1, "appeal": 1,
    "decline": 1, "close": 1, "withdraw": 1, "scan": 2, "arrive": 1, "review_now": 1, "wake": 1, "settle_found": 1,
}  # fmt: skip
# Not at the same moment: the shop refunds under no lock of ours, and one sender at a time works on an order.
ALONE = {"shop_refunds", "come_home", "answer_change", "file", "scan"}
NAMES = [name for name, weight in WEIGHTS.items() for _ in range(weight)]
LUCK = st.integers(0, 2**32)
STEPS = st.tuples(st.sampled_from(NAMES), LUCK, st.integers(0, 1))
RACING = st.tuples(st.sampled_from([name for name in NAMES if name not in ALONE]), LUCK)

Verb = Callable[["Books", random.Random, User], object]


class Books(RuleBasedStateMachine):
    """One order of two teapots and three cups, in a shop of its own."""

    def __init__(self) -> None:
        super().__init__()
        shop = make_shop(f"histories-{os.getpid()}-{next(_shops)}.myshopify.com")
        self.order = make_covered_order(line("Teapot", 2), line("Cup", 3, price="7.77"), shop=shop)
        items = [ItemAsked(row, 2) for row in self.order.lines.exclude(sku="PROTECT")]
        filing.file_claim(self.order, reason="damaged", items=items, by="partner:tests", override_reason="test")
        self.people = list(User.objects.filter(username__in=["ana", "ben"]).order_by("username"))

    @rule(steps=st.lists(STEPS, min_size=1, max_size=4))
    def they_take_turns(self, steps: list[tuple[str, int, int]]) -> None:
        for name, luck, who in steps:
            self.act(name, luck, who)

    @rule(first=RACING, second=RACING)
    def they_act_at_once(self, first: tuple[str, int], second: tuple[str, int]) -> None:
        results = at_once(*(partial(self.act, *move, who) for who, move in enumerate((first, second))))
        for result in results:
            if isinstance(result, Exception):
                raise result

    def act(self, name: str, luck: int, who: int) -> None:
        """What is refused is refused by name and leaves nothing behind; anything else is a fault."""
        with suppress(*REFUSALS):
            VERBS[name](self, random.Random(luck), self.people[who])

    def claim(self, luck: random.Random) -> Claim:
        found = list(Claim.objects.filter(order=self.order).order_by("id"))
        if not found:
            raise ClaimRefused("none", "There is no claim yet.")
        return luck.choice(found)

    def remedy(self, luck: random.Random, *states: str) -> Resolution:
        found = list(Resolution.objects.filter(claim__order=self.order, state__in=states).order_by("id"))
        if not found:
            raise DecisionRefused("There is no such remedy.")
        return luck.choice(found)

    def story(self) -> str:
        """What happened, for whoever has to find out why: two at the same moment are not replayed alike."""
        entries = JournalEntry.objects.filter(order=self.order).order_by("id")
        told = [f"{entry.action} {entry.subject} {entry.by} {entry.facts}" for entry in entries]
        rows = Resolution.objects.filter(claim__order=self.order).order_by("id")
        fields = ("public_id", "kind", "state", "instead_of__public_id", "lines")
        return "\n".join([*told, *map(str, rows.values_list(*fields))])

    @invariant()
    def no_unit_is_given_twice(self) -> None:
        given: Counter[tuple[str, int]] = Counter()
        for remedy in Resolution.objects.filter(STANDING, claim__order=self.order).exclude(kind="goodwill"):
            given.update((row["line"], unit) for row in remedy.lines for unit in row["units"])
        assert all(times == 1 for times in given.values()), self.story()
        uses = UnitUse.objects.filter(line__order=self.order, released_at=None).values_list("line__public_id", "unit")
        assert set(given) <= set(uses)
        assert len(uses) == len(set(uses))
        assert all(1 <= unit <= row.quantity for row in self.order.lines.all() for name, unit in uses
                   if name == row.public_id)  # fmt: skip

    @invariant()
    def no_more_is_given_than_was_paid(self) -> None:
        remedies = Resolution.objects.filter(STANDING, claim__order=self.order).exclude(amount={})
        at_the_shop = [r for r in self.order.refunds.all() if not carrying.MARK.search(r.note)]
        moved = [t["amount"] for r in at_the_shop for t in r.transactions]
        for side in SIDES:
            given = [Decimal(bag[side]["amount"]) for bag in [*(remedy.amount for remedy in remedies), *moved]]
            assert sum(given, Decimal(0)) <= Decimal(self.order.amounts["total"][side]["amount"]), self.story()

    @invariant()
    def it_is_always_somebodys_turn(self) -> None:
        for claim in Claim.objects.filter(order=self.order):
            assert claim.next_actor or claim.state == "closed"
            if claim.state in ("decided", "resolving"):
                assert claim.resolutions.filter(STANDING).exists(), f"nothing will ever move it: {self.story()}"

    @invariant()
    def the_journal_alone_tells_how_it_stands(self) -> None:
        claims: dict[str, dict[str, str]] = {}
        remedies: dict[str, str] = {}
        for entry in JournalEntry.objects.filter(order=self.order).order_by("id"):
            subject, _, verb = entry.action.partition(".")
            if subject == "claim":
                told = {"state": "to", "outcome": "outcome", "next_actor": "next_actor"}
                said = {ours: entry.facts[theirs] for ours, theirs in told.items() if theirs in entry.facts}
                claims.setdefault(entry.subject, {}).update(said)
            elif subject == "resolution" and verb in Resolution.State.values:
                remedies[entry.subject] = verb
        rows = Claim.objects.filter(order=self.order)
        assert claims == {
            row.public_id: {"state": row.state, "outcome": row.outcome, "next_actor": row.next_actor} for row in rows
        }
        assert remedies == dict(Resolution.objects.filter(claim__order=self.order).values_list("public_id", "state"))


def _file(books: Books, luck: random.Random, user: User) -> object:
    asked = [ItemAsked(row, luck.randint(1, row.quantity)) for row in books.order.lines.exclude(sku="PROTECT")]
    asked = luck.sample(asked, luck.randint(1, 2))
    if luck.random() < 0.5:  # too early once there is a scan
        return filing.file_claim(books.order, reason="lost", items=asked, by="partner:tests")
    return filing.file_claim(books.order, reason="damaged", items=asked, by="partner:tests", override_reason="test")


def _parts(claim: Claim, luck: random.Random) -> list[ItemDecision]:
    parts = []
    for key, units in open_units(claim).items():
        item = claim.items.get(pk=key)
        while units:
            size = luck.randint(1, len(units))
            units = units[size:]
            remedy = luck.choice(
                ["replacement", "refund", "store_credit", "gift_card", "goodwill", "handled_elsewhere"]
            )
            fields: dict[str, Any] = {"remedy": remedy, "reason_code": "delivered"}
            if remedy == "goodwill":
                fields |= {"amount": Decimal(luck.randint(1, 60)), "paid_as": luck.choice(["refund", "store_credit"])}
            if remedy == "replacement" and luck.random() < 0.5:
                fields["otherwise"] = ("refund", "store_credit")
            if luck.random() < 0.2:
                parts.append(ItemDecision(item, "deny", size, "delivered"))
            elif remedy in ("refund", "gift_card") and luck.random() < 0.3:
                parts.append(ItemDecision(item, "partial", size, **{**fields, "percent": Decimal(luck.randint(1, 99))}))
            else:
                parts.append(ItemDecision(item, "approve", size, **fields))
    return parts


def _decide(books: Books, luck: random.Random, user: User) -> object:
    claim = books.claim(luck)
    return review.decide(claim, _parts(claim, luck), user=user)


def _propose(books: Books, luck: random.Random, user: User) -> object:
    claim = books.claim(luck)
    return proposing.propose(claim, _parts(claim, luck), user=user)


def _carry_out(books: Books, luck: random.Random, user: User) -> object:
    """What the shop's sender does of one remedy that is due, up to where it breaks down."""
    remedy = books.remedy(luck, "queued")
    if remedy.kind != Resolution.Kind.REPLACEMENT:
        return paying.pay(remedy)
    if not resolutions.start(remedy):
        return None
    end = luck.random()
    if end < 0.2:
        return resolutions.mark_failed(remedy, "The variant is gone", by="shopify")
    if end < 0.4:
        return ladder.out_of_stock(remedy, "Not in stock.", [0] if luck.random() < 0.5 else [], by="shopify")
    return resolutions.mark_executed(remedy, remote_order_id=next_id(), remote_order_name="#2", by="shopify")


def _come_home(books: Books, luck: random.Random, user: User) -> object:
    remedy = books.remedy(luck, "executed")
    if remedy.remote_order_id is None or remedy.replacement_order_id:
        return None
    order = make_order(line("Again"), shop=books.order.shop, source_identifier=str(remedy.uuid),
                       remote_id=remedy.remote_order_id)  # fmt: skip
    return resolutions.recognise(order, by="shopify")


def _answer_change(books: Books, luck: random.Random, user: User) -> None:
    """The shop's answer to one change that carries a remedy out: done (and home, before or after), refused, unknown."""
    open_ones = Change.objects.filter(shop=books.order.shop, state__in=["queued", "running"]).order_by("id")
    if not (found := list(open_ones)):
        return
    change, end = luck.choice(found), luck.random()
    if end < 0.15:
        carrying.failed(change, "No.", by="shopify")
    elif end < 0.25 and change.kind in ("store_credit", "gift_card"):
        carrying.failed(change, "Who knows?", by="shopify", keep_units=True)
    elif end < 0.35:
        withdraw(change, by="staff:ben")
    elif change.kind == Change.Kind.CANCEL:
        Order.objects.filter(pk=change.order_id or 0).update(cancelled_at=NOON)
        carrying.done(change, by="shopify")
    else:
        if change.kind == Change.Kind.REFUND:
            parts = [
                RefundLineSnapshot(int(row["line"]), row["quantity"], "no_restock", {"subtotal": bag("0")})
                for row in change.wanted["lines"]
            ]
            _refunded(books, parts, change.wanted["amount"], f"Claim ({change.public_id})")
        carrying.done(change, by="shopify", transaction="1")
    if luck.random() < 0.7:  # or the sender is killed before it tells
        following.follow(change.public_id)


def _refunded(books: Books, parts: list[RefundLineSnapshot], amount: str, note: str) -> None:
    moved = {"id": str(next_id()), "kind": "refund", "status": "success", "amount": bag(amount).as_json()}
    refund = RefundSnapshot(next_id(), parts, note=note, created_at=NOON, transactions=[moved])
    apply_refund(books.order.shop, books.order.remote_id, refund, SHOP)


def _shop_refunds(books: Books, luck: random.Random, user: User) -> None:
    """Somebody refunds a free unit at the shop itself, as long as money is left."""
    row = luck.choice(list(books.order.lines.exclude(sku="PROTECT")))
    amount = Decimal(row.amounts["unit_price"]["shop"]["amount"])
    if free_units(row) and left_of(books.order).shop.amount >= amount:
        _refunded(books, [RefundLineSnapshot(row.remote_id, 1, "no_restock", {"subtotal": bag("0")})], str(amount), "")


def _scan(books: Books, luck: random.Random, user: User) -> None:
    """The carrier scans the parcel, the first time that there is one."""
    with transaction.atomic():
        order = Order.objects.select_for_update().get(pk=books.order.pk)
        parcel = order.fulfillments.first() or send(order)
        scan(parcel, luck.choice(["in_transit", "delivered"]), timezone.now())
        arrivals.order_moved(order, by="shopify")


VERBS: dict[str, Verb] = {
    "file": _file,
    "decide": _decide,
    "propose": _propose,
    "confirm": lambda books, luck, user: proposing.confirm(books.claim(luck), user=user),
    "decline": lambda books, luck, user: proposing.decline(books.claim(luck), "No", user=user),
    "undo": lambda books, luck, user: review.undo(books.claim(luck), user=user),
    "ask": lambda books, luck, user: review.ask_for_info(books.claim(luck), "A photo?", user=user),
    "answer": lambda books, luck, user: review.answer_received(books.claim(luck), by=f"staff:{user.username}"),
    "close": lambda books, luck, user: review.close(books.claim(luck), "duplicate", user=user),
    "reopen": lambda books, luck, user: review.reopen(books.claim(luck), "New proof", user=user),
    "withdraw": lambda books, luck, user: filing.withdraw(books.claim(luck), by="partner:tests"),
    "appeal": lambda books, luck, user: appeals.appeal(books.claim(luck), "It is broken", by="partner:tests"),
    "carry_out": _carry_out,
    "come_home": _come_home,
    "answer_change": _answer_change,
    "follow": lambda books, luck, user: following.follow_all(),
    "reverse": lambda books, luck, user: reversing.reverse(
        books.remedy(luck, "executed"), "Wrong", by=f"staff:{user.username}"
    ),
    "look": lambda books, luck, user: reversing.looked(
        books.remedy(luck, "held"), given=luck.random() < 0.5, user=user
    ),
    "shop_refunds": _shop_refunds,
    "scan": _scan,
    "arrive": lambda books, luck, user: arrivals.say_arrived(books.claim(luck), luck.random() < 0.3, by="customer"),
    "review_now": lambda books, luck, user: waking.review_now(books.claim(luck), "Now", by=f"staff:{user.username}"),
    "wake": lambda books, luck, user: waking.wake(books.claim(luck), timezone.now() + timedelta(days=90), by="system"),
    "settle_found": lambda books, luck, user: arrivals.settle_found(
        books.claim(luck), luck.choice(list(arrivals.FOUND)), by=f"staff:{user.username}"
    ),
}


@pytest.mark.django_db(transaction=True)
def test_whatever_two_people_do() -> None:
    make_agent("ana", "60")
    make_agent("ben", None)
    run_state_machine_as_test(
        Books,
        settings=settings(
            max_examples=HISTORIES, stateful_step_count=10, deadline=None, database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
