"""POST, GET and DELETE /v1/claims/{id}/evidence: taken in by content, once, told in the journal, withdrawn in time."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client

from backoffice.tests.builders import Api, api, assert_problem
from orders.tests.builders import make_shop
from protection import asking, evidence, filing, review
from protection.evidence_files import storage
from protection.models import Claim, Evidence
from protection.tests.builders import decide, make_agent, make_claim, make_covered_order
from protection.tests.photos import marked, others, photo, png_of, two_faced

pytestmark = pytest.mark.django_db


def path(claim: Claim) -> str:
    return f"/v1/claims/{claim.public_id}/evidence"


def sent(
    partner: Api, claim: Claim, raw: bytes, content_type: str = "image/jpeg", query: str = "", **headers: str
) -> Any:
    return partner.raw(path(claim) + query, raw, content_type, **headers)


def files() -> list[str]:
    shelves = storage().listdir("")[0] if storage().exists("") else []
    return sorted(f"{shelf}/{file}" for shelf in shelves for file in storage().listdir(shelf)[1])


def test_a_photo_is_taken_in_and_its_facts_are_told() -> None:
    claim, raw = make_claim(), marked("JPEG")
    response = sent(api("claims:write"), claim, raw, query="?kind=packaging_photo")
    assert response.status_code == 201, response.content
    body = response.json()
    row = Evidence.objects.get()
    assert response["Location"] == f"{path(claim)}/{row.public_id}"
    assert {name: body[name] for name in ("id", "kind", "content_type", "width", "height", "size", "taken_at")} == {
        "id": row.public_id, "kind": "packaging_photo", "content_type": "image/jpeg", "width": 300, "height": 400,
        "size": len(raw), "taken_at": "2026-11-20T14:03:22+01:00",
    }  # fmt: skip
    assert (row.claim, row.uploaded_by, row.sha256) == (claim, "partner:acme", body["sha256"])
    entry = claim.order.journal.latest("id")
    assert (entry.action, entry.subject, entry.by) == ("claim.evidence_added", claim.public_id, "partner:acme")
    assert entry.facts == {"evidence": row.public_id, "kind": "packaging_photo"}
    before = claim.version
    claim.refresh_from_db()
    assert claim.version == before + 1  # whoever decides must have seen it


def test_a_form_with_a_field_does_as_well() -> None:
    claim, partner = make_claim(), api()
    form = {"photo": SimpleUploadedFile("../../x.svg", photo(1, "WEBP"), "image/svg+xml"), "kind": "label_photo"}
    response = Client().post(path(claim), form, headers=partner.authorization)
    assert (response.status_code, response.json()["kind"]) == (201, "label_photo")


def test_the_same_photo_twice_in_one_claim_is_the_same_evidence() -> None:
    claim, partner, before = make_claim(), api(), files()
    first, again = (sent(partner, claim, photo()) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    other = sent(partner, make_claim(), photo())
    assert (other.status_code, Evidence.objects.count()) == (201, 2)
    assert len(files()) - len(before) == 4  # two pictures, each with its thumbnail


def test_the_database_keeps_a_photo_once_per_claim() -> None:
    claim = make_claim()
    facts = {"claim": claim, "content_type": "image/png", "width": 1, "height": 1, "size": 1, "sha256": "a" * 64}
    Evidence.objects.create(file="aa/1", **facts)
    with pytest.raises(IntegrityError, match="evidence_once_per_claim"), transaction.atomic():
        Evidence.objects.create(file="aa/2", **facts)
    with pytest.raises(IntegrityError, match="evidence_has_a_picture"), transaction.atomic():
        Evidence.objects.create(file="", **facts | {"sha256": "b" * 64})


def test_an_idempotency_key_covers_the_photo_and_its_kind() -> None:
    claim, partner, key = make_claim(), api(), {"Idempotency-Key": "photo-1"}
    first, again = (sent(partner, claim, photo(), **key) for _ in range(2))
    assert (first.status_code, again.status_code, again["Idempotent-Replayed"]) == (201, 201, "true")
    assert first.json() == again.json()
    before = files()
    assert_problem(sent(partner, claim, photo(2), **key), 422, "idempotency_key_reused")
    assert_problem(sent(partner, claim, photo(), query="?kind=document", **key), 422, "idempotency_key_reused")
    assert files() == before  # what was refused left no picture behind


def test_each_bad_file_is_a_problem_with_its_name_and_leaves_nothing() -> None:
    claim, partner, before = make_claim(), api(), files()
    raw = photo()
    cases = [
        (b"", 422, "empty"), (others()["an SVG"], 422, "not_a_photo"),
        (others()["a program of Linux"], 422, "not_a_photo"),
        (raw[: len(raw) // 2], 422, "damaged"), (png_of(60_000, 60_000), 422, "too_many_pixels"),
        (next(iter(two_faced().values())), 422, "two_things"), (raw + bytes(15 * 1024 * 1024), 413, "too_large"),
        (raw + bytes(16 * 1024 * 1024), 413, "too_large"),
    ]  # fmt: skip
    for body, status, code in cases:
        assert_problem(sent(partner, claim, body), status, code, "/photo")
    assert_problem(sent(partner, claim, raw, query="?kind=selfie"), 422, "unknown_kind", "/kind")
    assert not Evidence.objects.exists()
    assert files() == before
    assert claim.order.journal.latest("id").action == "claim.in_review"


def test_bodies_that_are_no_upload_are_refused_by_name() -> None:
    claim, partner = make_claim(), api()
    assert sent(partner, claim, b"{}", "application/json").status_code == 415
    assert_problem(sent(partner, claim, b"no form", "multipart/form-data; boundary=x"), 422, "no_photo", "/photo")
    assert sent(partner, claim, b"no form", "multipart/form-data").status_code == 400
    text = b'--x\r\nContent-Disposition: form-data; name="photo"\r\n\r\nhello\r\n--x--\r\n'
    assert_problem(sent(partner, claim, text, "multipart/form-data; boundary=x"), 422, "no_photo", "/photo")
    many = b"".join(b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n' for _ in range(1500)) + b"--x--\r\n"
    assert_problem(sent(partner, claim, many, "multipart/form-data; boundary=x"), 400, "invalid_request")


def test_a_claim_holds_twenty_photos_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "MOST", 1)
    claim, partner = make_claim(), api()
    assert sent(partner, claim, photo(1)).status_code == 201
    assert_problem(sent(partner, claim, photo(2)), 422, "too_many_photos", "/photo")
    assert sent(partner, claim, photo(1)).status_code == 200


def test_a_photo_counts_as_the_answer_to_what_was_asked() -> None:
    claim = make_claim()
    asking.ask(claim, ["A photo of the box"], by="staff:ana")
    assert sent(api(), claim, photo()).status_code == 201
    claim.refresh_from_db()
    assert (claim.state, claim.info_requests.get().ended_at is not None) == ("in_review", True)


def test_a_photo_opens_a_claim_again_that_was_closed_for_want_of_it_but_no_other() -> None:
    silent, done, agent = make_claim(), make_claim(), make_agent()
    review.close(silent, "no_response", user=agent)
    review.close(done, "arrived", user=agent)
    assert sent(api(), silent, photo()).status_code == 201
    silent.refresh_from_db()
    assert silent.state == "in_review"
    before = files()
    assert_problem(sent(api(), done, photo()), 409, "claim_closed")
    assert files() == before


def test_the_list_shows_what_is_there_with_links() -> None:
    claim, partner = make_claim(), api()
    ids = [sent(partner, claim, photo(seed)).json()["id"] for seed in (1, 2)]
    rows = partner.get(path(claim)).json()["data"]
    assert [row["id"] for row in rows] == ids
    assert all(row["url"].startswith("http://") and row["thumbnail_url"] != row["url"] for row in rows)
    assert partner.get(f"{path(claim)}/{ids[0]}").json()["sha256"] == rows[0]["sha256"]


def test_a_photo_is_withdrawn_once_and_its_file_goes(django_capture_on_commit_callbacks: Any) -> None:
    claim, partner, before = make_claim(), api(), files()
    one = f"{path(claim)}/{sent(partner, claim, photo()).json()['id']}"
    with django_capture_on_commit_callbacks(execute=True):
        assert [partner.send("DELETE", one).status_code for _ in range(2)] == [204, 204]
    assert files() == before
    assert partner.get(path(claim)).json()["data"] == []
    assert_problem(partner.get(one), 404, "not_found")
    told = claim.order.journal.filter(action="claim.evidence_withdrawn")
    assert [entry.by for entry in told] == ["partner:acme"]
    assert sent(partner, claim, photo()).status_code == 201  # changed their mind


def test_what_a_decision_rests_on_stays() -> None:
    claim, partner = make_claim(), api()
    one = f"{path(claim)}/{sent(partner, claim, photo()).json()['id']}"
    decide(claim, make_agent())
    assert_problem(partner.send("DELETE", one), 409, "wrong_state")
    assert Evidence.objects.get().removed_at is None


def test_who_may_not() -> None:
    claim, reader = make_claim(), api("claims:read")
    assert_problem(sent(reader, claim, photo()), 403, "missing_scope")
    assert_problem(sent(Api(), claim, photo()), 401, "not_authenticated")
    one = f"{path(claim)}/{sent(api(), claim, photo()).json()['id']}"
    assert_problem(reader.send("DELETE", one), 403, "missing_scope")
    assert_problem(api("claims:write").get(one), 403, "missing_scope")
    stranger = api(shop=make_shop("other.myshopify.com").domain)
    for response in (sent(stranger, claim, photo(2)), stranger.get(path(claim)), stranger.send("DELETE", one)):
        assert_problem(response, 404, "not_found")
    other = make_claim(make_covered_order())
    assert_problem(api().get(f"{path(other)}/{one.rsplit('/', 1)[1]}"), 404, "not_found")
    assert Evidence.objects.get().removed_at is None


def test_a_withdrawn_claim_takes_no_photo() -> None:
    claim = make_claim()
    filing.withdraw(claim, by="customer")
    assert_problem(sent(api(), claim, photo()), 409, "claim_closed")
