"""No picture without a row, no row without a picture: whatever is refused, broken off or killed."""

import io
import stat
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages
from django.db import DatabaseError, transaction
from django.http import UnreadablePostError
from django.utils import timezone

from backoffice.tests.at_once import at_once
from orders.models import Order
from protection import evidence, evidence_files
from protection.models import Evidence, EvidenceView
from protection.photos import PhotoRefused
from protection.redaction import erase_claims
from protection.tests.builders import make_claim
from protection.tests.photos import photo

LATER = timezone.now() + timedelta(hours=2)


@pytest.fixture(autouse=True)
def place(settings: Any, tmp_path: Path) -> Path:
    """A real directory, as an installation has one."""
    backend = {"BACKEND": "protection.evidence_files.PrivateFiles", "OPTIONS": {"location": tmp_path / "evidence"}}
    settings.STORAGES = {**settings.STORAGES, "evidence": backend}
    return tmp_path / "evidence"


def files(place: Path) -> set[str]:
    return {str(path.relative_to(place)) for path in place.rglob("*") if path.is_file()}


def whole() -> set[str]:
    """The files that the rows speak of."""
    names = Evidence.objects.exclude(file="").values_list("file", flat=True)
    return {name + end for name in names for end in ("", evidence_files.THUMBNAIL)}


def give(claim: Any, seed: int = 1) -> Evidence:
    return evidence.add_evidence(claim, io.BytesIO(photo(seed)), by="customer")


class Broken(io.BytesIO):
    """An upload whose sender goes away in the middle."""

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell():
            raise UnreadablePostError("gone")
        return super().read(2000)


@pytest.mark.django_db
def test_pictures_are_for_this_installation_only_and_have_no_address(place: Path) -> None:
    row = give(make_claim())
    path = place / row.file
    assert files(place) == whole()
    assert [stat.S_IMODE(one.stat().st_mode) for one in (path, path.parent)] == [0o600, 0o700]
    with pytest.raises(ValueError, match="no address"):
        storages["evidence"].url(row.file)


@pytest.mark.django_db
def test_an_upload_that_breaks_off_leaves_nothing(place: Path) -> None:
    with pytest.raises(UnreadablePostError):
        evidence.add_evidence(make_claim(), Broken(photo()), by="customer")
    with pytest.raises(PhotoRefused, match="damaged"):
        evidence.add_evidence(make_claim(), io.BytesIO(photo()[:5000]), by="customer")
    assert not Evidence.objects.exists()
    assert not place.exists()


@pytest.mark.django_db(transaction=True)
def test_a_row_that_is_not_committed_takes_its_picture_along(place: Path) -> None:
    claim = make_claim()
    with pytest.raises(DatabaseError), evidence.prepared(claim, io.BytesIO(photo())) as sent, transaction.atomic():
        evidence.attach(claim, sent, by="customer")
        Evidence.objects.update(width=0)  # the database refuses, and everything is taken back
    assert (Evidence.objects.count(), files(place)) == (0, set())


@pytest.mark.django_db(transaction=True)
def test_what_a_killed_process_wrote_is_swept_after_an_hour_and_nothing_else(place: Path) -> None:
    claim = make_claim()
    give(claim)
    with evidence.prepared(claim, io.BytesIO(photo(2))) as sent:  # it is killed before it has a row
        orphan = {sent.name, sent.name + evidence_files.THUMBNAIL}
        (place / "ab").mkdir(exist_ok=True)
        (place / "ab" / "half.thumbnail").write_bytes(b"half")
        assert evidence.sweep() == 0  # too young: it may be on its way
        assert orphan <= files(place)
        assert evidence.sweep(LATER) == 2
    assert files(place) == whole()
    assert len(files(place)) == 2
    assert evidence.sweep(LATER) == 0


@pytest.mark.django_db(transaction=True)
def test_a_withdrawal_that_was_cut_short_is_finished(place: Path) -> None:
    row = give(make_claim())
    Evidence.objects.update(removed_at=timezone.now())  # committed, and killed before the file went
    assert files(place)
    evidence.sweep()
    row.refresh_from_db()
    assert (row.file, files(place)) == ("", set())


@pytest.mark.django_db(transaction=True)
def test_erasing_a_persons_data_takes_the_pictures_and_what_could_tell_them_again(place: Path) -> None:
    claim = make_claim()
    give(claim)
    kept = give(make_claim(), 2)
    with transaction.atomic():
        erase_claims(Order.objects.get(pk=claim.order_id), ["customer"])
        assert len(files(place)) == 4  # not before it is certain
    row = claim.evidence.get()
    assert (row.file, row.sha256, row.fingerprint, row.taken_at, row.uploaded_by) == ("", "", None, "", "(erased)")
    assert row.removed_at is not None
    assert files(place) == {kept.file, kept.file + evidence_files.THUMBNAIL}


@pytest.mark.django_db(transaction=True)
def test_two_who_send_one_photo_at_once_make_one_evidence(place: Path) -> None:
    claim = make_claim()
    made = at_once(lambda: give(claim).pk, lambda: give(claim).pk)
    assert len(set(made)) == Evidence.objects.count() == 1
    assert files(place) == whole()


@pytest.mark.django_db
def test_looks_are_kept_for_a_year(place: Path) -> None:
    row = give(make_claim())
    for days in (364, 366):
        view = EvidenceView.objects.create(evidence=row, by="staff:ana")
        EvidenceView.objects.filter(pk=view.pk).update(at=timezone.now() - timedelta(days=days))
    evidence.sweep()
    assert EvidenceView.objects.count() == 1
