"""The packet of a case: complete, safe to open and to unpack, without the camera's notes, and each fetch on record."""

import csv
import io
import zipfile
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from backoffice.console.roles import ensure_roles
from orders.models import Fulfillment, TrackingEvent
from orders.snapshot import Address
from orders.tests.builders import line
from protection import evidence, evidence_files, filing, resolutions
from protection.eligibility import ItemAsked
from protection.models import Claim, EvidenceView, Recovery
from protection.recovery import opening
from protection.recovery.papers import harmless, papers_of
from protection.tests.builders import decide, make_agent, make_covered_order
from protection.tests.carriers import granted, make_recovery, shipped
from protection.tests.console import agent_client
from protection.tests.parcels import scan
from protection.tests.photos import CANARY, marked, photo

pytestmark = pytest.mark.django_db
EVIL = '../../etc/=cmd|"/c calc"!A1<script>'


@pytest.fixture
def recovery() -> Recovery:
    """A case whose every text from outside is hostile, with two marked photos."""
    address = Address(
        first_name="=2+5", last_name="Zoë", address1="+1 Test Street", city="Springfield", zip="62701",
        country="United States", country_code="US", phone="+15550001111",
    )  # fmt: skip
    order = make_covered_order(line(EVIL), line("Cup", price="3.50"), name=EVIL, shipping_address=address)
    parcel = shipped(order, tracking_numbers=["=1Z999", EVIL], name=EVIL)
    found = scan(parcel, "in_transit", timezone.now() - timedelta(days=12), message="@SUM(A1)")
    TrackingEvent.objects.filter(pk=found.pk).update(city="-Springfield", zip="62701")
    claim = granted_for(parcel)
    Claim.objects.filter(pk=claim.pk).update(description=f"{EVIL} it never came")
    for kind in ("JPEG", "PNG"):
        evidence.add_evidence(claim, io.BytesIO(marked(kind)), by="customer", kind="label_photo")
    (case,) = opening.look(claim)
    return case


def granted_for(parcel: Fulfillment) -> Claim:
    asked = [ItemAsked(parcel.order.lines.get(title=EVIL), 1)]
    claim = filing.file_claim(parcel.order, reason="lost", items=asked, by="customer")
    decide(claim, User.objects.filter(username="ana").first() or make_agent(limit=None))
    resolutions.start(claim.resolutions.get())
    claim.refresh_from_db()
    return claim


def url(recovery: Recovery) -> str:
    return reverse("admin:protection_recovery_change", args=[recovery.pk])


def fetched(client: Client, recovery: Recovery) -> zipfile.ZipFile:
    answer = client.post(url(recovery), {"verb": "archive"})
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/zip"
    assert answer["Content-Disposition"] == f'attachment; filename="{recovery.public_id}.zip"'
    assert answer.streaming
    return zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))  # type: ignore[attr-defined]


def test_all_papers_are_in_it_under_names_of_ours(recovery: Recovery) -> None:
    archive = fetched(agent_client(), recovery)
    assert archive.testzip() is None
    photos = [one.public_id for one in recovery.claims.get().evidence.all()]
    assert set(archive.namelist()) == {
        *(f"{recovery.public_id}/{name}" for name in (
            "packet.html", "invoice.html", "statement.html", "scans.csv", "form.csv",
            f"photos/01-label_photo-{photos[0]}.jpg", f"photos/02-label_photo-{photos[1]}.{suffix(recovery)}",
        )),
    }  # fmt: skip
    assert not any(".." in name or name.startswith("/") or "\\" in name for name in archive.namelist())


def suffix(recovery: Recovery) -> str:
    return recovery.claims.get().evidence.last().file_name.rsplit(".", 1)[1]  # type: ignore[union-attr]


def test_no_byte_of_the_cameras_notes_leaves(recovery: Recovery) -> None:
    archive = fetched(agent_client(), recovery)
    pictures = [name for name in archive.namelist() if "/photos/" in name]
    assert len(pictures) == 2
    for name in archive.namelist():
        assert CANARY not in archive.read(name)
    for name in pictures:
        data = archive.read(name)
        assert b"Exif" not in data
        assert b"ns.adobe.com" not in data


def test_no_cell_is_a_formula(recovery: Recovery) -> None:
    archive = fetched(agent_client(), recovery)
    for name in ("scans.csv", "form.csv"):
        rows = list(csv.reader(io.StringIO(archive.read(f"{recovery.public_id}/{name}").decode())))
        cells = [cell for row in rows for cell in row]
        assert len(cells) > 6
        assert [cell for cell in cells if cell.strip()[:1] in tuple("=+-@\t\r") and cell.strip()] == []
    form = dict(csv.reader(io.StringIO(archive.read(f"{recovery.public_id}/form.csv").decode())))
    assert form["Recipient"] == "'=2+5 Zoë"
    assert form["Tracking number"].startswith("'=1Z999")
    assert form["Amount claimed"] == "40.00 USD"


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@x", "\t=1", "\r=1", " =1", "\n=1", "＝1"])
def test_what_a_spreadsheet_runs_is_told_to_be_text(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"
    assert harmless("1-1 = 0") == "1-1 = 0"


def test_texts_from_outside_are_text_in_its_pages(recovery: Recovery) -> None:
    archive = fetched(agent_client(), recovery)
    for name in ("packet.html", "invoice.html", "statement.html"):
        page = archive.read(f"{recovery.public_id}/{name}").decode()
        assert "<script" not in page
        assert "&lt;script&gt;" in page
    packet = archive.read(f"{recovery.public_id}/packet.html").decode()
    for words in ("it never came", "40.00 USD", "3.50 USD", "In transit", "Springfield", 'src="photos/01-label_photo-'):
        assert words in packet
    assert "http://" not in packet
    assert "https://" not in packet


def test_the_same_is_one_page_to_print(recovery: Recovery) -> None:
    answer = agent_client().post(url(recovery), {"verb": "page"})
    page = answer.content.decode()
    assert "@page" in page
    assert page.count("<figure>") == 2
    for one in recovery.claims.get().evidence.all():
        assert f'src="{reverse("admin:protection_evidence_picture", args=[one.pk])}"' in page
    assert "script-src" not in answer["Content-Security-Policy"]
    assert "private, no-store" in answer["Cache-Control"]


def test_each_fetch_is_journaled_and_each_photo_noted_as_seen(recovery: Recovery) -> None:
    client = agent_client()
    fetched(client, recovery)
    client.post(url(recovery), {"verb": "page"})
    entries = recovery.order.journal.filter(action="recovery.packet_fetched").order_by("id")
    assert [(entry.by, entry.facts) for entry in entries] == [
        ("staff:ana", {"form": "archive", "photos": 2}), ("staff:ana", {"form": "page", "photos": 2})
    ]  # fmt: skip
    assert EvidenceView.objects.filter(by="staff:ana").count() == 4


def test_only_who_may_fetch_it_gets_it_and_never_by_a_link(recovery: Recovery) -> None:
    client = agent_client()
    for verb in ("archive", "page"):
        assert client.get(url(recovery) + f"?verb={verb}")["Content-Type"].startswith("text/html")
    group = ensure_roles()["agent"]
    group.permissions.remove(Permission.objects.get(codename="fetch_recovery_packet"))
    for verb in ("archive", "page"):
        assert client.post(url(recovery), {"verb": verb}).status_code == 403
    assert "Packet (ZIP)" not in client.get(url(recovery)).content.decode()
    assert not recovery.order.journal.filter(action="recovery.packet_fetched").exists()
    assert Client().post(url(recovery), {"verb": "archive"}).status_code == 302


def test_a_photo_that_went_meanwhile_is_left_out(recovery: Recovery) -> None:
    evidence_files.erase(recovery.claims.get().evidence.last().file)  # type: ignore[union-attr]
    archive = fetched(agent_client(), recovery)
    assert sum("/photos/" in name for name in archive.namelist()) == 1
    assert archive.testzip() is None


def test_withdrawn_photos_and_those_of_other_claims_are_not_in_it() -> None:
    first = make_recovery()
    claim = first.claims.get()
    evidence.add_evidence(claim, io.BytesIO(photo(1)), by="customer")
    other = granted(shipped(make_covered_order(name="#2")))
    evidence.add_evidence(other, io.BytesIO(photo(2)), by="customer")
    assert len(papers_of(first).photos) == 1
    claim.evidence.update(removed_at=timezone.now())
    assert papers_of(first).photos == []


def test_a_case_without_scans_address_or_words_has_its_papers_all_the_same() -> None:
    order = make_covered_order(shipping_address=None)
    parcel = shipped(order)
    recovery = make_recovery(parcel)
    parcel.scans.update(deleted_at=timezone.now())
    archive = fetched(agent_client(), recovery)
    assert "The address is not known" in archive.read(f"{recovery.public_id}/invoice.html").decode()
    assert "The carrier has not scanned it" in archive.read(f"{recovery.public_id}/packet.html").decode()
    assert "No words were added" in archive.read(f"{recovery.public_id}/statement.html").decode()
