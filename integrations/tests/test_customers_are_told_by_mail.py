"""A message goes from the change to the mailbox: written in its transaction, sent outside of it, once."""

import pytest
from django.contrib.auth.models import User
from django.db import connection as database

from integrations import calls, outbox
from integrations.mail import line
from integrations.models import Delivery
from integrations.tests import mail_server
from integrations.tests.clock import later
from integrations.tests.mail_server import MailServer
from orders.models import JournalEntry, Order
from protection import resolutions, review
from protection.models import CustomerMail, Message
from protection.tests.builders import decide, make_agent, make_claim, make_covered_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def mailbox(settings):
    settings.CUSTOMER_MAILS = True
    with mail_server.running() as mails:
        yield mails


def send() -> None:
    calls.drain(line.ensure().pk)


def the_delivery() -> Delivery:
    return Delivery.objects.get(connection=line.ensure())


def states() -> list[str]:
    return list(Message.objects.values_list("state", flat=True))


def test_a_filed_claim_reaches_the_customer_as_text_and_html(mailbox: MailServer):
    claim = make_claim()
    assert mailbox.taken == []
    send()
    [mail] = mailbox.taken
    message = Message.objects.get()
    assert mail["To"] == claim.order.email
    assert mail["Message-ID"] == message.message_id
    assert all("1 × Teapot" in part.get_content() for part in mail.iter_parts())
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert (message.state, message.event) == ("sent", "received")
    assert the_delivery().state == "delivered"
    actions = JournalEntry.objects.filter(subject=claim.public_id).values_list("action", flat=True)
    assert list(actions.order_by("id"))[-2:] == ["claim.message_queued", "claim.message_sent"]


def test_sending_again_and_since_send_nothing_twice(mailbox: MailServer):
    make_claim()
    send()
    entry = the_delivery().entry
    outbox.send_since(line.ensure(), entry.created_at, by="staff:ben")
    send()
    assert len(mailbox.taken) == 1
    assert the_delivery().state == "delivered"


def test_a_server_that_is_down_is_asked_again(mailbox: MailServer):
    make_claim()
    mailbox.answers["DATA"] = "451 try later"
    send()
    assert (the_delivery().state, states()) == ("retrying", ["sending"])
    mailbox.answers.clear()
    later(6)
    send()
    assert (the_delivery().state, states()) == ("delivered", ["sent"])


@pytest.mark.parametrize("word", ["hello", "EHLO"])
def test_a_server_that_turns_everybody_away_has_refused_no_mail(mailbox: MailServer, word):
    make_claim()
    mailbox.answers |= {word: "554 no service here", "HELO": "554 no service here"}
    send()
    assert (the_delivery().state, states()) == ("retrying", ["sending"])
    assert "554 no service here" in the_delivery().result


@pytest.mark.parametrize("word", ["RCPT", "DATA", "."])
def test_what_is_refused_for_good_is_parked_and_can_be_sent_again(mailbox: MailServer, word):
    claim = make_claim()
    mailbox.answers[word] = "550 5.1.1 no such user"
    send()
    message = Message.objects.get()
    assert (the_delivery().state, the_delivery().parked_because, message.state) == ("parked", "refused", "failed")
    assert "no such user" in message.why
    assert JournalEntry.objects.filter(action="claim.message_failed", subject=claim.public_id).count() == 1
    mailbox.answers.clear()
    mailbox.taken.clear()
    Order.objects.update(email="other@example.com")
    outbox.send_again(the_delivery(), by="staff:ben")
    send()
    assert [mail["To"] for mail in mailbox.taken] == ["other@example.com"]
    assert states() == ["sent"]


def test_a_lost_answer_is_sent_again_under_the_same_id(mailbox: MailServer):
    make_claim()
    mailbox.answers["."] = None
    send()
    assert the_delivery().state == "retrying"
    mailbox.answers.clear()
    later(6)
    send()
    assert mailbox.ids == [Message.objects.get().message_id] * 2
    assert states() == ["sent"]


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_the_server_is_asked(mailbox: MailServer):
    make_claim()
    seen = []

    def look() -> None:
        with database.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"
            )
            seen.append(cursor.fetchone()[0])
        database.close()

    mailbox.before_end = look
    send()
    assert seen == [0]
    assert states() == ["sent"]


def test_a_decision_waits_for_the_time_to_undo(mailbox: MailServer, settings):
    settings.UNDO_SECONDS = 30
    claim, ana = make_claim(), make_agent()
    send()
    decide(claim, ana)
    send()
    assert len(mailbox.taken) == 1
    later(31)
    send()
    assert "approved" in mailbox.taken[-1]["Subject"]


def test_a_decision_that_is_undone_in_time_is_never_told(mailbox: MailServer, settings):
    settings.UNDO_SECONDS = 30
    claim, ana = make_claim(), make_agent()
    decide(claim, ana)
    review.undo(claim, user=ana)
    later(31)
    send()
    later(31)
    send()
    assert [mail["Subject"] for mail in mailbox.taken] == [Message.objects.get(event="received").subject]
    assert states() == ["sent", "dropped"]
    assert Delivery.objects.filter(connection=line.ensure()).exclude(state="delivered").count() == 0


def test_a_decision_that_was_told_and_is_undone_is_told_again(mailbox: MailServer, settings):
    """The shop is slow to start: the time to undo is over, the decision can be undone still."""
    settings.UNDO_SECONDS = 30
    claim, ana = make_claim(), make_agent()
    decide(claim, ana)
    later(31)
    send()
    review.undo(claim, user=ana)
    send()
    assert list(Message.objects.values_list("event", flat=True)) == ["received", "approved", "in_review"]
    assert states() == ["sent"] * 3


def test_a_decision_stands_and_is_told_when_a_remedy_fails_before_its_mail_went(mailbox: MailServer, settings):
    settings.UNDO_SECONDS = 30
    claim = make_claim()
    decide(claim, make_agent())
    resolutions.mark_failed(claim.resolutions.get(), "Sold out", by="shopify")
    later(31)
    send()
    later(31)
    send()
    assert list(Message.objects.values_list("event", flat=True)) == ["received", "approved", "remedy_failed"]
    assert states() == ["sent"] * 3


def test_an_order_without_an_address_is_told_nothing_and_staff_can_see_it(mailbox: MailServer):
    make_claim(make_covered_order(email="", customer=None))
    assert states() == ["dropped"]
    assert Message.objects.get().why == "The order has no e-mail address."
    assert not Delivery.objects.filter(connection__system="mail").exists()


def test_a_store_that_switched_mails_off_sends_none_not_even_those_that_wait(mailbox: MailServer):
    claim = make_claim()
    CustomerMail.objects.create(shop=claim.order.shop, on=False)
    send()
    review.ask_for_info(claim, "A photo", user=make_agent())
    assert mailbox.taken == []
    assert states() == ["dropped"]


def test_production_writes_to_nobody_before_a_sender_is_set(mailbox: MailServer, settings):
    settings.LOCAL = False
    mail = CustomerMail.objects.create(shop=(order := make_covered_order()).shop)
    make_claim(order)
    assert not Message.objects.exists()
    mail.sender_address, mail.sender_name, mail.reply_to = "care@shop.example", "Care, Inc.", "help@shop.example"
    mail.save()
    review.ask_for_info(order.claims.get(), "A photo", user=make_agent())
    send()
    [sent] = mailbox.taken
    assert sent["From"] == '"Care, Inc." <care@shop.example>'
    assert sent["Reply-To"] == "help@shop.example"


def test_a_sender_may_have_letters_beyond_ascii_in_its_name_and_domain(mailbox: MailServer):
    order = make_covered_order()
    CustomerMail.objects.create(shop=order.shop, sender_name="Käthe", sender_address="care@käthe.example")
    make_claim(order)
    send()
    [sent] = mailbox.taken
    assert sent["From"] == "Käthe <care@xn--kthe-loa.example>"


def test_staff_see_each_mail_like_any_other_delivery_and_send_it_again(mailbox: MailServer, client):
    claim = make_claim()
    mailbox.answers["RCPT"] = "550 5.1.1 no such user"
    send()
    client.force_login(User.objects.create_superuser("root", password="a-long-password-for-tests"))
    delivery, connection = the_delivery(), line.ensure()
    for path in (f"delivery/{delivery.pk}/change/", f"connection/{connection.pk}/change/", "connection/", "delivery/"):
        page = client.get(f"/admin/integrations/{path}").content.decode()
        assert "Mail to customers" in page
    assert "no such user" in client.get(f"/admin/integrations/delivery/{delivery.pk}/change/").content.decode()
    case = client.get(f"/admin/protection/claim/{claim.pk}/change/").content.decode()
    assert "The mail server refused the address: 550 5.1.1 no such user" in case
    assert f"/admin/integrations/delivery/{delivery.pk}/change/" in case
    mailbox.answers.clear()
    client.post(f"/admin/integrations/connection/{connection.pk}/change/", {"verb": "again"})
    send()
    assert states() == ["sent"]


def test_later_mails_of_an_order_wait_behind_one_that_was_refused(mailbox: MailServer):
    claim = make_claim()
    other = make_claim(make_covered_order(shop=claim.order.shop))
    mailbox.answers["RCPT"] = "550 no"
    send()
    mailbox.answers.clear()
    ana = make_agent()
    for one in (claim, other):
        review.ask_for_info(one, "A photo", user=ana)
    outbox.send_again(Delivery.objects.get(order=other.order, state="parked"), by="staff:ben")
    send()
    assert [mail["Subject"] for mail in mailbox.taken] == [m.subject for m in Message.objects.filter(claim=other)]
    outbox.send_again(Delivery.objects.get(order=claim.order, state="parked"), by="staff:ben")
    send()
    assert states() == ["sent"] * 4
