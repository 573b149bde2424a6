"""Conditions are data of a small vocabulary: what is not of it is refused, and the refusal says where."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from orders.money import Money
from protection.models import RoutingRule, RoutingVersion
from protection.risk.facts import Alike, Facts, Scan, Twin
from protection.routing import rules
from protection.routing.actions import sentence
from protection.routing.conditions import RuleInvalid, checked, holds
from protection.routing.vocabulary import FIELDS, OPERATORS_OF, Kind
from protection.tests.routing import LOST, asks, make_draft

NOW = timezone.now()
KNOWN = Facts(
    claim=1, at=NOW, shop=1, customer_id=5, reason="damaged", value=Money(Decimal("80"), "USD"), items=2, units=3,
    skus=frozenset({"mug"}), tags=frozenset({"vip"}), country="DE", city="Bonn", zip="53111",
    return_needed=False, basis="covered", customer=Alike(3, 7), customer_approved=2,
    first_order_at=NOW - timedelta(days=400),
    usual=Money(Decimal("40"), "USD"), photos=1, twin=Twin(9, True), carriers=frozenset({"dhl"}),
    last_scan=Scan("delivered", NOW - timedelta(days=5)),
    delivered=Scan("delivered", NOW - timedelta(days=5), "Köln", "50667", "DE"), replacements=1, dispute="chargeback",
)  # fmt: skip
UNKNOWN = replace(
    KNOWN, country="", customer_id=None, basis=None, first_order_at=None, usual=None, carriers=frozenset(),
    last_scan=None, delivered=None,
)  # fmt: skip


@pytest.mark.parametrize(
    "condition, code, pointer",
    [
        (asks("colour", "is", True), "unknown_field", "/conditions/1/field"),
        ({**LOST, "field": ["reason"]}, "unknown_field", "/conditions/1/field"),
        (asks("reason", "at_least", 3), "unknown_operator", "/conditions/1/operator"),
        (asks("value", "denies", "3"), "unknown_operator", "/conditions/1/operator"),
        (asks("reason", "one_of", ["bored"]), "invalid_value", "/conditions/1/value"),
        (asks("reason", "one_of", []), "invalid_value", "/conditions/1/value"),
        (asks("reason", "one_of", "lost"), "invalid_value", "/conditions/1/value"),
        (asks("value", "at_most", "much"), "invalid_value", "/conditions/1/value"),
        (asks("value", "at_most", "NaN"), "invalid_value", "/conditions/1/value"),
        (asks("value", "at_most", "-1"), "invalid_value", "/conditions/1/value"),
        (asks("value", "at_most", "1e300"), "invalid_value", "/conditions/1/value"),
        (asks("value", "at_most", "0.00001"), "invalid_value", "/conditions/1/value"),
        (asks("value", "at_most", "1e-999999999"), "invalid_value", "/conditions/1/value"),
        (asks("value", "at_most", 1.5), "invalid_value", "/conditions/1/value"),
        (asks("units", "at_least", "1.5"), "invalid_value", "/conditions/1/value"),
        (asks("units", "at_least", True), "invalid_value", "/conditions/1/value"),
        (asks("photo", "is", "yes"), "invalid_value", "/conditions/1/value"),
        (asks("country", "one_of", ["Germany"]), "invalid_value", "/conditions/1/value"),
        (asks("country", "one_of", ["ÄÖ"]), "invalid_value", "/conditions/1/value"),
        (asks("sku", "one_of", ["x" * 256]), "invalid_value", "/conditions/1/value"),
        (asks("sku", "one_of", ["a\x00b"]), "invalid_value", "/conditions/1/value"),
        (asks("sku", "one_of", [""]), "invalid_value", "/conditions/1/value"),
        (asks("tag", "one_of", ["x"] * 201), "invalid_value", "/conditions/1/value"),
        ({"field": "reason", "operator": "one_of"}, "invalid_condition", "/conditions/1"),
        ("reason", "invalid_condition", "/conditions/1"),
    ],
)
def test_a_condition_that_is_wrong_is_refused_with_a_pointer(condition, code, pointer):
    with pytest.raises(RuleInvalid) as refused:
        checked([LOST, condition])
    assert (refused.value.code, refused.value.pointer) == (code, pointer)
    assert len(str(refused.value)) > 15


@pytest.mark.parametrize("conditions", [None, {}, "all", [LOST] * 21])
def test_conditions_are_a_list_of_at_most_twenty(conditions):
    with pytest.raises(RuleInvalid) as refused:
        checked(conditions)
    assert refused.value.pointer == "/conditions"


@pytest.mark.parametrize(
    "condition, expected",
    [
        (asks("reason", "one_of", ["lost", "damaged"]), True),
        (asks("reason", "none_of", ["lost", "damaged"]), False),
        (asks("value", "at_most", "80"), True),
        (asks("value", "at_least", "80.01"), False),
        (asks("items", "at_least", 2), True),
        (asks("units", "at_most", 2), False),
        (asks("sku", "one_of", ["MUG", "x"]), True),
        (asks("sku", "none_of", ["x"]), True),
        (asks("tag", "one_of", ["VIP"]), True),
        (asks("carrier", "none_of", ["DHL"]), False),
        (asks("country", "one_of", ["DE"]), True),
        (asks("customer_claims", "at_least", 3), True),
        (asks("customer_approved", "at_most", 1), False),
        (asks("address_claims", "at_most", 0), True),
        (asks("phone_claims", "at_least", 1), False),
        (asks("email_claims", "at_most", 0), True),
        (asks("customer_days", "at_least", 400), True),
        (asks("percent_of_usual", "at_least", 200), True),
        (asks("days_since_scan", "at_most", 5), True),
        (asks("photo", "is", True), True),
        (asks("photo_used_before", "is", False), False),
        (asks("delivered_elsewhere", "is", True), True),
        (asks("replacement", "is", True), True),
        (asks("dispute_open", "is", True), True),
        (asks("basis", "one_of", ["covered"]), True),
    ],
)
def test_a_condition_asks_what_it_says(condition, expected):
    assert holds(checked([condition])[0], KNOWN) is expected


def test_every_field_is_tried_above():
    tried = {mark.args[1][place][0]["field"] for mark in test_a_condition_asks_what_it_says.pytestmark
             for place in range(len(mark.args[1]))}  # fmt: skip
    assert tried == set(FIELDS)


@pytest.mark.parametrize(
    "name", ["country", "basis", "customer_claims", "customer_days", "percent_of_usual", "carrier", "days_since_scan",
             "delivered_elsewhere"],
)  # fmt: skip
def test_what_is_not_known_fits_no_condition_whichever_way_it_asks(name):
    values = {Kind.CHOICE: ["covered"], Kind.COUNTRY: ["DE"], Kind.TEXTS: ["dhl"], Kind.NUMBER: 0}
    kind = FIELDS[name].kind
    for operator in OPERATORS_OF[kind]:
        for value in [True, False] if kind == Kind.YES_OR_NO else [values[kind]]:
            assert not holds(checked([asks(name, operator, value)])[0], UNKNOWN)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "said, code, pointer",
    [
        ({"conditions": []}, "approves_everything", "/conditions"),
        ({"cap_claim": None}, "cap_missing", "/cap_claim"),
        ({"cap_day": ""}, "cap_missing", "/cap_day"),
        ({"cap_customer": "0"}, "invalid_cap", "/cap_customer"),
        ({"cap_customer": "-5"}, "invalid_cap", "/cap_customer"),
        ({"cap_claim": "1.001"}, "invalid_cap", "/cap_claim"),
        ({"cap_claim": "NaN"}, "invalid_cap", "/cap_claim"),
        ({"cap_claim": "lots"}, "invalid_cap", "/cap_claim"),
        ({"priority": -1}, "invalid_priority", "/priority"),
        ({"priority": 10_000}, "invalid_priority", "/priority"),
        ({"settings": {"remedy": "goodwill"}}, "unknown_remedy", "/settings/remedy"),
        ({"settings": {"colour": 1}}, "unknown_setting", "/settings/colour"),
        ({"settings": []}, "invalid_settings", "/settings"),
        ({"action": "suggest_deny"}, "unknown_action", "/action"),
        ({"action": "ask", "settings": {"asked": [" "]}}, "nothing_asked", "/settings/asked"),
        ({"action": "hold", "settings": {}}, "held_for_nothing", "/settings/days"),
        ({"action": "hold", "settings": {"days": 0}}, "invalid_days", "/settings/days"),
        ({"action": "assign", "settings": {}}, "nobody", "/settings"),
        ({"action": "assign", "settings": {"user": 0}}, "unknown_person", "/settings/user"),
        ({"action": "flag", "settings": {"words": ""}}, "no_words", "/settings/words"),
    ],
)
def test_a_rule_that_lacks_something_is_refused_and_nothing_is_kept(said, code, pointer):
    rule = RoutingRule.objects.create(name="New")
    whole = {"action": "approve", "conditions": [LOST], "settings": {}, "cap_claim": "1", "cap_customer": "1",
             "cap_day": "1"}  # fmt: skip
    with pytest.raises(RuleInvalid) as refused:
        rules.write_draft(rule, rules.Draft(**{**whole, **said}), by="staff:lea")
    assert (refused.value.code, refused.value.pointer) == (code, pointer)
    assert not RoutingVersion.objects.exists()


@pytest.mark.django_db
def test_claims_are_never_given_to_somebody_who_is_no_staff():
    outsider = User.objects.create_user("outsider")
    with pytest.raises(RuleInvalid):
        make_draft(action="assign", settings={"user": outsider.pk})


@pytest.mark.django_db
def test_a_rule_never_begins_or_ends_in_the_past():
    draft, past = make_draft(), timezone.now() - timedelta(minutes=1)
    with pytest.raises(RuleInvalid) as refused:
        rules.publish(draft, by="staff:lea", effective_from=past)
    assert refused.value.pointer == "/effective_from"
    with pytest.raises(RuleInvalid, match="nothing to end"):
        rules.end(draft, by="staff:lea")
    version = rules.publish(draft, by="staff:lea")
    with pytest.raises(RuleInvalid) as refused:
        rules.end(version, by="staff:lea", at=past)
    assert refused.value.pointer == "/ends_at"


@pytest.mark.django_db
def test_who_a_rule_gives_claims_to_is_looked_for_again_when_it_is_published():
    person = User.objects.create_user("ben", is_staff=True)
    draft = make_draft(action="assign", settings={"user": person.pk})
    person.delete()
    with pytest.raises(RuleInvalid) as refused:
        rules.publish(draft, by="staff:lea")
    assert refused.value.code == "unknown_person"


@pytest.mark.django_db
def test_a_rule_is_one_sentence():
    version = make_draft(LOST, asks("value", "at_most", "50"), asks("photo_used_before", "is", False))
    assert sentence(version) == (
        "When the reason is lost in transit and the claim's value is at most 50 and no photo was used in another "
        "claim before, approve the claim with a replacement, up to 100 a claim, 150 a customer in a year, 500 a day."
    )
    hold = make_draft(asks("country", "none_of", ["US", "CA"]), name="Abroad", action="hold")
    assert sentence(hold) == "When the destination is not US and not CA, hold the claim for 3 days for a lead."
