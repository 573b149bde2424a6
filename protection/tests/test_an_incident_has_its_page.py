"""Agents see what was found; leads confirm it, look at one decision for all, and press it; Today and claims tell it."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from orders.tests.builders import line
from protection.incidents import bulk, finding, telling
from protection.incidents.chart import chart
from protection.models import Claim, CustomerMail, Decision, Incident, IncidentClaim, Message, Recovery
from protection.tests.builders import make_claim, make_covered_order
from protection.tests.carriers import make_recovery
from protection.tests.carriers import shipped as carried
from protection.tests.console import agent_client, claim_url
from protection.tests.faults import fault_with
from protection.tests.incidents import SENT, TODAY, past_claims, real_claims, shipped
from protection.tests.test_more_claims_than_usual_become_an_incident import usual_days
from protection.tests.test_the_claims_of_an_incident_are_decided_together import incident_of, lead

pytestmark = pytest.mark.django_db


def client_of(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def url(incident: Incident) -> str:
    return reverse("admin:protection_incident_change", args=[incident.pk])


def press(client: Client, incident: Incident, verb: str, **fields):
    return client.post(url(incident), {"verb": verb, **fields})


def shown(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_from_the_find_to_the_decision():
    lea = lead()
    client = client_of(lea)
    claims = real_claims(9)
    past_claims(claims[0].order.shop, usual_days)
    neighbour = shipped()
    (incident,) = finding.find(claims[0].order.shop, TODAY)
    sentence = "9 claims on DHL DE→FR shipped on 20 Nov; usual 0.5 a day"
    for path in ("/admin/", reverse("admin:protection_incident_changelist"), url(incident), claim_url(claims[3])):
        assert sentence in shown(client, path), path
    page = shown(client, url(incident))
    assert "<svg" in page
    assert neighbour.name in page.split("Orders at risk")[1]
    assert press(client, incident, "confirm").status_code == 302
    assert press(client, incident, "draft", remedy="refund", note="A fire.").status_code == 302
    page = shown(client, url(incident))
    assert "Nothing is decided yet" in page
    assert "360.00 USD" in page
    assert "Decide 9 claims" in page
    assert Decision.objects.count() == 0
    drafted = incident.bulks.get()
    assert press(client, incident, "begin", bulk=drafted.public_id).status_code == 302
    bulk.run()
    assert "Done" in shown(client, url(incident))
    assert Claim.objects.filter(pk__in=[claim.pk for claim in claims], outcome="approved").count() == 9
    assert press(client, incident, "close").status_code == 409  # the root cause first
    press(client, incident, "explain", cause="A fire in the depot at Lyon.", owner=lea.pk)
    assert press(client, incident, "close").status_code == 302
    incident.refresh_from_db()
    assert (incident.state, incident.owner, incident.ended_by) == ("closed", lea, lea)
    assert sentence not in shown(client, "/admin/")


def test_agents_look_and_press_nothing():
    incident = incident_of(real_claims(1))
    client = agent_client("ana")
    page = shown(client, url(incident))
    for button in ("dismiss", "explain", "announce", "draft", "begin", "close"):
        assert f'value="{button}"' not in page
        assert press(client, incident, button).status_code == 403
    assert incident.bulks.count() == 0


def test_what_was_pressed_too_late_says_so_and_breaks_nothing():
    lea, mia = lead(), lead("mia")
    incident = incident_of(real_claims(1), lea)
    press(client_of(lea), incident, "draft", remedy="refund")
    old = incident.bulks.get()
    press(client_of(mia), incident, "draft", remedy="refund")
    for answer in (
        press(client_of(lea), incident, "begin", bulk=old.public_id),
        press(client_of(lea), incident, "begin", bulk="blk_none"),
        press(client_of(lea), incident, "confirm"),
        press(client_of(lea), incident, "dismiss", why=" "),
        press(client_of(lea), incident, "draft", remedy="exchange"),
        press(client_of(lea), incident, "announce", text=""),
    ):
        assert answer.status_code == 409
    assert Decision.objects.count() == 0


def test_all_customers_are_told_once_also_those_who_come_later():
    lea, claims = lead(), real_claims(2)
    incident = incident_of(claims, lea)
    CustomerMail.objects.update_or_create(shop=claims[0].order.shop, defaults={"on": True})
    assert press(client_of(lea), incident, "announce", text="A fire at our carrier.").status_code == 302
    late = real_claims(1)[0]
    IncidentClaim.objects.create(incident=incident, claim=late)
    telling.run()
    telling.run()
    told = incident.members.order_by("pk").values_list("not_told", flat=True)
    assert list(told) == ["", "", ""]
    for claim in (*claims, late):
        assert Message.objects.filter(claim=claim, event="written").count() == 1


def test_a_fault_with_one_does_not_hold_up_the_others():
    lea, (broken, sound) = lead(), real_claims(2)
    incident = incident_of([broken, sound], lea)
    CustomerMail.objects.update_or_create(shop=sound.order.shop, defaults={"on": True})
    telling.announce(incident, "A fire at our carrier.", user=lea)
    with fault_with(broken.public_id):
        telling.run()
    assert Message.objects.get(event="written").claim == sound
    telling.run()
    assert set(Message.objects.filter(event="written").values_list("claim", flat=True)) == {broken.pk, sound.pk}


def test_two_claims_on_one_order_are_told_of_once():
    lea, order = lead(), shipped(lines=[line("Teapot", 1), line("Cup", 1, product_id=7)])
    CustomerMail.objects.update_or_create(shop=order.shop, defaults={"on": True})
    claims = [make_claim(order, title=title) for title in ("Teapot", "Cup")]
    incident = incident_of(claims, lea)
    telling.announce(incident, "A fire at our carrier.", user=lea)
    telling.run()
    assert Message.objects.filter(order=order, event="written").count() == 1
    assert list(incident.members.order_by("pk").values_list("not_told", flat=True)) == [
        "", "Told already, on another claim of the same order.",
    ]  # fmt: skip


def test_a_number_that_is_none_of_ours_names_nobody():
    lea = lead()
    incident = incident_of(real_claims(1), lea)
    assert press(client_of(lea), incident, "explain", cause="A fire.", owner="9" * 5000).status_code == 302
    incident.refresh_from_db()
    assert incident.owner is None


def test_the_drawing_and_its_table_say_the_same():
    claims = real_claims(6)
    past_claims(claims[0].order.shop, usual_days)
    (incident,) = finding.find(claims[0].order.shop, TODAY)
    incident.refresh_from_db()
    drawn = chart(incident, TODAY)
    worst = max(drawn.bars, key=lambda bar: bar.count)
    assert (worst.day, worst.count, worst.inside, worst.height) == (SENT, 6, True, 110.0)
    assert drawn.most < 6
    assert sum(bar.count for bar in drawn.bars) == 6 + sum(number for day, number in usual_days[:45])
    assert f"most on {SENT:%-d %b} with 6" in drawn.in_words


def test_the_page_costs_the_same_with_two_claims_or_twelve():
    client, lea = client_of(lead("mia")), lead()
    counts = []
    for number in (2, 12):
        claims = real_claims(number, lines=[line("Teapot", 1)])
        incident = incident_of(claims, lea)
        bulk.draft(incident, "refund", user=lea)
        with CaptureQueriesContext(connection) as queries:
            shown(client, url(incident))
        counts.append(len(queries))
        Incident.objects.filter(pk=incident.pk).update(cluster=f"other {number}")
    assert counts[0] == counts[1] <= 20


def test_its_parcels_are_filed_with_the_carrier_at_once():
    recoveries = [make_recovery(carried(make_covered_order(name=f"#70{number}"))) for number in range(2)]
    claims = [claim for recovery in recoveries for claim in recovery.claims.all()]
    incident = incident_of(claims)
    client = agent_client("tom")
    assert "2 parcels wait to be filed" in shown(client, url(incident))
    assert press(client, incident, "file", reference=" ").status_code == 409
    assert press(client, incident, "file", reference="B-17").status_code == 302
    assert {(one.state, one.reference) for one in Recovery.objects.all()} == {("filed", "B-17")}
    assert press(client, incident, "file", reference="B-18").status_code == 409
