"""Every verb tried on a recovery from every state by every role: the table says who may, the rest are told why not."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from orders.models import JournalEntry
from protection.models import Carrier, Recovery
from protection.recovery import doubts, ending, filing, reckoning
from protection.recovery.actors import VERBS, Actor, RecoveryRefused
from protection.tests.carriers import ACME, ANA, LEA, recovery_in

pytestmark = pytest.mark.django_db
State = Recovery.State
ROLES = {"agent": ANA, "lead": LEA, "partner": ACME, "system": Actor("system", "system")}

CALLS: dict[str, Callable[[Recovery, Actor], Any]] = {
    "file": lambda recovery, actor: filing.file(recovery, actor=actor, reference="C-1"),
    "name_carrier": lambda recovery, actor: reckoning.name_carrier(
        recovery, Carrier.objects.get(name="FedEx"), actor=actor
    ),
    "ask": lambda recovery, actor: filing.carrier_asks(recovery, "The invoice", actor=actor),
    "inform": lambda recovery, actor: filing.inform(recovery, "Sent by mail", actor=actor),
    "approve": lambda recovery, actor: filing.approve(recovery, actor=actor),
    "deny": lambda recovery, actor: filing.deny(recovery, "It was delivered", actor=actor),
    "pay": lambda recovery, actor: filing.pay(recovery, actor=actor),
    "pay_back": lambda recovery, actor: ending.pay_back(recovery, "It was found", actor=actor),
    "write_off": lambda recovery, actor: ending.write_off(recovery, "Not worth it", actor=actor),
    "withdraw": lambda recovery, actor: doubts.withdraw(recovery, actor=actor),
    "keep": lambda recovery, actor: doubts.keep(recovery, "It came broken", actor=actor),
    "reopen": lambda recovery, actor: ending.reopen(recovery, "The terms were wrong", actor=actor),
    "expire": lambda recovery, actor: ending.expire(recovery, recovery.deadline or timezone.now(), actor=actor),
}
LEADS_TO = {
    "file": State.FILED, "ask": State.NEEDS_INFO, "inform": State.FILED, "approve": State.APPROVED,
    "deny": State.DENIED, "pay": State.PAID, "pay_back": State.WRITTEN_OFF, "write_off": State.WRITTEN_OFF,
    "withdraw": State.WRITTEN_OFF, "reopen": State.ELIGIBLE, "expire": State.EXPIRED,
}  # fmt: skip


def test_the_table_names_every_verb_and_every_move_has_one() -> None:
    assert set(CALLS) == set(VERBS)
    assert all(rule.roles <= set(ROLES) and rule.states <= set(State.values) for rule in VERBS.values())
    moved = {(state, LEADS_TO[verb]) for verb, rule in VERBS.items() if verb in LEADS_TO for state in rule.states}
    assert moved == {(state, to) for state, targets in Recovery.MOVES.items() for to in targets}


def test_an_agent_files_and_only_a_lead_gives_up() -> None:
    assert "agent" in VERBS["file"].roles
    assert VERBS["write_off"].roles == VERBS["reopen"].roles == VERBS["pay_back"].roles == {"lead"}


@pytest.mark.parametrize("state", State.values)
def test_the_table_is_what_happens(state: str) -> None:
    recovery = recovery_in(state)
    Recovery.objects.filter(pk=recovery.pk).update(doubt="The parcel was delivered after all.")
    for verb, rule in VERBS.items():
        for role, actor in ROLES.items():
            before, mark = facts(recovery), transaction.savepoint()
            code = refused(verb, recovery, actor)
            allowed = state in rule.states and role in rule.roles
            assert (code is None) is allowed, f"{verb} by {role}: {code or 'was let in'}"
            now = Recovery.objects.get(pk=recovery.pk)
            if code is None:
                assert now.state == LEADS_TO.get(verb, state)
                assert bool(now.next_actor) is now.is_open
                assert (now.closed_at is None) is now.is_open
                last = JournalEntry.objects.filter(subject=recovery.public_id).latest("id")
                told = {"keep": "kept", "name_carrier": "reckoned"}.get(verb, now.state)
                assert (last.action, last.by) == (f"recovery.{told}", actor.by)
            else:
                assert code == ("not_allowed" if role not in rule.roles else "wrong_state")
                assert facts(recovery) == before
            transaction.savepoint_rollback(mark)


def refused(verb: str, recovery: Recovery, actor: Actor) -> str | None:
    try:
        CALLS[verb](Recovery.objects.get(pk=recovery.pk), actor)
    except RecoveryRefused as refusal:
        return refusal.code if len(str(refusal)) > 20 else "refused without a sentence"
    return None


def facts(recovery: Recovery) -> tuple[Any, int]:
    row = Recovery.objects.filter(pk=recovery.pk).values().get()
    return row, JournalEntry.objects.filter(subject=recovery.public_id).count()


@pytest.mark.parametrize(
    "state, wrong",
    [
        ("eligible", {"received": "-1"}),
        ("eligible", {"state": "paid"}),
        ("eligible", {"state": "filed"}),
        ("eligible", {"next_actor": ""}),
        ("filed", {"received": "5"}),
        ("filed", {"claimed": "0"}),
        ("filed", {"state": "approved"}),
        ("filed", {"state": "written_off", "next_actor": ""}),
        ("paid", {"received": "0"}),
        ("paid", {"paid_on": None}),
        ("paid", {"received": "41"}),
        ("denied", {"why": ""}),
        ("eligible", {"deadline": None}),
    ],
)
def test_the_database_refuses_what_must_never_be(state: str, wrong: dict[str, Any]) -> None:
    recovery = recovery_in(state)
    with pytest.raises(IntegrityError), transaction.atomic():
        Recovery.objects.filter(pk=recovery.pk).update(**wrong)


def test_a_parcel_has_one_open_recovery() -> None:
    recovery = recovery_in("eligible")
    twin = Recovery(order=recovery.order, parcel=recovery.parcel, currency="USD")
    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save()
    ending.write_off(recovery, "Not worth it", actor=LEA)
    twin.save()
    with pytest.raises(RecoveryRefused) as caught:
        ending.reopen(recovery, "Look again", actor=LEA)
    assert caught.value.code == "open_already"


def test_more_than_was_claimed_needs_a_reason() -> None:
    recovery = recovery_in("filed")
    with pytest.raises(RecoveryRefused) as caught:
        filing.pay(recovery, Decimal("40.01"), actor=ANA)
    assert caught.value.code == "more_than_claimed"
    paid = filing.pay(recovery, Decimal("47.45"), actor=ANA, why="With the postage")
    assert (paid.state, paid.over_reason) == ("paid", "With the postage")


@pytest.mark.parametrize("amount", ["0", "-1", "0.001", "NaN", "1e15", "1e9999999"])
def test_amounts_that_cannot_be_paid_are_refused(amount: str) -> None:
    recovery = recovery_in("eligible")
    with pytest.raises(RecoveryRefused) as caught:
        filing.file(recovery, actor=ANA, amount=Decimal(amount))
    assert (caught.value.code, caught.value.pointer) == ("invalid_amount", "/amount")


def test_words_are_asked_for_where_they_are_needed() -> None:
    recovery = recovery_in("filed")
    for act in (
        lambda: filing.deny(recovery, " ", actor=ANA),
        lambda: filing.carrier_asks(recovery, "", actor=ANA),
        lambda: ending.write_off(recovery, "", actor=LEA),
    ):
        with pytest.raises(RecoveryRefused):
            act()


def test_a_denied_one_is_filed_again_under_the_same_reference() -> None:
    recovery = recovery_in("eligible")
    filing.file(recovery, actor=ANA, reference="C-77")
    filing.deny(recovery, "No photo", actor=ANA)
    again = filing.file(recovery, actor=ANA)
    assert (again.state, again.reference, again.why) == ("filed", "C-77", "")


def test_one_that_is_opened_again_starts_from_todays_terms() -> None:
    recovery = recovery_in("eligible")
    filing.file(recovery, actor=ANA, amount=Decimal(30), currency="EUR", reference="C-7")
    filing.approve(recovery, Decimal(35), actor=ANA, why="With the postage")
    ending.write_off(recovery, "It never came", actor=LEA)
    again = ending.reopen(recovery, "They look at it anew", actor=LEA)
    assert (again.claimed, again.approved, again.filed_at, again.over_reason) == (None, None, None, "")
    filed = filing.file(again, actor=ANA)
    assert (str(filed.money(filed.claimed)), filed.reference) == ("40.00 USD", "C-7")


def test_a_doubt_ends_with_its_case() -> None:
    recovery = recovery_in("eligible")
    doubts.ask_withdraw(recovery, "The parcel was delivered after all.", by="system")
    recovery.refresh_from_db()
    assert recovery.deadline is not None
    ended = ending.expire(recovery, recovery.deadline)
    assert (ended.state, ended.doubt, ended.doubt_since) == ("expired", "", None)
