"""Alert limits in the console: who may set them, what is refused, sending a test, and what Today shows."""

import json

import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from django.test import Client

from backoffice.console.roles import ensure_roles
from integrations import alerts
from integrations.models import Alert, AlertLimit, Delivery
from integrations.tests.console import make_connection, park
from orders.tests.builders import make_order
from protection.tests.builders import make_agent
from protection.tests.console import agent_client

pytestmark = pytest.mark.django_db
LIST = "/admin/integrations/alertlimit/"
ADD = f"{LIST}add/"


@pytest.fixture
def lead() -> Client:
    return lead_client()


def lead_client(*, csrf: bool = False) -> Client:
    user = make_agent("lea")
    user.groups.set([ensure_roles()["lead"]])
    client = Client(enforce_csrf_checks=csrf)
    client.force_login(user)
    return client


def form(**fields) -> dict[str, str]:
    return {"measure": "parked", "connection": "", "limit": "5", "mail_to": "ops@example.com", "url": "", **fields}


def make_limit(**fields) -> AlertLimit:
    return AlertLimit.objects.create(**{"measure": "parked", "limit": 0, "mail_to": "ops@example.com", **fields})


def page(limit: AlertLimit) -> str:
    return f"{LIST}{limit.pk}/change/"


def edit(limit: AlertLimit) -> str:
    return f"{LIST}{limit.pk}/edit/"


def raised() -> Alert:
    make_connection()
    limit = make_limit(url="https://chat.example.com/secret-room")
    make_order()
    park(Delivery.objects.get())
    alerts._open_and_end([limit])
    return Alert.objects.get()


def test_a_lead_sets_changes_and_removes_a_limit(lead):
    warehouse = make_connection()
    given = form(mail_to="a@example.com; b@example.com,a@example.com", connection=str(warehouse.pk))
    assert lead.post(ADD, given).status_code == 302
    limit = AlertLimit.objects.get()
    assert (limit.measure, limit.connection, limit.limit) == ("parked", warehouse, 5)
    assert limit.mail_to == "a@example.com, b@example.com"
    assert lead.post(edit(limit), form(limit="7", measure="lag")).status_code == 302
    limit.refresh_from_db()
    assert (limit.measure, limit.connection, limit.limit) == ("lag", None, 7)
    assert lead.post(f"{LIST}{limit.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not AlertLimit.objects.exists()


@pytest.mark.parametrize(
    "wrong, words",
    [
        ({"mail_to": ""}, "Say whom to tell"),
        ({"mail_to": "ops@example.com, nobody"}, "nobody is not an e-mail address"),
        ({"url": "https://10.0.0.1/hook"}, "10.0.0.1 is not a public address"),
        ({"url": "http://chat.example.com/hook"}, "must begin with https://"),
        ({"url": "https://user:pass@chat.example.com/hook"}, "must not contain a user name"),
        ({"limit": "-1"}, "greater than or equal to 0"),
        ({"measure": "mood"}, "Select a valid choice"),
    ],
)
def test_what_cannot_work_is_refused_in_words(lead, wrong, words):
    answer = lead.post(ADD, form(**wrong))
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert not AlertLimit.objects.exists()


def test_a_test_is_sent_by_mail_and_webhook(lead, receiver):
    limit = make_limit(url=receiver.url)
    answer = lead.post(page(limit), {"verb": "test"}, follow=True)
    assert "The test was sent to ops@example.com, webhook at 127.0.0.1." in answer.content.decode()
    assert len(mail.outbox) == 1
    assert "This is a test by lea" in mail.outbox[0].subject
    assert json.loads(receiver.received[0].body)["event"] == "alert.test"


def test_a_test_that_fails_says_why(lead, receiver):
    receiver.answer = lambda _: (404, {}, b"")
    answer = lead.post(page(make_limit(url=receiver.url)), {"verb": "test"})
    assert answer.status_code == 409
    assert "The webhook answered 404." in answer.content.decode()


def test_a_test_needs_a_post_with_a_token(receiver):
    lead, limit = lead_client(csrf=True), make_limit(url=receiver.url)
    assert lead.get(f"{page(limit)}?verb=test").status_code == 200
    assert lead.post(page(limit), {"verb": "test"}).status_code == 403
    assert receiver.received == []
    assert mail.outbox == []


def test_an_agent_sees_alerts_and_neither_sees_nor_sets_limits(receiver):
    agent, alert = agent_client(), raised()
    limit = alert.limit
    assert agent.get(f"/admin/integrations/alert/{alert.pk}/change/").status_code == 200
    for path in (LIST, ADD, page(limit), edit(limit)):
        assert agent.get(path).status_code == 403, path
    for path, posted in (
        (ADD, form()),
        (edit(limit), form(limit="99")),
        (page(limit), {"verb": "test"}),
        (f"{LIST}{limit.pk}/delete/", {"post": "yes"}),
    ):
        assert agent.post(path, posted).status_code == 403, path
    limit.refresh_from_db()
    assert (limit.limit, AlertLimit.objects.count(), mail.outbox) == (0, 1, [])


def test_who_may_only_look_at_limits_changes_and_tests_none():
    limit = make_limit()
    user = make_agent("eve")
    user.user_permissions.add(*permissions("view_alertlimit"))
    client = Client()
    client.force_login(user)
    assert "Send a test" not in client.get(page(limit)).content.decode()
    assert client.post(page(limit), {"verb": "test"}).status_code == 403
    assert client.post(edit(limit), form(limit="99")).status_code == 403
    limit.refresh_from_db()
    assert (limit.limit, mail.outbox) == (0, [])


def permissions(*names: str):
    return Permission.objects.filter(codename__in=names)


def test_nobody_makes_alerts_by_hand(lead):
    alert = raised()
    assert lead.get("/admin/integrations/alert/add/").status_code == 403
    assert lead.post(f"/admin/integrations/alert/{alert.pk}/delete/", {"post": "yes"}).status_code == 403
    assert lead.post(f"/admin/integrations/alert/{alert.pk}/change/", {"verb": "end"}).status_code == 400
    alert.refresh_from_db()
    assert alert.ended_at is None


def test_open_alerts_stand_on_today_and_in_the_list_until_they_end(lead):
    alert = raised()
    words = "1 delivery parked; the limit is 0 deliveries"
    for path in ("/admin/", "/admin/integrations/alert/", page(alert.limit)):
        assert words in lead.get(path).content.decode(), path
    assert "It was never passed" not in lead.get(page(alert.limit)).content.decode()
    alert.connection.deliveries.update(state="delivered", parked_because="")
    alerts._open_and_end([alert.limit])
    for path in ("/admin/", "/admin/integrations/alert/"):
        assert words not in lead.get(path).content.decode(), path
    assert words in lead.get("/admin/integrations/alert/?state=all").content.decode()


def test_a_webhooks_whole_address_is_shown_only_where_it_is_changed(lead):
    alert = raised()
    for path in (LIST, page(alert.limit), f"/admin/integrations/alert/{alert.pk}/change/"):
        assert "secret-room" not in lead.get(path).content.decode(), path
    assert "secret-room" in lead.get(edit(alert.limit)).content.decode()
    assert "whsec_topsecret" not in lead.get(edit(alert.limit)).content.decode()


@pytest.mark.parametrize("path", ["integrations/alert/?state=all", "integrations/alertlimit/"])
def test_lists_cost_the_same_for_one_and_for_many(lead, path, django_assert_max_num_queries):
    alert = raised()
    for number in range(8):
        limit = make_limit(connection=make_connection(label=f"Line {number}"))
        Alert.objects.create(limit=limit, connection=alert.connection, value=3)
    with django_assert_max_num_queries(12):
        lead.get(f"/admin/{path}")


def test_today_stays_within_its_budget_with_alerts(lead, django_assert_max_num_queries):
    raised()
    with django_assert_max_num_queries(20):
        assert "Alerts" in lead.get("/admin/").content.decode()
