"""A rule approves at most so much a claim, a customer and a day, however many claims come at the same moment."""

import random
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from backoffice.tests.at_once import at_once
from orders.snapshot import CustomerSnapshot
from orders.tests.builders import line, make_shop, next_id
from protection.models import Claim, Routing
from protection.routing import running
from protection.tests.builders import make_claim, make_covered_order, make_plan
from protection.tests.routing import make_rule, route


def claim_worth(price: str, customer: CustomerSnapshot | None = None) -> Claim:
    fields = {"customer": customer} if customer else {}
    return make_claim(make_covered_order(line("Teapot", price=price), **fields))


def somebody(name: str = "Zoë") -> CustomerSnapshot:
    return CustomerSnapshot(next_id(), f"{name}@example.com", first_name=name)


@pytest.mark.django_db
def test_a_claim_above_the_cap_of_a_claim_is_left_to_a_person():
    make_rule(cap_claim="39.99")
    row = route(claim_worth("40.00"))
    assert (row.result, row.why, row.claim.state) == ("left", "cap_claim", "in_review")


@pytest.mark.django_db
def test_a_customer_is_approved_up_to_the_cap_by_all_versions_together():
    zoe = somebody()
    make_rule(cap_customer="100")
    assert route(claim_worth("60.00", zoe)).result == "acted"
    make_rule(cap_customer="100")
    row = route(claim_worth("60.00", zoe))
    assert (row.result, row.why) == ("left", "cap_customer")
    assert route(claim_worth("60.00", somebody("Ann"))).result == "acted"


@pytest.mark.django_db
def test_the_cap_of_a_day_counts_the_last_24_hours_of_the_shop():
    make_rule(cap_claim="60", cap_customer="60", cap_day="100")
    first = route(claim_worth("60.00", somebody("A")))
    row = route(claim_worth("60.00", somebody("B")))
    assert (row.result, row.why) == ("left", "cap_day")
    Routing.objects.filter(pk=first.pk).update(at=timezone.now() - timedelta(hours=24))
    assert route(claim_worth("60.00", somebody("C"))).result == "acted"


@pytest.mark.django_db
def test_a_dry_run_counts_its_own_would_be_approvals_against_the_caps():
    make_rule(dry_run=True, cap_day="100")
    for customer in ("A", "B"):
        route(claim_worth("60.00", somebody(customer)))
    assert list(Routing.objects.order_by("id").values_list("result", "why")) == [("would", ""), ("left", "cap_day")]


@pytest.mark.django_db
def test_the_database_refuses_what_would_pass_a_cap():
    version = make_rule(cap_claim="60", cap_day="100")
    done = route(claim_worth("60.00", somebody("A")))
    other = claim_worth("60.00", somebody("B"))
    fields = {"claim": other, "version": version, "rule": version.rule, "shop": other.order.shop,
              "customer": other.order.customer, "action": "approve", "result": "acted", "currency": "USD"}  # fmt: skip
    for amount in ("40.01", "60.01"):
        with pytest.raises(IntegrityError, match="never approves more"), transaction.atomic():
            Routing.objects.create(amount=Decimal(amount), **fields)
    with pytest.raises(IntegrityError, match="never approves more"), transaction.atomic():
        Routing.objects.create(amount=Decimal("1"), **{**fields, "customer": None})
    assert done.amount == 60


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", range(3))
def test_claims_at_the_same_moment_never_pass_a_cap_together(seed):
    draw = random.Random(seed)
    make_shop()
    make_plan()
    people = [somebody(f"p{number}") for number in range(2)]
    make_rule(cap_claim="50", cap_customer="90", cap_day="150")
    claims = [claim_worth(f"{draw.randrange(10, 60)}.00", draw.choice(people)) for _ in range(8)]
    draw.shuffle(claims)
    at_once(*(lambda claim=claim: running.route(claim, timezone.now()) for claim in claims))
    rows = list(Routing.objects.filter(result="acted"))
    assert len(rows) >= 2
    assert Routing.objects.count() == 8
    assert sum(row.amount for row in rows) <= 150
    for customer in {row.customer_id for row in rows}:
        assert sum(row.amount for row in rows if row.customer_id == customer) <= 90
    assert max(row.amount for row in rows) <= 50
    decided = Claim.objects.filter(state="decided").values_list("pk", flat=True)
    assert set(decided) == {row.claim_id for row in rows}
    # Nothing was left out that still fits: what is left passes one cap or another.
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM protection_routing WHERE result = 'left' AND why NOT LIKE 'cap_%%'")
        assert cursor.fetchone() == (0,)
