"""Pictures: for staff with session and right, for others by a signed link of five minutes; each look is noted."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from backoffice.tests.builders import api, assert_problem
from protection import evidence, showing
from protection.evidence_files import storage
from protection.models import Claim, Evidence, EvidenceView
from protection.tests.builders import make_claim
from protection.tests.console import agent_client, claim_url
from protection.tests.photos import marked, photo

pytestmark = pytest.mark.django_db


def given(claim: Claim | None = None, raw: bytes = b"") -> Evidence:
    file = SimpleUploadedFile("x.jpg", raw or photo())
    return evidence.add_evidence(claim or make_claim(), file, by="customer")


def picture_url(row: Evidence, name: str = "picture") -> str:
    return reverse(f"admin:protection_evidence_{name}", args=[row.pk])


def content(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def check_safe(response: Any, row: Evidence) -> None:
    assert response.status_code == 200
    assert response["Content-Type"] == "image/jpeg"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["Content-Disposition"] == f'inline; filename="{row.public_id}.jpg"'
    assert "no-store" in response["Cache-Control"]
    assert content(response).startswith(b"\xff\xd8\xff")


def test_staff_look_at_it_and_that_is_noted() -> None:
    row, client = given(raw=marked("HEIF")), agent_client()
    check_safe(client.get(picture_url(row)), row)
    check_safe(client.get(picture_url(row, "thumbnail")), row)
    assert list(EvidenceView.objects.values_list("evidence", "by")) == [(row.pk, "staff:ana")] * 2


def test_nobody_else_does() -> None:
    row = given()
    stranger, plain = Client(), Client()
    assert stranger.get(picture_url(row)).status_code == 302  # to the log-in
    plain.force_login(User.objects.create_user("eve", is_staff=True))
    assert plain.get(picture_url(row)).status_code == 403
    assert agent_client().post(picture_url(row)).status_code == 405
    assert agent_client().get(picture_url(row).replace(str(row.pk), "9" * 30)).status_code == 404
    assert not EvidenceView.objects.exists()


def test_a_link_opens_it_without_a_session_for_five_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    row = given()
    url = showing.link(row, made_for="customer")
    check_safe(Client().get(url), row)
    check_safe(Client().get(url, headers={"Accept": "image/png"}), row)
    small = content(Client().get(showing.link(row, made_for="customer", thumbnail=True)))
    assert len(small) < len(content(Client().get(url)))
    assert set(EvidenceView.objects.values_list("by", flat=True)) == {"link:customer"}
    monkeypatch.setattr(showing, "LINK_LASTS", timedelta(0))
    assert_problem(Client().get(url), 410, "link_expired")


def test_a_link_that_was_made_up_or_changed_opens_nothing() -> None:
    row = given()
    token = showing.link(row, made_for="x").rsplit("/", 1)[1]
    elsewhere = signing.dumps([row.public_id, "x", False], salt="something else")
    odd = signing.dumps({"a": 1}, salt="protection.evidence")
    for bad in (token[:-1], token.swapcase(), "x", elsewhere, odd, "%00", "a:b:c"):
        assert Client().get(f"/v1/evidence/{bad}").status_code == 404
    assert Client().post(f"/v1/evidence/{token}").status_code == 405
    assert not EvidenceView.objects.exists()


def test_what_was_withdrawn_or_lost_is_not_there(django_capture_on_commit_callbacks: Any) -> None:
    row, lost, client = given(), given(), agent_client()
    url = showing.link(row, made_for="customer")
    with django_capture_on_commit_callbacks(execute=True):
        evidence.withdraw_evidence(row, by="customer")
    storage().delete(lost.file)
    assert [client.get(picture_url(one)).status_code for one in (row, lost)] == [404, 404]
    assert Client().get(url).status_code == 404


def test_no_address_of_the_storage_is_served() -> None:
    row = given()
    for address in (f"/media/{row.file}", f"/static/{row.file}", f"/{row.file}", f"/evidence/{row.file}"):
        assert agent_client().get(address).status_code == 404


def test_links_of_the_api_work_and_name_the_partner() -> None:
    row = given()
    (told,) = api("claims:read").get(f"/v1/claims/{row.claim.public_id}/evidence").json()["data"]
    check_safe(Client().get(told["url"]), row)
    check_safe(Client().get(told["thumbnail_url"]), row)
    assert set(EvidenceView.objects.values_list("by", flat=True)) == {"link:partner:acme"}


def test_the_claim_page_shows_the_strip_and_says_where_else_a_photo_was_used() -> None:
    earlier, claim = make_claim(), make_claim()
    given(earlier)
    row = given(claim)
    client = agent_client()
    page = client.get(claim_url(claim)).content.decode()
    assert picture_url(row) in page
    assert picture_url(row, "thumbnail") in page
    assert "The same file was used before in another claim" in page
    assert claim_url(earlier) in page
    assert "was sent later in another claim" in client.get(claim_url(earlier)).content.decode()
    assert 'class="strip"' not in client.get(claim_url(make_claim())).content.decode()


def test_the_list_is_for_looking_up_and_changes_nothing() -> None:
    row, client = given(), agent_client()
    address = reverse("admin:protection_evidence_changelist")
    assert row.public_id in client.get(address).content.decode()
    assert row.public_id in client.get(address, {"q": row.public_id}).content.decode()
    assert client.get(address, {"q": "evd_nobody"}).content.decode().count(row.public_id) == 0
    assert client.get(reverse("admin:protection_evidence_change", args=[row.pk])).status_code == 404
    assert client.get(reverse("admin:protection_evidence_add")).status_code == 403
