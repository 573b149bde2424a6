"""A planted cluster is found, once; noise is not; and what fits joins."""

import math
import random
from datetime import timedelta

import pytest

from backoffice.tests.at_once import at_once
from orders.models import Fulfillment, JournalEntry, Shop
from orders.tests.builders import make_shop, story
from protection.incidents import finding, ruling
from protection.incidents.at_risk import orders_at_risk
from protection.incidents.chance import ALARM, AT_LEAST, chance, most_by_chance
from protection.models import Incident
from protection.tests.builders import make_agent
from protection.tests.incidents import SENT, TODAY, past_claims, real_claims, shipped

usual_days = [(SENT - timedelta(days=back), back % 2) for back in range(1, 91)]  # a claim every other day


@pytest.fixture
def shop(db):
    shop = make_shop()
    past_claims(shop, usual_days)
    return shop


def test_a_planted_cluster_is_found_and_told_in_words(shop):
    claims = real_claims(9)
    shipped()  # its customer has not claimed yet
    (incident,) = finding.find(shop, TODAY)
    assert (incident.kind, incident.state, incident.days) == ("lane", "open", ["2026-11-20"])
    assert incident.sentence.startswith(
        "9 claims on DHL DE→FR shipped on 20 Nov; usual 0.5 a day: by chance less than once in"
    )
    incident.refresh_from_db()
    assert incident.count == 9
    assert {member.claim_id for member in incident.members.all()} == {claim.pk for claim in claims}
    assert [action for action, _ in story(claims[0].order)][-1] == "incident.claim_added"
    assert JournalEntry.objects.get(action="incident.opened").facts["claims"] == 9
    assert orders_at_risk(incident).count() == 1


def test_a_second_look_finds_nothing_new_and_late_claims_join(shop):
    real_claims(9)
    finding.run(TODAY)
    finding.run(TODAY)
    incident = Incident.objects.get()
    late = real_claims(1)[0]
    real_claims(1, carrier="UPS")
    finding.run(TODAY)
    incident.refresh_from_db()
    assert incident.count == 10
    assert incident.members.filter(claim=late).exists()
    assert JournalEntry.objects.filter(action="incident.claim_added").count() == 10


def test_an_incident_that_did_not_change_is_not_written_again(shop):
    real_claims(9)
    finding.run(TODAY)
    before = Incident.objects.get().updated_at
    finding.run(TODAY)
    assert Incident.objects.get().updated_at == before  # partners ask for what changed since


def test_a_fault_in_one_store_holds_up_no_other(shop):
    real_claims(9)
    older = make_shop("broken.myshopify.com")
    past_claims(older, [(TODAY, 1)])
    Incident.objects.create(shop=older, kind="item", cluster="item:", count=0, usual=1, chance=0, sentence="No days.")
    Shop.objects.filter(pk=shop.pk).update(domain="zzz.myshopify.com")
    finding.run(TODAY)
    assert Incident.objects.get(shop=shop).count == 9


def test_the_next_day_of_the_same_lane_is_the_same_incident(shop):
    real_claims(9)
    finding.run(TODAY)
    real_claims(8, SENT + timedelta(days=1))
    finding.run(TODAY)
    incident = Incident.objects.get()
    assert incident.days == ["2026-11-20", "2026-11-21"]
    assert incident.count == 17


@pytest.mark.django_db(transaction=True)
def test_two_who_look_at_once_find_it_once():
    shop = make_shop()
    past_claims(shop, usual_days)
    real_claims(9)
    results = at_once(*[lambda: finding.find(shop, TODAY)] * 2)
    assert not [result for result in results if isinstance(result, Exception)]
    assert sorted(len(new) for new in results) == [0, 1]
    assert Incident.objects.get().count == 9
    assert JournalEntry.objects.filter(action="incident.opened").count() == 1
    assert JournalEntry.objects.filter(action="incident.claim_added").count() == 9


def test_a_day_with_many_parcels_brings_many_claims(db):
    shop = make_shop()
    past_claims(shop, [(SENT - timedelta(days=back), 1) for back in (9, 20, 50, 90)])
    for back in range(1, 11):
        shipped(SENT - timedelta(days=back))
    for _ in range(15):
        shipped()
    real_claims(5)
    assert finding.find(shop, TODAY) == []  # 20 parcels that day, 10 in the 90 days before
    Fulfillment.objects.filter(order__claims=None).update(tracking_company="UPS")
    assert len(finding.find(shop, TODAY)) == 1


def test_a_dismissed_cluster_is_not_proposed_again_for_the_same_claims(shop):
    real_claims(9)
    (incident,) = finding.find(shop, TODAY)
    ruling.dismiss(incident, "A test of the warehouse.", user=make_agent("lea"))
    assert finding.find(shop, TODAY) == []
    real_claims(9)
    (again,) = finding.find(shop, TODAY)
    again.refresh_from_db()
    assert again.count == 9


def test_a_store_that_is_new_has_no_usual_rate(db):
    shop = make_shop()
    past_claims(shop, [(TODAY - timedelta(days=20), 1)])
    real_claims(9)
    assert finding.find(shop, TODAY) == []


def test_an_item_that_breaks_is_found_wherever_it_was_sent(shop):
    fresh = [(TODAY - timedelta(days=back), 1) for back in range(9)]
    past_claims(shop, fresh, reason="damaged", skus=["VASE"], carrier="", location_id=7)
    (incident,) = finding.find(shop, TODAY)
    assert (incident.kind, incident.sku, incident.location_id, incident.reason) == ("item", "VASE", 7, "damaged")
    assert incident.sentence.startswith("9 claims on VASE from location 7 (damaged) in 14 days; usual 0.2")
    incident.refresh_from_db()
    assert incident.count == 9


def test_noise_is_no_incident(db, capsys):
    """Poisson noise on 20 lanes over 150 days: how often a day of a lane is proposed although nothing happened."""
    shop, dice = make_shop(), random.Random(26_11)
    rates = {f"C{number}": dice.choice([0.05, 0.2, 0.5, 1.0, 2.0, 4.0]) for number in range(20)}
    past_claims(shop, [(TODAY - timedelta(days=160), 1)])
    for carrier, rate in rates.items():
        days = [(TODAY - timedelta(days=back), _poisson(dice, rate)) for back in range(150)]
        past_claims(shop, days, carrier=carrier, skus=[f"S-{carrier}"], reason="damaged")
    looked_at = 20 * 61 + 20  # days of shipping, and one look at each item
    found = finding.find(shop, TODAY)
    with capsys.disabled():
        print(f"\nNoise: {len(found)} of {looked_at:,} clusters were proposed by chance; promised {ALARM}.")
    assert len(found) <= 1


@pytest.mark.parametrize("days, most", [(1, 0.75e-4), (14, 2.6e-4)])
def test_false_alarms_are_as_rare_as_the_guide_says(days, most):
    """Worked out, not drawn: over every number of claims that 90 days of a rate may bring, as the finder reckons."""
    worst = max(_false_alarms(rate, days) for rate in (0.05, 0.2, 0.5, 1.0, 2.0, 4.0, 10.0))
    assert worst < most


def test_the_chance_is_that_of_poisson():
    assert chance(0, 2.0) == 1.0
    assert chance(1, 2.0) == pytest.approx(1 - math.exp(-2))
    assert chance(5, 1.0) == pytest.approx(0.003659847)
    assert chance(60, 1.0) < 1e-80
    assert most_by_chance(1.2) == 4


def _false_alarms(rate: float, days: int) -> float:
    whole, found = rate * 90, 0.0
    for before in range(int(whole + 10 * math.sqrt(whole) + 10)):
        usual = (before + 1) / 90 * days
        alarm = next(count for count in range(AT_LEAST, 1000) if chance(count, usual) <= ALARM)
        found += math.exp(-whole + before * math.log(whole) - math.lgamma(before + 1)) * chance(alarm, rate * days)
    return found


def _poisson(dice: random.Random, rate: float) -> int:
    """Knuth's way: how many events of this rate fall into one day."""
    left, number = math.exp(-rate), -1
    product = 1.0
    while product > left:
        product *= dice.random()
        number += 1
    return max(number, 0)
