"""The packet of one case: everything a carrier asks for as one archive, and the same as one printable page.

It holds personal data: each fetch is journaled, and each photo in it is noted as looked at.
"""

import io
import zipfile
from collections.abc import Iterator

from django.db import transaction
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string

from orders.journal import record
from protection import evidence_files
from protection.models import Evidence, EvidenceView, Recovery
from protection.recovery.papers import Papers, papers_of, scan_rows, table

CHUNK = 64 * 1024
_SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, no-store",
    "Referrer-Policy": "no-referrer",
}
# The page may show its own pictures and its own style, and nothing else; it holds no script.
_PAGE_POLICY = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"


def archive(recovery: Recovery, *, by: str) -> HttpResponseBase:
    """The packet as a ZIP that is sent while it is made, so that twenty photos need no room."""
    papers = papers_of(recovery)
    _note(papers, by, "archive")
    answer = StreamingHttpResponse(zipped(papers), content_type="application/zip", headers=_SAFE)
    answer["Content-Disposition"] = f'attachment; filename="{recovery.public_id}.zip"'
    return answer


def page(recovery: Recovery, *, by: str, pictures: dict[int, str]) -> HttpResponse:
    """The packet as one page to print; `pictures` are the addresses of its photos, by key."""
    papers = papers_of(recovery)
    _note(papers, by, "page")
    shown = [(photo, pictures[photo.pk]) for photo in papers.photos if photo.pk in pictures]
    answer = HttpResponse(_page(papers, shown), headers=_SAFE)
    answer["Content-Security-Policy"] = _PAGE_POLICY
    return answer


def zipped(papers: Papers) -> Iterator[bytes]:
    """The archive piece by piece. Names in it are ours (ids, kinds, numbers), never text from outside."""
    sink = _Sink()
    folder = papers.recovery.public_id
    photos = {photo: photo_name(number, photo) for number, photo in enumerate(papers.photos, 1)}
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in _documents(papers, photos):
            target.writestr(f"{folder}/{name}", content)
            yield sink.taken()
        for photo, name in photos.items():
            try:
                file = evidence_files.storage().open(photo.file)
            except FileNotFoundError:  # erased since we looked
                continue
            entry = zipfile.ZipInfo(f"{folder}/{name}", papers.made_at.timetuple()[:6])
            with file, target.open(entry, "w") as place:  # pictures are packed already: stored as they are
                while piece := file.read(CHUNK):
                    place.write(piece)
                    yield sink.taken()
    yield sink.taken()


def photo_name(number: int, photo: Evidence) -> str:
    """photos/01-label_photo-evd_….jpg"""
    return f"photos/{number:02}-{Evidence.Kind(photo.kind).value}-{photo.file_name}"


def _documents(papers: Papers, photos: dict[Evidence, str]) -> Iterator[tuple[str, str | bytes]]:
    yield "packet.html", _page(papers, list(photos.items()))
    yield "invoice.html", render_to_string("protection/recovery/invoice.html", {"papers": papers})
    yield "statement.html", render_to_string("protection/recovery/statement.html", {"papers": papers})
    yield "scans.csv", table(scan_rows(papers))
    yield "form.csv", table([("field", "value"), *papers.form])


def _page(papers: Papers, photos: list[tuple[Evidence, str]]) -> str:
    return render_to_string("protection/recovery/packet.html", {"papers": papers, "photos": photos})


@transaction.atomic
def _note(papers: Papers, by: str, form: str) -> None:
    recovery = papers.recovery
    EvidenceView.objects.bulk_create(EvidenceView(evidence=photo, by=by[:255]) for photo in papers.photos)
    record(
        "recovery.packet_fetched", shop=recovery.order.shop, order=recovery.order, subject=recovery.public_id, by=by,
        form=form, photos=len(papers.photos),
    )  # fmt: skip


class _Sink(io.RawIOBase):
    """What the archive is written to: it cannot go back, so the archive says lengths after each entry."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, piece: bytes) -> int:  # type: ignore[override]
        self.pieces.append(bytes(piece))
        return len(piece)

    def taken(self) -> bytes:
        """What was written since the last time."""
        whole = b"".join(self.pieces)
        self.pieces.clear()
        return whole
