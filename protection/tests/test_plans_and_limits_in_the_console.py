"""Set-up of the guarantee: versions that are law once they began, and limits nobody sets for themselves."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from backoffice.console.roles import ensure_roles
from protection.models import ApprovalLimit, PlanVersion, ReasonRule
from protection.tests.builders import make_agent, make_plan
from protection.tests.console import agent_client

pytestmark = pytest.mark.django_db
ADD = "/admin/protection/planversion/add/"


@pytest.fixture
def lead() -> Client:
    user = make_agent("lea")
    user.groups.set([ensure_roles()["lead"]])
    client = Client()
    client.force_login(user)
    return client


def form(version: PlanVersion, start, **fields) -> dict[str, str]:
    return {
        "plan": str(version.plan_id),
        "effective_from_0": f"{start:%Y-%m-%d}",
        "effective_from_1": f"{start:%H:%M:%S}",
        "pricing": "flat",
        "fee_base": "after",
        "pro_rata": "proposed",
        "flat_fee": "2.00",
        "currency": "USD",
        "tiers": "[]",
        "fee_skus": '["PROTECT"]',
        "fee_product_ids": "[]",
        "fee_variant_ids": "[]",
        "consent_attribute": "protection_consent",
        **fields,
    }


def test_a_lead_adds_the_next_version(lead):
    version = make_plan()
    answer = lead.post(ADD, form(version, timezone.now() + timedelta(days=1)))
    assert answer.status_code == 302
    assert PlanVersion.objects.get(pricing="flat").number == version.number + 1


def test_a_version_cannot_begin_in_the_past(lead):
    version = make_plan()
    answer = lead.post(ADD, form(version, timezone.now() - timedelta(days=1)))
    assert answer.status_code == 200
    assert "must start in the future" in answer.content.decode()
    assert PlanVersion.objects.count() == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"tiers": '[{"from": "0"}]'},
        {"tiers": '[{"from": "much", "fee": "1.00"}]'},
        {"tiers": '[{"from": "50", "fee": "2.00"}, {"from": "0", "fee": "1.00"}]'},
        {"tiers": "5"},
        {"fee_variant_ids": '["99"]'},
        {"fee_variant_ids": '{"99": true}'},
        {"fee_product_ids": "[true]"},
        {"excluded_tags": "5"},
        {"fee_skus": "null"},
        {"flat_fee": "-1"},
    ],
)
def test_a_version_that_no_cart_could_be_priced_by_is_refused(lead, fields):
    start = timezone.now() + timedelta(days=1)
    answer = lead.post(ADD, form(make_plan(), start, **fields))
    assert answer.status_code == 200  # the form is shown again
    assert PlanVersion.objects.count() == 1


def test_a_version_with_tiers_and_lists_is_taken(lead):
    tiers = '[{"from": "0", "fee": "0.98"}, {"from": "50", "fee": "1.95"}]'
    fields = {"pricing": "tiers", "tiers": tiers, "fee_variant_ids": "[99]", "excluded_tags": '["heavy"]'}
    assert lead.post(ADD, form(make_plan(), timezone.now() + timedelta(days=1), **fields)).status_code == 302


def test_a_version_that_began_is_not_changed(lead):
    version = make_plan()
    url = f"/admin/protection/planversion/{version.pk}/change/"
    assert 'name="_save"' not in lead.get(url).content.decode()
    assert lead.post(url, form(version, timezone.now() + timedelta(days=1))).status_code == 403
    version.refresh_from_db()
    assert version.pricing == "percent"


def test_a_version_of_the_future_may_still_be_changed(lead):
    make_plan()
    version = make_plan(effective_from=timezone.now() + timedelta(days=5))
    url = f"/admin/protection/planversion/{version.pk}/change/"
    assert lead.post(url, form(version, timezone.now() + timedelta(days=9))).status_code == 302
    version.refresh_from_db()
    assert version.pricing == "flat"


def test_an_agent_adds_no_version():
    version = make_plan()
    assert agent_client().post(ADD, form(version, timezone.now() + timedelta(days=1))).status_code == 403


def test_a_lead_sets_the_limit_of_others_not_their_own(lead):
    agents = ApprovalLimit.objects.get(group__name="agent")
    own = ApprovalLimit.objects.create(group=Group.objects.get(name="lead"), amount=500)
    for limit, status in ((agents, 302), (own, 403)):
        url = f"/admin/protection/approvallimit/{limit.pk}/change/"
        assert lead.post(url, {"group": limit.group_id, "amount": "9000"}).status_code == status
    own.refresh_from_db()
    assert own.amount == 500
    agents.refresh_from_db()
    assert agents.amount == 9000


def test_a_lead_cannot_give_their_own_group_a_first_limit(lead):
    url = "/admin/protection/approvallimit/add/"
    own = Group.objects.get(name="lead")
    assert lead.post(url, {"group": own.pk, "amount": ""}).status_code == 200  # the form is shown again
    assert not ApprovalLimit.objects.filter(group=own).exists()


def rule_form(start, **fields) -> dict[str, str]:
    return {
        "reason": "lost", "effective_from_0": f"{start:%Y-%m-%d}", "effective_from_1": f"{start:%H:%M:%S}",
        "anchors": '["last_scan"]', "earliest_domestic": "5", "earliest_international": "9", "latest_domestic": "60",
        "latest_international": "60", "evidence": "[]", "questions": "[]", "remedies": '["refund"]', **fields,
    }  # fmt: skip


def test_a_lead_adds_the_next_version_of_a_rule_and_reads_it_in_words(lead):
    start = timezone.now() + timedelta(days=1)
    assert lead.post("/admin/protection/reasonrule/add/", rule_form(start)).status_code == 302
    assert ReasonRule.objects.get(remedies=["refund"]).number == 2
    page = lead.get("/admin/protection/reasonrule/").content.decode()
    assert "From 5 days (9 days to another country) until 60 days after the last scan" in page


@pytest.mark.parametrize("days, fields", [(-1, {}), (1, {"remedies": '["a car"]'}), (1, {"latest_domestic": "4"})])
def test_a_rule_that_cannot_be_is_named_on_the_form(lead, days, fields):
    start = timezone.now() + timedelta(days=days)
    answer = lead.post("/admin/protection/reasonrule/add/", rule_form(start, **fields))
    assert answer.status_code == 200
    assert not ReasonRule.objects.filter(number=2).exists()


def test_an_agent_reads_the_rules_and_changes_none():
    client = agent_client()
    assert "Lost in transit" in client.get("/admin/protection/reasonrule/").content.decode()
    assert client.get("/admin/protection/reasonrule/add/").status_code == 403


def test_a_rule_in_force_is_only_read(lead):
    url = f"/admin/protection/reasonrule/{ReasonRule.objects.get(reason='lost').pk}/change/"
    assert lead.get(url).status_code == 200
    assert lead.post(url, rule_form(timezone.now() + timedelta(days=1))).status_code == 403
