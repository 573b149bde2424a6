"""Evidence of a claim: taken in once, withdrawn while nothing was decided, looked for in other claims, erased.

Opening a photo takes seconds and never happens in a transaction: `prepared` does it and writes the picture, `attach`
makes the row under the claim's lock. A picture that got no row is erased at once, or by `sweep` where the process died.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from orders.journal import record
from orders.redaction import scrubbed
from protection import asking, evidence_files
from protection.eligibility import ClaimRefused
from protection.filing import locked
from protection.models import Claim, Evidence, EvidenceView
from protection.photos import Photo, PhotoRefused, Readable, develop, received
from protection.verbs import check

MOST = 20  # photos in one claim
SAME_PHOTO = 6  # bits of 64 in which two fingerprints of one photo may differ
ORPHANED_AFTER = timedelta(hours=1)
VIEWS_KEPT = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A photo that was sent for a claim; without `photo` and `name` where the claim has it already."""

    sha256: str
    size: int
    photo: Photo | None
    name: str


def add_evidence(
    claim: Claim, file: Readable, *, by: str, kind: str = Evidence.Kind.PHOTO, source: str = ""
) -> Evidence:
    """Add a photo to a claim, whoever sends it; never call it in a transaction.

    The same photo again is the evidence it was. Where the claim waits for the customer it counts as their answer.
    Raises PhotoRefused for the file, ClaimRefused or MoveRefused for the claim.
    """
    with prepared(claim, file) as sent:
        return attach(claim, sent, by=by, kind=kind, source=source)


@contextmanager
def prepared(claim: Claim, file: Readable) -> Iterator[Prepared]:
    """Read, open and write down what was sent; what has no row at the end of the block is erased again."""
    with received(file) as original:
        if _known(claim, original.sha256):
            yield Prepared(original.sha256, original.size, None, "")
            return
        _check_room(claim)
        photo = develop(original)
    name = evidence_files.put(photo)
    try:
        yield Prepared(original.sha256, original.size, photo, name)
    finally:
        if not Evidence.objects.filter(file=name).exists():
            evidence_files.erase(name)


@transaction.atomic
def attach(
    claim: Claim, sent: Prepared, *, by: str, kind: str = Evidence.Kind.PHOTO, source: str = ""
) -> Evidence:  # fmt: skip
    """Make what was prepared a part of the claim; raises as `add_evidence` does."""
    if kind not in Evidence.Kind.values:
        raise ClaimRefused("unknown_kind", f"kind must be one of {', '.join(Evidence.Kind.values)}.", "/kind")
    claim = locked(claim)
    check(claim, "add_evidence", by=by)
    known = _known(claim, sent.sha256)
    if claim.state == Claim.State.NEEDS_INFO or (claim.state == Claim.State.CLOSED and not known):
        claim = asking.answer(claim, "", by=by, source=source)
    if known:
        return known
    if sent.photo is None:  # the claim had it, and it was withdrawn while this one was on its way
        raise PhotoRefused("busy")
    _check_room(claim)
    evidence = Evidence.objects.create(
        claim=claim, kind=kind, file=sent.name, content_type=sent.photo.content_type, width=sent.photo.width,
        height=sent.photo.height, size=sent.size, sha256=sent.sha256, fingerprint=sent.photo.fingerprint,
        taken_at=sent.photo.taken_at, uploaded_by=by,
    )  # fmt: skip
    _tell(claim, "claim.evidence_added", evidence, by, source)
    return evidence


@transaction.atomic
def withdraw_evidence(evidence: Evidence, *, by: str, source: str = "") -> Evidence:
    """Take a photo back, as long as nothing was decided on it; raises ClaimRefused, MoveRefused. Twice is once."""
    claim = locked(evidence.claim)
    check(claim, "withdraw_evidence", by=by)
    evidence = Evidence.objects.get(pk=evidence.pk)
    if evidence.removed_at is None:
        evidence.removed_at = timezone.now()
        evidence.save(update_fields=["removed_at"])
        _tell(claim, "claim.evidence_withdrawn", evidence, by, source)
        _erase_after_commit([evidence.pk])
    return evidence


def _tell(claim: Claim, action: str, evidence: Evidence, by: str, source: str) -> None:
    """Journal it, and let the claim's version rise: whoever decides must have seen the evidence as it is now."""
    claim.version += 1
    claim.save(update_fields=["version", "updated_at"])
    record(
        action, shop=claim.order.shop, order=claim.order, subject=claim.public_id, by=by, source=source,
        evidence=evidence.public_id, kind=evidence.kind,
    )  # fmt: skip


def _known(claim: Claim, sha256: str) -> Evidence | None:
    return Evidence.objects.filter(claim=claim, sha256=sha256, removed_at=None).first()


def _check_room(claim: Claim) -> None:
    if Evidence.objects.filter(claim=claim, removed_at=None).count() >= MOST:
        raise ClaimRefused("too_many_photos", f"A claim has at most {MOST} photos.", "/photo")


@dataclass(frozen=True, slots=True)
class UsedBefore:
    """A photo of this claim that is in another claim too: the very file, or one that looks the same."""

    own: Evidence
    other: Evidence
    distance: int | None  # bits that differ; None: the same file

    @property
    def in_words(self) -> str:
        same = "The same file" if self.distance is None else "A photo that looks the same"
        return f"{same} was {'used before' if self.other.pk < self.own.pk else 'sent later'} in another claim"


def used_before(claim: Claim) -> list[UsedBefore]:
    """Where this claim's photos are in other claims of its shop, the closest first.

    Withdrawn ones of theirs count, ours do not. What only looks the same is looked for a year before and after ours.
    """
    with connection.cursor() as cursor:
        cursor.execute(_USED_BEFORE, {"claim": claim.pk, "shop": claim.order.shop_id, "most": SAME_PHOTO})
        found = cursor.fetchall()
    rows = Evidence.objects.select_related("claim__order").in_bulk(
        {pk for own, other, _ in found for pk in (own, other)}
    )
    return [UsedBefore(rows[own], rows[other], distance) for own, other, distance in found]


# What differs in six bits at most agrees in one of seven parts at least, and an index knows the parts.
_USED_BEFORE = """
WITH own AS MATERIALIZED (
    SELECT id, claim_id, sha256, fingerprint, created_at FROM protection_evidence
    WHERE claim_id = %(claim)s AND removed_at IS NULL
), found AS (
    SELECT own.id AS own, other.id AS other, NULL::integer AS distance
    FROM own JOIN protection_evidence other ON other.sha256 = own.sha256 AND own.sha256 <> ''
    WHERE other.claim_id <> own.claim_id
    UNION ALL
    SELECT own.id, other.id, bit_count((own.fingerprint # other.fingerprint)::bit(64))::integer
    FROM own JOIN protection_evidence other
        ON protection_photo_parts(other.fingerprint) && protection_photo_parts(own.fingerprint)
        AND bit_count((own.fingerprint # other.fingerprint)::bit(64)) <= %(most)s
    WHERE other.claim_id <> own.claim_id AND other.sha256 <> own.sha256
        AND other.created_at BETWEEN own.created_at - interval '365 days' AND own.created_at + interval '365 days'
)
SELECT found.own, found.other, found.distance FROM found
JOIN protection_evidence e ON e.id = found.other
JOIN protection_claim c ON c.id = e.claim_id JOIN orders_order o ON o.id = c.order_id
WHERE o.shop_id = %(shop)s ORDER BY found.distance NULLS FIRST, found.own, found.other LIMIT 50
"""


def erase_evidence(claims: QuerySet[Claim], personal: Collection[str]) -> int:
    """Forget the photos of these claims and all that could tell them again; the files go when the transaction ends."""
    rows = Evidence.objects.filter(claim__in=claims)
    for evidence in rows:
        evidence.uploaded_by = scrubbed(evidence.uploaded_by, personal)
        evidence.save(update_fields=["uploaded_by"])
    count = rows.update(
        removed_at=Coalesce("removed_at", timezone.now()), sha256="", fingerprint=None, taken_at=""
    )  # fmt: skip
    _erase_after_commit(list(rows.values_list("pk", flat=True)))
    return count


def _erase_after_commit(pks: Collection[int]) -> None:
    transaction.on_commit(partial(_erase_removed, Evidence.objects.filter(pk__in=pks)), robust=True)


def _erase_removed(rows: QuerySet[Evidence]) -> None:
    """Erase the pictures of removed rows; a row names its picture until that is done, so that a repeat finds it."""
    for evidence in rows.exclude(removed_at=None).exclude(file=""):
        evidence_files.erase(evidence.file)
        Evidence.objects.filter(pk=evidence.pk).update(file="")


def sweep(now: datetime | None = None) -> int:
    """By the clock: finish what a killed process left undone, forget old views; returns how many orphans were found."""
    now = now or timezone.now()
    _erase_removed(Evidence.objects.all())
    EvidenceView.objects.filter(at__lt=now - VIEWS_KEPT).delete()
    names = sorted(set(evidence_files.names(ORPHANED_AFTER, now)))
    orphans = []
    for start in range(0, len(names), 1000):
        batch = names[start : start + 1000]
        rows = set(Evidence.objects.filter(file__in=batch).values_list("file", flat=True))
        orphans += [name for name in batch if name not in rows]
    for name in orphans:
        evidence_files.erase(name)
    return len(orphans)
