"""The two roles and their permissions."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command

from backoffice.console.roles import AGENT, LEAD, ROLES, ensure_roles

pytestmark = pytest.mark.django_db


def permissions(role: str) -> set[str]:
    group = Group.objects.get(name=role)
    return {f"{p.content_type.app_label}.{p.codename}" for p in group.permissions.select_related("content_type")}


def test_the_command_makes_both_roles_with_exactly_their_permissions(capsys):
    call_command("ensure_roles")
    assert permissions("agent") == set(AGENT)
    assert permissions("lead") == set(LEAD)
    assert "agent: " in capsys.readouterr().out


def test_a_second_run_takes_back_what_somebody_added():
    ensure_roles()
    Group.objects.get(name="agent").permissions.add(Permission.objects.get(codename="delete_order"))
    ensure_roles()
    assert permissions("agent") == set(AGENT)


def test_a_lead_may_all_that_an_agent_may():
    assert set(AGENT) < set(LEAD)


def test_nobody_may_delete_or_rewrite_what_happened():
    forbidden = {
        "orders.change_journalentry",
        "orders.delete_journalentry",
        "orders.delete_change",
        "protection.delete_claim",
    }
    assert not forbidden & {name for names in ROLES.values() for name in names}


def test_a_permission_that_does_not_exist_stops_everything(monkeypatch):
    monkeypatch.setitem(ROLES, "agent", ["orders.view_order", "orders.fly"])
    with pytest.raises(LookupError, match=r"orders\.fly"):
        ensure_roles()
    assert not Group.objects.filter(name="agent").exists()
