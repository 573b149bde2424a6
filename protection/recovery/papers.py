"""The papers of one case: what a carrier asks for, read once, for the archive and for the printable page."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from orders.admin.order_facts import address_lines
from orders.admin.parcels import Scan, parcels
from orders.models import LineItem, Order
from orders.money import Money, decimal_of, text_of
from protection.models import Claim, Evidence, Recovery
from protection.shares import bag_of, paid_for_line

# Spreadsheets run what begins with these, some of them the wide ones too (OWASP, CSV injection).
HARMFUL = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One line of the order in the shop's currency; `claimed` units are what the case is about."""

    title: str
    sku: str
    quantity: int
    price: Money
    discount: Money
    paid: Money
    claimed: int


@dataclass(frozen=True, slots=True)
class Statement:
    """What the customer wrote about what happened, and when."""

    at: datetime
    what: str
    text: str


@dataclass(frozen=True, slots=True)
class Papers:
    """All that goes into a packet. Photos are the new pictures, without the notes of the camera."""

    recovery: Recovery
    made_at: datetime
    lines: list[InvoiceLine]
    totals: list[tuple[str, Money]]
    address: list[str]
    scans: list[Scan]
    statements: list[Statement]
    photos: list[Evidence]
    form: list[tuple[str, str]]

    @property
    def order(self) -> Order:
        return self.recovery.order


def papers_of(recovery: Recovery) -> Papers:
    """Read everything about a recovery (with its order, shop and parcel) in a fixed number of queries."""
    order, parcel = recovery.order, recovery.parcel
    lines = list(order.lines.all())
    claims = list(recovery.claims.prefetch_related("replies").order_by("id"))
    shown = parcels(recovery.order.fulfillments.filter(pk=parcel.pk).prefetch_related("scans"), lines)
    scans = [scan for one in shown for scan in reversed(one.scans)]
    address = address_lines(order.shipping_address)
    return Papers(
        recovery=recovery,
        made_at=timezone.now(),
        lines=[_invoice_line(line, recovery) for line in lines],
        totals=_totals(order),
        address=address,
        scans=scans,
        statements=[statement for claim in claims for statement in _statements(claim)],
        photos=list(Evidence.objects.filter(claim__in=claims, removed_at=None).exclude(file="")),
        form=_form(recovery, claims, address),
    )


def table(rows: Iterable[Sequence[object]]) -> bytes:
    """Rows as CSV that spreadsheets only show: a cell that one of them would run is told to be text."""
    target = io.StringIO()
    csv.writer(target).writerows([[harmless(str(cell)) for cell in row] for row in rows])
    return target.getvalue().encode()


def harmless(cell: str) -> str:
    """The cell with an apostrophe before what a spreadsheet would take for a formula."""
    return f"'{cell}" if cell.lstrip(" \n").startswith(HARMFUL) else cell


def scan_rows(papers: Papers) -> list[Sequence[str]]:
    """The scans, oldest first, with a head."""
    head = ("time (UTC)", "status", "place", "postcode", "message")
    return [head, *(
        (f"{scan.event.happened_at:%Y-%m-%d %H:%M:%S}", scan.words, scan.place, scan.event.zip, scan.event.message)
        for scan in papers.scans
    )]  # fmt: skip


def _invoice_line(line: LineItem, recovery: Recovery) -> InvoiceLine:
    order = recovery.order
    code = order.currency
    return InvoiceLine(
        title=str(line),
        sku=line.sku,
        quantity=line.quantity,
        price=_money(line.amounts, "unit_price", code),
        discount=_money(line.amounts, "discount", code),
        paid=Money(paid_for_line(line, "shop", order.taxes_included), code),
        claimed=sum(one["quantity"] for one in recovery.lines if one["line"] == line.public_id),
    )


def _totals(order: Order) -> list[tuple[str, Money]]:
    rows = [(name.capitalize(), _money(order.amounts, name, order.currency)) for name in ("shipping", "tax", "duties")]
    known = [(name, money) for name, money in rows if money.amount]
    return [*known, ("Total", _money(order.amounts, "total", order.currency))]


def _money(amounts: dict[str, Any], name: str, code: str) -> Money:
    said = (amounts.get(name) or {}).get("shop")
    return Money(decimal_of(said["amount"]), said["currency"]) if said else Money(Decimal(0), code)


def _statements(claim: Claim) -> Iterable[Statement]:
    at = claim.submitted_at or claim.created_at
    when = f", said to have happened on {claim.happened_on:%-d %b %Y}" if claim.happened_on else ""
    yield Statement(at, f"{claim.get_reason_display()}{when}", claim.description or "No words were added.")
    for reply in claim.replies.all():
        yield Statement(reply.created_at, "Answer to a question", reply.text)


def _form(recovery: Recovery, claims: Sequence[Claim], address: Sequence[str]) -> list[tuple[str, str]]:
    """What carriers' forms ask, as (field, value)."""
    order, parcel = recovery.order, recovery.parcel
    code = recovery.currency
    wanted = recovery.claimed if recovery.claimed is not None else recovery.expected
    reasons = dict.fromkeys(claim.get_reason_display() for claim in claims)
    values = [bag_of(line["value"]).shop.amount for line in recovery.lines]
    return [
        ("Our reference", recovery.public_id),
        ("Carrier", str(recovery.carrier or recovery.carrier_name)),
        ("Carrier's reference", recovery.reference),
        ("Tracking number", ", ".join(map(str, parcel.tracking_numbers))),
        ("Shipped on", f"{parcel.remote_created_at:%Y-%m-%d}" if parcel.remote_created_at else ""),
        ("Last day to file", f"{recovery.last_day:%Y-%m-%d}" if recovery.last_day else ""),
        ("What happened", ", ".join(reasons)),
        ("Shipper", str(order.shop)),
        ("Order", order.name),
        ("Recipient", address[0] if address else ""),
        ("Recipient's address", ", ".join(address[1:])),
        ("Recipient's e-mail", order.email),
        ("Recipient's phone", order.phone or str((order.shipping_address or {}).get("phone", ""))),
        ("Contents", "; ".join(f"{line['quantity']} × {line['title']}" for line in recovery.lines)),
        ("Number of items", str(sum(line["quantity"] for line in recovery.lines))),
        ("Value of the items", f"{text_of(sum(values, Decimal(0)), order.currency)} {order.currency}"),
        ("Amount claimed", "" if wanted is None else f"{text_of(wanted, code)} {code}"),
    ]
