"""Rules of reasons: dated, of a shop or of all, never changed once in force, and said in plain words."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from orders.models import Shop
from orders.tests.builders import NOON, make_order, make_shop
from protection import default_rules
from protection.models import Claim, ReasonRule
from protection.models.reason_rule import NEEDS
from protection.rules import rule_for, rule_text, rules_for

pytestmark = pytest.mark.django_db


def make_rule(shop: Shop | None = None, **fields: Any) -> ReasonRule:
    defaults = {
        "reason": "lost", "number": 2, "effective_from": NOON, "anchors": ["last_scan"], "remedies": ["refund"],
        "earliest_domestic": 3, "earliest_international": 9,
    }  # fmt: skip
    return ReasonRule.objects.create(shop=shop, **{**defaults, **fields})


def test_every_reason_has_a_default_rule_that_is_well_formed() -> None:
    rules = rules_for(make_shop(), timezone.now())
    assert list(rules) == Claim.Reason.values
    for rule in rules.values():
        rule.full_clean()
        assert rule_text(rule).endswith(".")


def test_seeding_again_adds_nothing() -> None:
    before = ReasonRule.objects.count()
    default_rules.ensure()
    assert ReasonRule.objects.count() == before == len(Claim.Reason.values)


def test_the_version_of_the_orders_day_applies_and_not_todays() -> None:
    new = make_rule(effective_from=NOON - timedelta(days=1))
    make_rule(number=3, effective_from=NOON + timedelta(days=1))
    before = make_order(created_at=NOON - timedelta(days=2))
    assert rule_for(make_order(), "lost") == new
    first = rule_for(before, "lost")
    assert first is not None
    assert first.number == 1


def test_a_shops_own_rule_goes_before_everybodys_even_a_newer_one() -> None:
    mine = make_rule(make_shop(), number=1, effective_from=NOON - timedelta(days=5))
    make_rule(effective_from=NOON - timedelta(days=1))
    assert rule_for(make_order(), "lost") == mine
    other = rule_for(make_order(shop=make_shop("other.myshopify.com")), "lost")
    assert other is not None
    assert other.shop is None


@pytest.mark.parametrize(
    "verb", ["UPDATE protection_reasonrule SET latest_domestic = 9", "DELETE FROM protection_reasonrule"]
)
def test_a_rule_in_force_cannot_be_changed_or_deleted(verb: str) -> None:
    rule = make_rule()
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"{verb} WHERE id = %s", [rule.pk])


def test_a_draft_may_still_be_changed_and_deleted() -> None:
    rule = make_rule(effective_from=timezone.now() + timedelta(days=1))
    rule.latest_domestic = 9
    rule.save()
    rule.delete()
    assert not ReasonRule.objects.filter(number=2).exists()


@pytest.mark.parametrize("fields", [{"number": 1}, {"effective_from": default_rules.BEGIN}])
def test_a_number_and_a_day_are_used_once(fields: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match="reason_rule_"), transaction.atomic():
        make_rule(**fields)


@pytest.mark.parametrize(
    "field, value",
    [
        ("anchors", []), ("anchors", ["yesterday"]), ("anchors", ["last_scan", "last_scan"]), ("anchors", "last_scan"),
        ("remedies", ["a car"]), ("remedies", [{}]), ("questions", [1]), ("questions", {}),
        ("evidence", 5), ("evidence", [{"from": "x", "needs": []}]), ("evidence", [{"needs": []}]),
        ("evidence", [{"from": "NaN", "needs": []}]), ("evidence", [{"from": "-1", "needs": []}]),
        ("evidence", [{"from": "0", "needs": ["blood"]}]),
        ("evidence", [{"from": "5", "needs": []}, {"from": "5", "needs": []}]),
    ],
)  # fmt: skip
def test_what_a_merchant_mistypes_is_named(field: str, value: Any) -> None:
    rule = make_rule(effective_from=datetime(2999, 1, 1, tzinfo=UTC))
    setattr(rule, field, value)
    with pytest.raises(ValidationError) as caught:
        rule.full_clean()
    assert set(caught.value.message_dict) == {field}


@pytest.mark.parametrize("value, needs", [("0", ["photo"]), ("149.99", ["photo"]), ("150", 3), ("9999", 3)])
def test_dearer_claims_need_more_proof(value: str, needs: Any) -> None:
    rule = rule_for(make_order(), "damaged")
    assert rule is not None
    found = rule.needs(Decimal(value))
    assert found == needs or len(found) == needs
    assert set(found) <= set(NEEDS)


def test_the_rule_says_itself_in_plain_words() -> None:
    rule = rule_for(make_order(), "lost")
    assert rule is not None
    assert rule_text(rule) == (
        "From 7 days (20 days to another country) until 60 days after the last scan, or from 48 hours after the"
        " promised delivery date where that is sooner. Where that is not known, the days count from the promised"
        " delivery date or the day it was sent. Proof: none; from 300 on a signed declaration. What you can get, in"
        " this order: a replacement, another item instead, a refund, store credit or a gift card. Money back means the"
        " price you paid, the tax on it and shipping."
    )


def test_another_rule_has_other_words() -> None:
    rule = rule_for(make_order(), "wrong_item")
    assert rule is not None
    assert rule_text(rule).startswith(
        "At once, until 30 days after the delivery scan. Proof: a photo of the item; from"
    )
    assert "The goods must be sent back first." in rule_text(rule)
