"""Whatever a stranger sends, the answer is a page that says what to do; the address of a page stays a secret."""

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import F
from django.test import Client

from backoffice.logs import NoTokens
from backoffice.models import Bucket
from orders.models import JournalEntry
from protection.customer import links, pages
from protection.customer.links import Purpose
from protection.models import Claim
from protection.tests.builders import line_of, make_claim, make_covered_order
from protection.tests.customer import Customer, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def claim() -> Claim:
    return make_claim(reason="damaged")


def all_urls(claim: Claim) -> list[str]:
    makers = (links.claim_url, links.evidence_url, links.receipt_url, links.appeal_url, links.feedback_url)
    return [
        links.inside(url) for url in (links.entry_url(), links.filing_url(claim.order), *(m(claim) for m in makers))
    ]


def journal() -> list[Any]:
    return list(JournalEntry.objects.order_by("id").values())


def test_every_page_keeps_its_address_and_itself_to_itself(claim):
    for url in all_urls(claim):
        page = Customer().client.get(url)
        assert page.status_code == 200
        policy = page["Content-Security-Policy"]
        assert "script-src" not in policy
        assert "default-src 'none'" in policy
        assert page["Referrer-Policy"] == "strict-origin"  # the host at most, never a path
        assert "noindex" in page["X-Robots-Tag"]
        assert "no-store" in page["Cache-Control"]
        body = page.content.decode()
        assert "<script" not in body
        assert " style=" not in body
        assert "http://" not in body.replace(settings.PUBLIC_URL, "")
        assert "https://" not in body.replace(settings.PUBLIC_URL, "")


def test_looking_changes_nothing(claim):
    before = journal(), Claim.objects.values().get(), Bucket.objects.count()
    for url in all_urls(claim):
        for query in ("", "?done=filed&photo=1-damaged", "?done=<b>", "?photo=%00", "?reason=lost", "?verb=withdraw"):
            assert Client().get(url + query).status_code == 200
            assert Client().head(url + query).status_code == 200
    assert (journal(), Claim.objects.values().get(), Bucket.objects.count()) == before


def test_a_form_from_another_page_is_refused(claim):
    before = journal()
    for url in all_urls(claim):
        for client, fields in (
            (Client(enforce_csrf_checks=True), {}),
            (Customer().client, {"csrfmiddlewaretoken": "x" * 64}),
        ):
            answer = client.post(url, {"verb": "withdraw", "score": "5", **fields})
            assert answer.status_code == 403
            assert "Please open the page again" in text(answer)
    customer = Customer()
    customer.open(links.claim_url(claim))
    sent = {"verb": "withdraw", "csrfmiddlewaretoken": customer.client.cookies["csrftoken"].value}
    evil = customer.client.post(links.inside(links.claim_url(claim)), sent, headers={"Origin": "https://evil.example"})
    assert evil.status_code == 403
    assert journal() == before


def test_links_that_are_changed_ended_or_for_another_page_say_how_to_get_a_new_one(claim):
    good = links.inside(links.claim_url(claim))
    token = good.rpartition("/")[2]
    for purpose in set(Purpose) - {Purpose.CLAIM}:
        assert Client().get(f"/c/{purpose}/{token}").status_code == 404
    for bad in (
        good + "x",
        good[:-1],
        f"/c/claim/{'x' * 5000}",
        "/c/claim/%00",
        "/c/claim/%F0%28%8C%28",
        "/c/claim/a%2Fb",
    ):
        answer = Client().get(bad)
        assert answer.status_code == 404
        if answer["Content-Type"].startswith("text/html"):
            assert "Get a new link by mail" in text(answer)
    links.end_links(claim.order, by="staff:ana")
    ended = Client().get(good)
    assert ended.status_code == 410
    assert "This link has ended" in text(ended)
    assert "/c/?shop=tests.myshopify.com" in ended.content.decode()
    assert Client().post(good, {"verb": "withdraw"}).status_code == 410


BODIES: dict[str, tuple[Any, str]] = {
    "JSON": (b'{"verb": "withdraw"}', "application/json"),
    "nothing": (b"", "application/x-www-form-urlencoded"),
    "no form at all": (b"\x00\xff" * 500, "application/octet-stream"),
    "a form without a boundary": (b"--x\r\n\r\nx", "multipart/form-data"),
    "a form that breaks off": (b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a"\r\n\r\nabc',
                               "multipart/form-data; boundary=x"),
    "NUL bytes": (b"verb=answer&text=a%00b&key=%00", "application/x-www-form-urlencoded"),
    "bytes that are no text": (b"verb=answer&text=%ff%fe&key=%ff", "application/x-www-form-urlencoded"),
    "half of a surrogate": (b"verb=answer&text=%ED%A0%80", "application/x-www-form-urlencoded"),
    "a thousand and one fields": (b"&".join(b"a%d=1" % n for n in range(1001)), "application/x-www-form-urlencoded"),
    "a huge field": (b"verb=answer&text=" + b"x" * 2_000_000, "application/x-www-form-urlencoded"),
    "a verb that is a method": (b"verb=dispatch", "application/x-www-form-urlencoded"),
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_no_body_breaks_a_page(claim, name):
    """Without the check for forged forms: what is behind it must bear it as well."""
    body, content_type = BODIES[name]
    client = Client()
    for url in all_urls(claim):
        answer = client.generic("POST", url, body, content_type)
        assert 300 <= answer.status_code < 500, url
        assert answer["Content-Security-Policy"] == pages.POLICY


def test_a_hundred_files_are_refused_before_one_is_opened(claim):
    files = [SimpleUploadedFile(f"{n}.jpg", b"x", "image/jpeg") for n in range(101)]
    for count, status in ((101, 400), (100, 422), (7, 422)):
        Bucket.objects.all().delete()
        answer = Client().post(links.inside(links.claim_url(claim)), {"verb": "answer", "photo": files[:count]})
        assert answer.status_code == status
        for file in files:
            file.seek(0)
    assert not claim.evidence.exists()


def test_a_body_that_is_too_long_is_refused_unread(claim):
    url = links.inside(links.claim_url(claim))
    answer = Client().generic("POST", url, b"x", "multipart/form-data; boundary=x", CONTENT_LENGTH="200000000")
    assert answer.status_code == 413
    assert "at most 6 photos at once" in text(answer)
    for small in (links.entry_url(), links.appeal_url(claim), links.feedback_url(claim), links.receipt_url(claim)):
        answer = Client().generic("POST", links.inside(small), b"x", "text/plain", CONTENT_LENGTH=str(pages.FORM + 1))
        assert answer.status_code == 413  # no photos there, so nobody uploads 90 MB to it
    for length in ("-1", "x", "²", "9" * 30):
        answer = Client().generic("POST", url, b"x", "text/plain", CONTENT_LENGTH=length)
        assert 400 <= answer.status_code < 500


def test_what_is_typed_is_shown_as_it_was_typed_and_runs_nowhere(claim):
    evil = '"><script>alert(1)</script>{{ claim.pk }}{% load x %}'
    order = make_covered_order()
    for url in (links.filing_url(order), links.claim_url(claim), links.appeal_url(claim), links.feedback_url(claim)):
        for verb in ("file", "answer", "appeal", "send"):
            fields = {"verb": verb, "description": evil, "text": evil, "why": evil, "comment": evil, "key": evil,
                      "reason": "damaged", "happened_on": evil, "to-city": evil}  # fmt: skip
            page = Client().post(links.inside(url), fields | {f"q-{line_of(order).public_id}": "1"})
            assert "<script" not in page.content.decode()
    page = Client().get(links.inside(links.filing_url(order)), {"reason": evil, f"q-{line_of(order).public_id}": evil})
    assert page.status_code == 200
    assert "<script" not in page.content.decode()


def test_too_long_a_text_is_refused_by_name(claim):
    answer = Customer().send(links.claim_url(claim), "answer", text="x" * (pages.MOST_TEXT + 1))
    assert answer.status_code == 422
    assert "at most 5000 characters" in text(answer)


def test_who_sends_too_much_waits_and_loses_nothing(claim):
    url = links.inside(links.claim_url(claim))
    for _ in range(pages.EACH_LINK.burst):
        assert Client().post(url, {"verb": "no_such"}).status_code == 400
    limited = Client().post(url, {"verb": "withdraw"})
    assert limited.status_code == 429
    assert int(limited["Retry-After"]) > 0
    assert Client().post(links.inside(links.filing_url(claim.order)), {"verb": "x"}).status_code == 429
    assert Client().get(url).status_code == 200
    Bucket.objects.update(at=F("at") - timedelta(hours=1))
    assert Client().post(url, {"verb": "withdraw"}).status_code == 303


def test_no_token_is_written_to_the_log(claim, caplog):
    caplog.set_level(logging.DEBUG)
    for url in all_urls(claim):
        Client().post(url, {"verb": "no_such"})
        Client().get(url + "x")
        Client().put(url)
    tokens = [url.rpartition("/")[2] for url in all_urls(claim)[1:]]
    formatter = logging.Formatter("%(message)s")
    handled = [record for record in caplog.records if NoTokens().filter(record)]
    written = "\n".join(formatter.format(record) for record in handled)
    assert "/c/claim/…" in written
    assert not [token for token in tokens if token[:40] in written]
    assert settings.LOGGING["handlers"]["console"]["filters"] == ["no_tokens"]


def test_a_claim_link_shows_its_own_claim_only(claim):
    order = make_covered_order(name="#2002")
    other = make_claim(order, reason="lost")
    page = text(Customer().open(links.claim_url(claim)))
    assert claim.public_id in page
    assert other.public_id not in page
    assert "#2002" not in page
