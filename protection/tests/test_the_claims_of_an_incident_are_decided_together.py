"""One decision for many claims: looked at first, carried out claim by claim, each once, whatever ends the process."""

import os
import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.db import connection

from backoffice.console.roles import ensure_roles
from backoffice.tests.at_once import at_once
from orders.models import JournalEntry
from orders.tests.builders import line
from protection import proposing, resolutions, review
from protection.assignment import take
from protection.incidents import bulk, ruling
from protection.incidents.ruling import IncidentRefused
from protection.models import ApprovalLimit, BulkLine, Claim, Decision, Incident, IncidentClaim
from protection.tests.builders import decide, make_agent
from protection.tests.incidents import real_claims

ROOT = Path(__file__).resolve().parent.parent.parent
FOREVER = 600.0


def lead(name: str = "lea", limit: str | None = None) -> User:
    user = make_agent(name)
    group = ensure_roles()["lead"]
    ApprovalLimit.objects.update_or_create(group=group, defaults={"amount": limit and Decimal(limit)})
    user.groups.set([group])
    return User.objects.get(pk=user.pk)


def incident_of(claims: list[Claim], user: User | None = None) -> Incident:
    """A confirmed incident with these claims."""
    incident = Incident.objects.create(
        shop=claims[0].order.shop, kind="lane", cluster="lane:DHL:DE:FR", carrier="DHL", origin="DE", destination="FR",
        days=["2026-11-20"], count=len(claims), usual=0.5, chance=1e-9, sentence="Many claims on DHL DE→FR.",
    )  # fmt: skip
    IncidentClaim.objects.bulk_create(IncidentClaim(incident=incident, claim=claim) for claim in claims)
    return ruling.confirm(incident, user=user or lead())


def done(drafted, user) -> dict[str, int]:
    assert bulk.carry_on(bulk.begin(drafted, user=user), FOREVER)
    return bulk.figures(drafted)


@pytest.mark.django_db
def test_what_would_be_decided_is_shown_and_nothing_is_done():
    lea, claims = lead(), real_claims(3)
    drafted = bulk.draft(incident_of(claims, lea), "refund", user=lea, note="The parcel was lost in a fire.")
    assert bulk.figures(drafted) == {"decide": 3}
    lines = list(drafted.lines.all())
    assert [row.remedy for row in lines] == ["refund"] * 3
    assert str(bulk.worth(lines, "USD", BulkLine.TO_DO)) == "120.00 USD"
    assert Decision.objects.count() == 0
    assert not JournalEntry.objects.filter(action="incident.deciding").exists()


@pytest.mark.django_db
def test_each_claim_is_decided_through_the_usual_door():
    lea, claims = lead(), real_claims(3)
    incident = incident_of(claims, lea)
    drafted = bulk.draft(incident, "refund", user=lea, note="The parcel was lost in a fire.")
    assert done(drafted, lea) == {"decided": 3}
    for claim in claims:
        claim.refresh_from_db()
        assert (claim.state, claim.outcome) == ("decided", "approved")
        decision = Decision.objects.get(item__claim=claim)
        assert (decision.decided_by, decision.remedy, decision.note) == (
            lea,
            "refund",
            "The parcel was lost in a fire.",
        )
        assert claim.resolutions.get().kind == "refund"
    told = JournalEntry.objects.filter(action__in=["incident.deciding", "incident.decided"]).order_by("id")
    assert [(entry.action, entry.facts.get("decided")) for entry in told] == [
        ("incident.deciding", None), ("incident.decided", 3),
    ]  # fmt: skip
    assert not bulk.draft(incident, "refund", user=lea).lines.exists()  # nothing is left for another


@pytest.mark.django_db
def test_what_cannot_be_decided_says_why():
    lea, ana = lead(), make_agent("ana", None)
    decided, taken, waiting, closed, own, proposed = claims = real_claims(6)
    decide(decided, ana)
    take(taken, user=ana)
    take(own, user=lea)
    review.ask_for_info(waiting, "Where?", user=ana)
    review.close(closed, "arrived", user=ana)
    item = proposed.items.get()
    proposing.propose(proposed, [review.ItemDecision(item, "approve", 1)], user=ana)
    drafted = bulk.draft(incident_of(claims, lea), "replacement", user=lea)
    assert [(row.claim_id, row.state) for row in drafted.lines.exclude(state="cannot")] == [(own.pk, "decide")]
    assert list(drafted.lines.filter(state="cannot").values_list("why", flat=True)) == [
        "This claim is decided; only a claim in review can be decided.",
        "ana has taken it.",
        "This claim is needs information; only a claim in review can be decided.",
        "This claim is closed; only a claim in review can be decided.",
        "A proposal waits for a lead already.",
    ]


@pytest.mark.django_db
def test_a_claim_that_was_opened_again_with_nothing_left_to_decide_says_so():
    lea, ana = lead(), make_agent("ana", None)
    done_with, other = claims = real_claims(2)
    refund = review.ItemDecision(done_with.items.get(), "approve", 1, remedy="refund")
    review.decide(done_with, [refund], user=ana)
    resolutions.start(done_with.resolutions.get())
    resolutions.mark_executed(done_with.resolutions.get(), by="shopify", remote_reference="77")
    done_with.refresh_from_db()
    review.reopen(done_with, "The customer wrote again.", user=ana)
    drafted = bulk.draft(incident_of(claims, lea), "refund", user=lea)
    assert list(drafted.lines.values_list("claim_id", "state", "why")) == [
        (done_with.pk, "cannot", "Every unit of this claim has its remedy; reverse one first."),
        (other.pk, "decide", ""),
    ]


@pytest.mark.django_db
def test_above_the_limit_a_claim_is_put_before_another_lead():
    lea = lead(limit="100")
    claims = [*real_claims(1), *(real_claims(1, lines=[line("Teapot", 1, "400.00")]))]
    drafted = bulk.draft(incident_of(claims, lea), "refund", user=lea)
    assert bulk.figures(drafted) == {"decide": 1, "propose": 1}
    assert done(drafted, lea) == {"decided": 1, "proposed": 1}
    dear = claims[1]
    dear.refresh_from_db()
    assert (dear.state, dear.next_actor) == ("in_review", "lead")
    mia = lead("mia", limit=None)
    assert proposing.confirm(dear, user=mia).state == "decided"


@pytest.mark.django_db
def test_a_claim_that_changed_in_between_is_left_as_it_is():
    lea, ana = lead(), make_agent("ana", None)
    first, second, _ = claims = real_claims(3)
    drafted = bulk.draft(incident_of(claims, lea), "refund", user=lea)
    bulk.begin(drafted, user=lea)
    review.close(first, "arrived", user=ana)
    take(second, user=ana)
    assert bulk.carry_on(drafted, FOREVER)
    assert list(drafted.lines.values_list("state", "why")) == [
        ("skipped", "It was changed since; now it is closed."), ("skipped", "ana has taken it."), ("decided", ""),
    ]  # fmt: skip


@pytest.mark.django_db
def test_a_fault_in_one_claim_holds_up_no_other():
    lea, claims = lead(), real_claims(3)
    drafted = bulk.begin(bulk.draft(incident_of(claims, lea), "refund", user=lea), user=lea)
    Claim.objects.filter(pk=claims[0].pk).update(choices=["of no shape we know"])
    bulk.run()
    assert list(drafted.lines.values_list("state", "why")) == [
        ("skipped", "Something went wrong here; decide it by itself."), ("decided", ""), ("decided", ""),
    ]  # fmt: skip
    drafted.refresh_from_db()
    assert drafted.state == "done"


@pytest.mark.django_db
def test_claims_that_cannot_be_decided_take_no_room_from_those_that_can(monkeypatch):
    lea, (closed, other) = lead(), real_claims(2)
    review.close(closed, "arrived", user=lea)
    monkeypatch.setattr(bulk, "AT_ONCE", 1)
    drafted = bulk.draft(incident_of([closed, other], lea), "refund", user=lea)
    assert list(drafted.lines.values_list("claim_id", "state")) == [(other.pk, "decide")]


@pytest.mark.django_db
def test_each_is_given_what_they_asked_for():
    lea, claims = lead(), real_claims(2)
    Claim.objects.filter(pk=claims[0].pk).update(choices=[{"remedy": "store_credit"}])
    drafted = bulk.draft(incident_of(claims, lea), "", user=lea)
    assert list(drafted.lines.values_list("remedy", flat=True)) == ["store_credit", claims[1].rule.remedies[0]]


@pytest.mark.django_db
def test_who_may_not_and_what_may_not_be_begun():
    lea, mia = lead(), lead("mia")
    claims = real_claims(1)
    incident = incident_of(claims, lea)
    old = bulk.draft(incident, "refund", user=lea)
    new = bulk.draft(incident, "refund", user=lea)
    for drafted, user, code in ((old, lea, "no_draft"), (new, mia, "not_yours")):
        with pytest.raises(IncidentRefused) as refusal:
            bulk.begin(drafted, user=user)
        assert refusal.value.code == code
    with pytest.raises(IncidentRefused) as refusal:
        bulk.draft(incident, "exchange", user=lea)
    assert refusal.value.code == "invalid_remedy"
    bulk.begin(new, user=lea)
    with pytest.raises(IncidentRefused) as refusal:
        ruling.dismiss(incident, "No.", user=lea)
    assert refusal.value.code == "deciding"
    lea.groups.clear()  # she changed jobs before the clock came round
    bulk.run()
    assert list(new.lines.values_list("state", "why")) == [("skipped", "lea may no longer decide this.")]


@pytest.mark.django_db
def test_only_a_confirmed_incident_is_decided():
    lea = lead()
    incident = incident_of(real_claims(1), lea)
    Incident.objects.filter(pk=incident.pk).update(state="open")
    with pytest.raises(IncidentRefused) as refusal:
        bulk.draft(incident, "refund", user=lea)
    assert refusal.value.code == "not_confirmed"


@pytest.mark.django_db(transaction=True)
def test_two_workers_decide_each_claim_once():
    lea, claims = lead(), real_claims(6)
    drafted = bulk.begin(bulk.draft(incident_of(claims, lea), "refund", user=lea), user=lea)
    results = at_once(*[lambda: bulk.carry_on(drafted, FOREVER)] * 2)
    assert not [result for result in results if isinstance(result, Exception)]
    assert bulk.figures(drafted) == {"decided": 6}
    assert Decision.objects.count() == 6
    assert JournalEntry.objects.filter(action="incident.decided").count() == 1


@pytest.mark.django_db(transaction=True)
def test_killed_in_the_middle_each_claim_is_decided_once(tmp_path):
    lea, claims = lead(), real_claims(4)
    drafted = bulk.begin(bulk.draft(incident_of(claims, lea), "refund", user=lea), user=lea)
    assert not bulk.carry_on(drafted, FOREVER, most=1)
    (tmp_path / "claim.deciding").touch()  # ends the process while it decides the second one
    ended = subprocess.run(
        [sys.executable, "-c", "import django; django.setup(); from protection.incidents import bulk; bulk.run()"],
        env={**os.environ, "FAILPOINTS": str(tmp_path), "TEST_DATABASE_URL": _test_database(),
             "DJANGO_SETTINGS_MODULE": "backoffice.test_settings"},
        cwd=ROOT, capture_output=True, check=False,
    )  # fmt: skip
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    assert bulk.figures(drafted) == {"decided": 1, "decide": 3}
    bulk.run()
    assert bulk.figures(drafted) == {"decided": 4}
    assert Decision.objects.filter(item__claim__in=claims).count() == 4
    assert JournalEntry.objects.filter(action="claim.decided").count() == 4


def _test_database() -> str:
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
