"""Which carrier a parcel was given to, which of its terms apply, and whether it pays for such a claim at all."""

from collections.abc import Iterable

from orders.models import Fulfillment
from protection.models import Carrier, CarrierTerms, Claim
from protection.models.carrier import plain_name
from protection.recovery.default_terms import REASONS
from protection.windows import DELIVERED, is_international

CODE = 5  # of a postcode: what follows (ZIP+4) carriers write or leave out


def carrier_named(name: str) -> Carrier | None:
    """The carrier that goes by this name; None for one nobody has entered. Carriers are few and read whole."""
    wanted = plain_name(name)
    return next((one for one in Carrier.objects.all() if wanted in one.plain_names), None) if wanted else None


def terms_for(carrier: Carrier, parcel: Fulfillment) -> CarrierTerms | None:
    """The terms a parcel was sent under: of its service before any, of its region before anywhere, the latest of those.

    The service's name is looked for in the parcel's carrier and in the order's shipping lines, for the shop has no
    field of its own for it.
    """
    order = parcel.order
    names = [parcel.tracking_company]
    for line in order.shipping_lines or []:
        names += [str(line.get("title") or ""), str(line.get("code") or "")]
    service = "\n".join(names).casefold()
    sent_at = parcel.remote_created_at or order.placed_at
    abroad = is_international(order)
    rows: Iterable[CarrierTerms] = carrier.terms.all()
    fitting = [row for row in rows if row.is_for(service=service, international=abroad, sent_at=sent_at)]
    return max(
        fitting, key=lambda row: (row.service != "", row.region != row.Region.ANY, row.effective_from), default=None
    )


def why_not_paid(claim: Claim, parcel: Fulfillment, terms: CarrierTerms | None) -> str:
    """Why the carrier owes nothing for this claim; empty where it may. Without terms the usual reasons count."""
    if claim.reason not in (terms.reasons if terms else REASONS):
        return f"The carrier does not pay for this reason: {claim.get_reason_display().lower()}."
    only_elsewhere = terms is None or terms.misdelivered_only
    if claim.reason == Claim.Reason.NOT_RECEIVED and only_elsewhere and not delivered_elsewhere(parcel):
        return "The delivery scan names no other place than the address, so the carrier owes nothing."
    return ""


def delivered_elsewhere(parcel: Fulfillment) -> bool:
    """Whether the last delivery scan names another postcode than the address; where it has none, another city."""
    scans = [scan for scan in parcel.scans.all() if scan.deleted_at is None and scan.status in DELIVERED]
    address = parcel.order.shipping_address or {}
    if not scans or parcel.order.redacted_at:
        return False
    last = scans[-1]
    if last.zip and address.get("zip"):
        return plain_name(last.zip)[:CODE] != plain_name(address["zip"])[:CODE]
    return bool(last.city and address.get("city")) and plain_name(last.city) != plain_name(address["city"])
