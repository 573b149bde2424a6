"""The recovery desk: what ends next is first, each button is a POST, many are filed at once, carriers are entered."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from backoffice.console.roles import ensure_roles
from protection.models import Carrier, CarrierTerms, Recovery
from protection.recovery import ending, filing
from protection.tests.builders import make_agent, make_covered_order
from protection.tests.carriers import ANA, make_recovery, make_terms, recovery_in, shipped
from protection.tests.console import agent_client, claim_url

pytestmark = pytest.mark.django_db
LIST = "/admin/protection/recovery/"
TERMS = {
    "region": "any", "effective_from_0": "2020-01-01", "effective_from_1": "00:00:00", "opens_after": 3,
    "opens_from": "promised_date, ship_date", "closes_from": "ship_date", "closes_after": 30,
    "cover": "25", "cover_currency": "USD", "goods_at": "price", "cost_percent": "100", "label": "0",
    "reasons": "lost", "documents": "Invoice\nPhotos",
}  # fmt: skip


@pytest.fixture
def ana() -> Client:
    return agent_client("ana", None)


@pytest.fixture
def lea() -> Client:
    user = make_agent("lea", None)
    user.groups.set([ensure_roles()["lead"]])
    client = Client()
    client.force_login(user)
    return client


def url(recovery: Recovery) -> str:
    return reverse("admin:protection_recovery_change", args=[recovery.pk])


def press(client: Client, recovery: Recovery, verb: str, **fields: Any) -> Any:
    recovery.refresh_from_db()
    return client.post(url(recovery), {"verb": verb, "version": recovery.version, **fields})


def ends_in(recovery: Recovery, days: int) -> None:
    day = timezone.now() + timedelta(days=days)
    Recovery.objects.filter(pk=recovery.pk).update(deadline=day + timedelta(hours=12), last_day=day.date())


def several(number: int, **fields: Any) -> list[Recovery]:
    return [make_recovery(shipped(make_covered_order(name=f"#70{n}"), **fields)) for n in range(number)]


def test_what_ends_next_is_first_with_the_days_in_words(ana: Client) -> None:
    late, soon, today = several(3)
    for recovery, days in ((late, 30), (soon, 1), (today, 0)):
        ends_in(recovery, days)
    page = ana.get(LIST).content.decode()
    shown = [page.index(f">{name}<") for name in ("#702", "#701", "#700")]
    assert shown == sorted(shown)
    for words in ("today is the last day", "1 day left", "30 days left", "80.00 USD", "2 to file within 7 days"):
        assert words in page
    filing.file(late, actor=ANA)
    assert ">#700<" not in ana.get(LIST).content.decode()
    assert ">#700<" in ana.get(LIST + "?queue=carrier").content.decode()
    assert ">#700<" in ana.get(LIST + "?q=%23700").content.decode()
    Recovery.objects.filter(pk=late.pk).update(reference="C-9")
    assert ">#700<" in ana.get(LIST + "?q=C-9").content.decode()
    assert ">#700<" in ana.get(LIST + f"?q={late.public_id}").content.decode()
    assert ">#701<" not in ana.get(LIST + "?q=C-9").content.decode()
    assert ">#701<" in ana.get(LIST + f"?carrier={Carrier.objects.get(name='UPS').pk}").content.decode()
    assert ">#701<" not in ana.get(LIST + "?carrier=unknown").content.decode()


def test_expected_and_received_are_drawn_for_each_carrier(ana: Client) -> None:
    paid, _ = several(2)
    filing.file(paid, actor=ANA)
    filing.pay(paid, Decimal("30.00"), actor=ANA)
    page = ana.get(LIST).content.decode()
    assert 'aria-label="UPS: 30.00 USD received and 40.00 USD open of 80.00 USD expected"' in page
    assert '<rect class="came" width="37.5"' in page
    assert "<dt>Received, last 30 days</dt><dd>30.00 USD</dd>" in page
    assert "<dt>Still to come</dt><dd>40.00 USD</dd>" in page


def test_an_agent_takes_a_case_from_filing_to_payment(ana: Client) -> None:
    recovery = make_recovery()
    assert "file by" in ana.get(claim_url(recovery.claims.get())).content.decode()
    assert press(ana, recovery, "file", amount="39.50", reference="C-1", note="By phone").status_code == 302
    assert press(ana, recovery, "ask", asked="A photo").status_code == 302
    assert "A photo" in ana.get(url(recovery)).content.decode()
    assert press(ana, recovery, "inform", note="Sent").status_code == 302
    assert ana.get(url(recovery)).content.decode().count("Why more than claimed") == 2  # approved, and paid
    assert press(ana, recovery, "approve", amount="30,00").status_code == 302
    answer = press(ana, recovery, "pay", amount="50.00")
    assert (answer.status_code, "Only 39.50 USD were claimed" in answer.content.decode()) == (409, True)
    today = timezone.now().date().isoformat()
    assert press(ana, recovery, "pay", amount="30.00", paid_on=today).status_code == 302
    recovery.refresh_from_db()
    assert (recovery.state, recovery.received, recovery.reference) == ("paid", Decimal(30), "C-1")
    page = ana.get(url(recovery)).content.decode()
    assert "The carrier paid 30.00 USD" in page
    assert "30.00 USD received" in ana.get(claim_url(recovery.claims.get())).content.decode()


def test_only_a_lead_gives_up_and_opens_again(ana: Client, lea: Client) -> None:
    recovery = make_recovery()
    assert press(ana, recovery, "write_off", why="Small").status_code == 403
    assert 'value="write_off"' not in ana.get(url(recovery)).content.decode()
    assert press(lea, recovery, "write_off").status_code == 409
    assert press(lea, recovery, "write_off", why="Small").status_code == 302
    assert press(ana, recovery, "reopen", why="Look").status_code == 403
    assert press(lea, recovery, "reopen", why="Look").status_code == 302
    assert Recovery.objects.get().state == "eligible"


def test_a_stale_button_and_what_makes_no_sense_is_refused(ana: Client) -> None:
    recovery = make_recovery()
    for fields in ({"version": 99}, {"amount": "lots"}, {"reference": "x" * 256}, {"amount": "1", "currency": "usd!"}):
        answer = press(ana, recovery, "file", **fields)
        assert answer.status_code == 409, fields
    assert ana.get(url(recovery) + "?verb=file").status_code == 200
    assert Recovery.objects.get().state == "eligible"
    assert Client(enforce_csrf_checks=True).post(url(recovery), {"verb": "file"}).status_code in (302, 403)


def test_a_doubt_is_asked_on_the_page_and_answered_there(ana: Client) -> None:
    recovery = recovery_in("filed")
    Recovery.objects.filter(pk=recovery.pk).update(
        doubt="The parcel was delivered after all.", doubt_since=timezone.now()
    )
    assert "The parcel was delivered after all." in ana.get(url(recovery)).content.decode()
    assert "Withdraw?" in ana.get(LIST + "?queue=doubt").content.decode()
    assert press(ana, recovery, "keep").status_code == 409
    assert press(ana, recovery, "keep", why="It came broken").status_code == 302
    assert press(ana, recovery, "withdraw").status_code == 409


def test_many_are_filed_under_one_reference_and_each_refusal_is_said(ana: Client) -> None:
    ready = several(3)
    other = make_recovery(shipped(make_covered_order(name="#9"), company="FedEx"))
    ups = Carrier.objects.get(name="UPS")
    path = reverse("admin:protection_carrier_file", args=[ups.pk])
    page = ana.get(path).content.decode()
    assert (page.count('name="recovery"'), "#9<" in page) == (3, False)
    picked = [one.pk for one in (*ready[:2], other)]
    assert ana.post(path, {"verb": "file_many", "recovery": picked}).status_code == 409
    assert ana.post(path, {"verb": "file_many", "reference": "B-1"}).status_code == 409
    filing.file(ready[1], actor=ANA)
    answer = ana.post(path, {"verb": "file_many", "recovery": picked, "reference": "B-1"}, follow=True)
    said = answer.content.decode()
    assert "1 of 2 filed under B-1." in said
    assert "was not filed: It stands at “filed”" in said
    assert set(Recovery.objects.filter(reference="B-1")) == {ready[0]}
    assert Recovery.objects.get(pk=other.pk).state == "eligible"


def test_an_unknown_carrier_has_a_button_to_enter_it_and_its_terms(lea: Client) -> None:
    recovery = make_recovery(shipped(company="Pony & Sons"))
    page = lea.get(url(recovery)).content.decode()
    assert "The carrier&#x27;s terms are not known." in page
    add = reverse("admin:protection_carrier_add") + "?name=Pony%20%26%20Sons"
    assert f'href="{add}"' in page
    assert 'value="Pony &amp; Sons"' in lea.get(add).content.decode()
    assert lea.post(add, {"name": "Pony", "aliases": "U.P.S."}).status_code == 200  # that is another's name
    answer = lea.post(add, {"name": "Pony & Sons", "aliases": "Pony Express\n\nThe Ponies, Inc."})
    pony = Carrier.objects.get(name="Pony & Sons")
    assert pony.aliases == ["Pony Express", "The Ponies, Inc."]
    assert answer["Location"] == reverse("admin:protection_carrierterms_add") + f"?carrier={pony.pk}"
    fields = {**TERMS, "carrier": pony.pk}
    for wrong in ({"cover_currency": ""}, {"opens_from": "moonrise"}, {"reasons": ""}, {"cover": "-1"}):
        bad = lea.post(answer["Location"], {**fields, **wrong})
        assert (bad.status_code, CarrierTerms.objects.filter(carrier=pony).exists()) == (200, False), wrong
    assert lea.post(answer["Location"], fields, follow=True).status_code == 200
    recovery.refresh_from_db()
    assert (recovery.carrier, str(recovery.money(recovery.expected))) == (pony, "25.00 USD")
    assert recovery.terms is not None
    assert (recovery.terms.opens_from, recovery.terms.documents) == (
        ["promised_date", "ship_date"],
        ["Invoice", "Photos"],
    )
    change = reverse("admin:protection_carrierterms_change", args=[recovery.terms.pk])
    assert "promised_date, ship_date</textarea>" in lea.get(change).content.decode()


def test_terms_are_changed_until_something_was_filed_under_them(lea: Client) -> None:
    recovery = make_recovery(shipped(company="Parcelforce"))
    terms = make_terms()
    change = reverse("admin:protection_carrierterms_change", args=[terms.pk])
    assert 'name="_save"' in lea.get(change).content.decode()
    Recovery.objects.filter(pk=recovery.pk).update(terms=terms, carrier=terms.carrier)
    filing.file(recovery, actor=ANA, amount=Decimal(5))
    assert 'name="_save"' not in lea.get(change).content.decode()


def test_terms_that_are_given_to_another_carrier_leave_the_first(lea: Client) -> None:
    terms = make_terms()
    recovery = make_recovery(shipped(company="Parcelforce"))
    assert recovery.terms == terms
    change = reverse("admin:protection_carrierterms_change", args=[terms.pk])
    ups = Carrier.objects.get(name="UPS")
    assert lea.post(change, {**TERMS, "carrier": ups.pk, "service": "night"}).status_code == 302
    left = Recovery.objects.get(pk=recovery.pk)
    assert (left.carrier_id, left.terms_id, left.expected) == (terms.carrier_id, None, None)


def test_the_desk_counts_what_a_carrier_may_be_sent_in_every_currency(ana: Client) -> None:
    abroad, _ = several(2)
    Recovery.objects.filter(pk=abroad.pk).update(currency="EUR")
    page = ana.get(LIST).content.decode()
    assert page.count("File many with UPS") == 1
    assert 'File many with UPS <span class="c-dim">2</span>' in page


def test_an_agent_reads_terms_and_enters_none(ana: Client) -> None:
    assert ana.get(reverse("admin:protection_carrierterms_changelist")).status_code == 200
    assert ana.get(reverse("admin:protection_carrierterms_add")).status_code == 403
    assert ana.get(reverse("admin:protection_carrier_add")).status_code == 403


def test_today_tells_what_ends_this_week_and_what_ended_unfiled(ana: Client) -> None:
    assert "Money from carriers" not in ana.get("/admin/").content.decode()
    soon, over = several(2)
    ends_in(soon, 2)
    ends_in(over, -1)
    ending.run()
    page = ana.get("/admin/").content.decode()
    for words in ("Money from carriers", "2 days left", "Expired", "nothing was filed", "40.00 USD"):
        assert words in page


def test_who_may_not_see_recoveries_sees_none() -> None:
    recovery = make_recovery()
    user = User.objects.create_user("eve", password="a-long-password-for-tests", is_staff=True)
    client = Client()
    client.force_login(user)
    for path in (LIST, url(recovery), reverse("admin:protection_carrier_file", args=[recovery.carrier_id])):
        assert client.get(path).status_code == 403
    assert client.post(url(recovery), {"verb": "file", "version": 1}).status_code == 403
