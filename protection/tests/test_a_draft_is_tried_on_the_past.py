"""A draft is put to the claims of the past as they could be known then: which it would flip, for how much, whose."""

import itertools
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders.models import JournalEntry
from orders.snapshot import CustomerSnapshot
from orders.tests.builders import line, make_shop, next_id
from protection import filing
from protection.models import BackTest, BackTestCase, Claim, Likeness, Routing
from protection.routing import backtesting, rules
from protection.routing.backtesting import begin, carry_on, run
from protection.routing.conditions import RuleInvalid
from protection.routing.reporting import flips, groups
from protection.tests.builders import decide, make_agent, make_claim, make_covered_order
from protection.tests.routing import LOST, asks, make_draft, make_rule

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def past_claim(days: int, price: str = "40.00", outcome: str = "approved", customer=None, **fields) -> Claim:
    """A claim filed so many days ago, and what people did with it."""
    if customer:
        fields["customer"] = customer
    claim = make_claim(make_covered_order(line("Teapot", price=price), **fields))
    user = User.objects.filter(username="ana").first() or make_agent()
    if outcome == "withdrawn":
        filing.withdraw(claim, by="customer")
    elif outcome != "open":
        decide(claim, user, *([0] if outcome == "denied" else []))
    filed = timezone.now() - days * DAY
    Claim.objects.filter(pk=claim.pk).update(submitted_at=filed)
    Likeness.objects.filter(claim=claim).update(filed_at=filed)
    claim.refresh_from_db()
    return claim


def tried(version, days: int = 90) -> BackTest:
    test = begin(version, days, by="staff:lea", ring=False)
    assert carry_on(test)
    assert test.state == "done", test.failure
    return test


def found(test: BackTest) -> dict[tuple[str, str], tuple[int, Decimal, Decimal, bool]]:
    return {(g.does, g.was): (g.claims, g.value.amount, g.given.amount, g.flips) for g in groups(test)}


def test_what_the_machine_would_approve_is_set_beside_what_people_did():
    past_claim(3, "40.00")
    denied = past_claim(2, "30.00", "denied")
    past_claim(2, "20.00", "withdrawn")
    past_claim(1, "10.00", "open")
    past_claim(100, "40.00", "denied")
    test = tried(make_draft(cap_customer="1000"))
    assert (test.looked_at, test.total) == (4, 4)
    assert found(test) == {
        ("approve", "approved"): (1, 40, 40, False),
        ("approve", "denied"): (1, 30, 0, True),
        ("approve", "withdrawn"): (1, 20, 0, True),
        ("approve", "open"): (1, 10, 0, False),
    }
    assert [case.claim for case in flips(test, 1)] == [denied]
    assert found(tried(make_draft(cap_customer="1000"), 365))["approve", "denied"] == (2, 70, 0, True)


def test_a_rule_that_holds_or_asks_flips_what_people_approved():
    past_claim(3)
    past_claim(2, outcome="denied")
    assert found(tried(make_draft(action="hold"))) == {
        ("hold", "approved"): (1, 40, 40, True), ("hold", "denied"): (1, 40, 0, False),
    }  # fmt: skip
    assert found(tried(make_draft(action="flag", name="Flags")))["flag", "approved"] == (1, 40, 40, False)


def test_nothing_is_changed_by_a_trial():
    claim = past_claim(3, outcome="open")
    before = (list(Claim.objects.values()), JournalEntry.objects.count())
    tried(make_draft())
    assert (list(Claim.objects.values()), JournalEntry.objects.count()) == before
    assert not Routing.objects.exists()
    assert claim.state == "in_review"


def test_an_earlier_rule_that_fits_takes_the_claim_away_and_the_rules_own_version_does_not():
    past_claim(3)
    make_rule(name="Tried", priority=1)
    make_rule(asks("value", "at_least", "30"), action="flag", name="First", priority=10)
    dry = make_rule(action="flag", name="Dry", priority=2, dry_run=True)
    assert found(tried(make_draft(name="Tried", priority=20))) == {}
    assert found(tried(make_draft(name="Tried", priority=5)))["approve", "approved"][0] == 1
    assert dry.in_force(timezone.now())


def test_claims_are_known_as_they_were_then():
    zoe = CustomerSnapshot(next_id(), "zoe@example.com")
    past_claim(30, customer=zoe)
    past_claim(20, customer=zoe, outcome="denied")
    past_claim(10, customer=zoe)
    test = tried(make_draft(asks("customer_claims", "at_most", 1), cap_customer="1000"))
    assert {key: value[0] for key, value in found(test).items()} == {("approve", "approved"): 1,
                                                                     ("approve", "denied"): 1}  # fmt: skip


def test_caps_are_spent_in_the_order_the_claims_came():
    zoe = CustomerSnapshot(next_id(), "zoe@example.com")
    days = [(5, "60.00"), (4, "60.00"), (3, "20.00")]
    claims = [past_claim(ago, price, customer=zoe) for ago, price in days]
    test = tried(make_draft(cap_claim="60", cap_customer="100", cap_day="1000"))
    does = {case.claim_id: (case.does, case.why) for case in test.cases.all()}
    assert [does[claim.pk] for claim in claims] == [("approve", ""), ("left", "cap_customer"), ("approve", "")]
    day = tried(make_draft(cap_claim="60", cap_customer="1000", cap_day="60", name="Day"))
    assert day.cases.filter(does="approve").count() == 3
    Claim.objects.filter(pk=claims[1].pk).update(submitted_at=claims[0].submitted_at + timedelta(hours=23))
    day = tried(make_draft(cap_claim="60", cap_customer="1000", cap_day="60", name="Day"))
    assert day.cases.get(claim=claims[1]).why == "cap_day"


def test_a_claim_that_waited_is_spent_on_the_day_it_was_looked_at():
    zoe = CustomerSnapshot(next_id(), "zoe@example.com")
    first, waited, second, late = (past_claim(20, "40.00", "open", customer=zoe) for _ in range(4))
    filed = first.submitted_at
    for hours, claim in enumerate((first, waited, second)):
        Claim.objects.filter(pk=claim.pk).update(submitted_at=filed + timedelta(hours=hours))
    Claim.objects.filter(pk=waited.pk).update(eligible_at=filed + 5 * DAY)
    Claim.objects.filter(pk=late.pk).update(submitted_at=filed + 5 * DAY + timedelta(hours=1))
    test = tried(make_draft(cap_claim="40", cap_customer="1000", cap_day="70"))
    does = dict(test.cases.values_list("claim", "why"))
    assert [does[claim.pk] for claim in (first, waited, second, late)] == ["", "", "cap_day", "cap_day"]


def test_a_rule_of_a_shop_is_tried_on_that_shops_claims():
    past_claim(3)
    past_claim(3, shop=make_shop("other.myshopify.com"))
    assert tried(make_draft(shop=make_shop())).total == 1


def test_a_draft_that_is_changed_meanwhile_is_tried_as_it_was():
    past_claim(3)
    draft = make_draft(cap_customer="1000")
    test = begin(draft, 90, by="staff:lea", ring=False)
    make_draft(asks("reason", "one_of", ["stolen"]))
    carry_on(test)
    assert test.cases.count() == 1


def test_a_trial_goes_on_where_it_was_cut_short_and_counts_nothing_twice(monkeypatch):
    zoe = CustomerSnapshot(next_id(), "zoe@example.com")
    for ago in range(6, 0, -1):
        past_claim(ago, customer=zoe)
    draft = make_draft(cap_claim="40", cap_customer="120", cap_day="1000")
    whole = tried(draft)
    monkeypatch.setattr(backtesting, "CHUNK", 2)
    test = begin(draft, 90, by="staff:lea", ring=False)
    for part in (2, 4, 6):
        again = BackTest.objects.select_related("version__rule").get(pk=test.pk)
        assert not carry_on(again, 0)
        again.refresh_from_db()
        assert (again.looked_at, again.state) == (part, "running")
    assert run() == 1
    test.refresh_from_db()
    assert test.state == "done"
    assert list(test.cases.order_by("claim").values_list("claim", "does", "why")) == list(
        whole.cases.order_by("claim").values_list("claim", "does", "why")
    )
    assert test.cases.filter(does="approve").count() == 3


def test_who_was_overtaken_writes_nothing_more(monkeypatch):
    past_claim(3)
    test = begin(make_draft(), 90, by="staff:lea", ring=False)

    def overtaken(*args):
        BackTest.objects.filter(pk=test.pk).update(beat_at=timezone.now() + DAY)
        return whole(*args)

    whole = backtesting._next
    monkeypatch.setattr(backtesting, "_next", overtaken)
    assert not carry_on(test)
    assert not BackTestCase.objects.exists()
    assert run() == 0  # somebody is at it
    assert run(timezone.now() + 2 * DAY) == 1


def test_a_fault_of_who_was_overtaken_does_not_end_the_trial_of_others(monkeypatch):
    past_claim(3)
    test = begin(make_draft(), 90, by="staff:lea", ring=False)

    def overtaken(*args):
        BackTest.objects.filter(pk=test.pk).update(beat_at=timezone.now())
        raise ValueError("a fault")

    monkeypatch.setattr(backtesting, "_next", overtaken)
    assert not carry_on(test)
    assert (test.state, test.failure) == ("running", "")


def test_a_trial_that_somebody_took_up_meanwhile_is_left_to_them(monkeypatch):
    past_claim(3)
    first, second = (begin(make_draft(), 90, by="staff:lea", ring=False) for _ in range(2))

    def others_are_quick(*args):
        BackTest.objects.filter(pk=second.pk, beat_at=None).update(beat_at=timezone.now())
        return whole(*args)

    whole = backtesting._next
    monkeypatch.setattr(backtesting, "_next", others_are_quick)
    assert run() == 1
    assert [test.state for test in BackTest.objects.order_by("id")] == ["done", "running"]
    assert BackTestCase.objects.get().test == first


def test_many_trials_share_the_seconds_of_one_run(monkeypatch):
    past_claim(3)
    for _ in range(3):
        begin(make_draft(), 90, by="staff:lea", ring=False)
    moments = itertools.count(0.0, backtesting.SLICE_SECONDS / 3)  # each look at the clock takes a third of a run
    monkeypatch.setattr(backtesting, "time", SimpleNamespace(monotonic=lambda: next(moments)))
    carried = [run() for _ in range(6)]
    assert max(carried) < 3
    assert carried[-1] == 0
    assert set(BackTest.objects.values_list("state", flat=True)) == {"done"}


def test_a_fault_ends_the_trial_and_is_told():
    claim = past_claim(3)
    item = claim.items.get()
    item.line.amounts = {}
    item.line.save()
    test = begin(make_draft(), 90, by="staff:lea", ring=False)
    assert carry_on(test)
    assert test.state == "failed"
    assert "KeyError" in test.failure


def test_the_number_of_queries_depends_on_the_chunks_alone():
    def queries(version) -> int:
        test = begin(version, 90, by="staff:lea", ring=False)
        with CaptureQueriesContext(connection) as asked:
            carry_on(test)
        return len(asked)

    version = make_draft(LOST, asks("photo_used_before", "is", False), asks("customer_claims", "at_most", 9))
    past_claim(3)
    few = queries(version)
    for ago in range(4, 14):
        past_claim(ago)
    assert queries(version) == few


@pytest.mark.parametrize("days", [0, -1, 366])
def test_a_trial_looks_at_a_year_at_most(days):
    with pytest.raises(RuleInvalid) as refused:
        begin(make_draft(), days, by="staff:lea")
    assert refused.value.pointer == "/days"


def test_the_command_tries_a_draft_and_says_which_claims_flip():
    claim = past_claim(3, "30.00", "denied")
    rules.publish(make_draft(), by="staff:lea")
    make_draft()
    out = StringIO()
    call_command("backtest_rule", "Small losses", "--days", "365", stdout=out)
    said = out.getvalue()
    assert "Small losses v2: When the reason is lost in transit, approve" in said
    assert "1 claim of 365 days looked at, 1 fit." in said
    assert "approves what people denied: worth 30.00 USD, people gave 0.00 USD" in said
    assert claim.public_id in said
    assert "Zoë Lindqvist" in said


@pytest.mark.parametrize("name, days, words", [("Nobody", "90", "There is no rule"), ("Small losses", "0", "1 to 365")])
def test_the_command_says_what_it_cannot_try(name, days, words):
    make_draft()
    with pytest.raises(CommandError, match=words):
        call_command("backtest_rule", name, "--days", days, stdout=StringIO())


def test_the_command_draws_a_bar_in_a_terminal():
    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    past_claim(3)
    make_draft()
    out = Terminal()
    call_command("backtest_rule", "Small losses", stdout=out)
    assert f"[{'#' * 30}] 1 of 1 claims" in out.getvalue()
