"""The past claims most like one: how far each is, in points that a person can add up, and what was decided on it.

Only claims of the same store and for the same reason are compared. Each thing that differs costs the points that stand
in PARTS; nothing else makes two claims unlike, so that the page can say in words why a claim is near.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from orders.money import Money
from protection.models import Claim, ComparedDecision, Decision
from protection.similar.traits import TRAITS, parameters

SHOWN = 5
VOTERS = 10
AGREED = 9  # of VOTERS: then they are taken to agree
NEAR = 4  # points; what is further away is shown, but does not count
LOOKED_AT = 2_000  # the newest claims for this reason: what was decided long ago, under other rules, guides nobody
CANDIDATES = 500  # the nearest of those, decided or not, so that the claims' own rows are read for few

Side = ComparedDecision.Side
DECIDED = (Claim.Outcome.APPROVED, Claim.Outcome.PARTIAL, Claim.Outcome.DENIED)

# What is compared, and its points; t is the past claim, own the one on the page.
PARTS = {
    "carrier": "CASE WHEN t.carrier = own.carrier THEN 0 ELSE 2 END",
    "destination": "CASE WHEN t.destination = own.destination THEN 0 ELSE 2 END",
    "delivered": "CASE WHEN t.delivered = own.delivered THEN 0 ELSE 2 END",
    "days": """CASE WHEN t.quiet_days IS NULL AND own.quiet_days IS NULL THEN 0
        WHEN t.quiet_days IS NULL OR own.quiet_days IS NULL THEN 2
        WHEN abs(t.quiet_days - own.quiet_days) <= 2 THEN 0
        WHEN abs(t.quiet_days - own.quiet_days) <= 7 THEN 1 ELSE 2 END""",
    "value": """CASE WHEN greatest(t.value, own.value) <= 1.25 * least(t.value, own.value) THEN 0
        WHEN greatest(t.value, own.value) <= 2 * least(t.value, own.value) THEN 1 ELSE 2 END""",
    "item": "CASE WHEN t.skus && own.skus OR t.products && own.products THEN 0 ELSE 1 END",
    "photos": "CASE WHEN t.photos = own.photos THEN 0 ELSE 1 END",
    "covered": "CASE WHEN t.covered = own.covered THEN 0 ELSE 2 END",
}

NEAREST = f"""
    WITH own AS MATERIALIZED ({TRAITS}),
    candidates AS MATERIALIZED (
        SELECT t.*, p.*, {" + ".join(f"p.d_{name}" for name in PARTS)} AS distance
        FROM own
        CROSS JOIN LATERAL (
            SELECT past.* FROM protection_claimtraits past
            WHERE past.shop_id = own.shop_id AND past.reason = own.reason AND past.claim_id <> own.claim_id
            ORDER BY past.claim_id DESC LIMIT {LOOKED_AT}
        ) t
        CROSS JOIN LATERAL (SELECT {", ".join(f"{points} AS d_{name}" for name, points in PARTS.items())}) p
        ORDER BY distance, t.claim_id DESC LIMIT {CANDIDATES}
    ),
    near AS (
        SELECT candidates.*, c.public_id, c.outcome, c.decided_at, c.order_id
        FROM candidates JOIN protection_claim c ON c.id = candidates.claim_id
        WHERE c.outcome = ANY(%(decided)s::text[]) AND c.decided_at IS NOT NULL
        ORDER BY distance, c.decided_at DESC, c.id DESC
        LIMIT {VOTERS}
    )
    SELECT near.claim_id, near.public_id, o.name, o.currency, near.outcome, near.decided_at, near.distance,
        near.carrier, near.destination, near.delivered, near.quiet_days, near.value, near.photos, near.covered,
        own.carrier, own.destination, own.quiet_days, near.skus && own.skus,
        ARRAY(SELECT DISTINCT d.remedy FROM protection_decision d JOIN protection_claimitem i ON i.id = d.item_id
              WHERE i.claim_id = near.claim_id AND NOT d.superseded AND d.remedy <> 'none' ORDER BY 1),
        {", ".join(f"near.d_{name}" for name in PARTS)}
    FROM near CROSS JOIN own JOIN orders_order o ON o.id = near.order_id
    ORDER BY near.distance, near.decided_at DESC, near.claim_id DESC
"""  # noqa: S608 all parts are constants


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A past claim: `same` and `other` say in words what it shares with the one on the page and what it does not."""

    claim_id: int
    public_id: str
    order_name: str
    outcome: str
    remedies: str
    decided_at: datetime
    distance: int
    same: list[str]
    other: list[str]

    @property
    def approved(self) -> bool:
        return self.outcome != Claim.Outcome.DENIED

    @property
    def outcome_words(self) -> str:
        return Claim.Outcome(self.outcome).label

    @property
    def is_near(self) -> bool:
        return self.distance <= NEAR


@dataclass(frozen=True, slots=True)
class Similar:
    """The nearest past claims, nearest first, and what they say together."""

    neighbours: list[Neighbour]

    @property
    def shown(self) -> list[Neighbour]:
        return self.neighbours[:SHOWN]

    @property
    def near(self) -> int:
        return sum(one.is_near for one in self.neighbours)

    @property
    def approved(self) -> int:
        return sum(one.approved for one in self.neighbours if one.is_near)

    @property
    def expected(self) -> str:
        """What nine of ten near claims were given; "" where they do not agree, or are not ten."""
        if self.near < VOTERS:
            return ""
        return Side.APPROVED if self.approved >= AGREED else Side.DENIED if self.near - self.approved >= AGREED else ""

    @property
    def sentence(self) -> str:
        """Such as "9 of 10 similar claims were approved."; "" where they do not agree."""
        if not self.expected:
            return ""
        agreed = self.approved if self.expected == Side.APPROVED else self.near - self.approved
        return f"{agreed} of {self.near} similar claims were {self.expected}."


def nearest(claim: Claim) -> Similar:
    """The past decided claims of the same store and reason that are most like this one, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(NEAREST, parameters_for(claim))
        return Similar([_neighbour(row) for row in cursor.fetchall()])


def parameters_for(claim: Claim) -> dict[str, list[int] | list[str]]:
    """What NEAREST needs."""
    return {**parameters([claim.pk]), "decided": [outcome.value for outcome in DECIDED]}


def _neighbour(row: Sequence[Any]) -> Neighbour:
    (claim_id, public_id, name, currency, outcome, decided_at, distance, carrier, destination, delivered, days, value,
     photos, covered, own_carrier, own_destination, own_days, same_sku, remedies, *points) = row  # fmt: skip
    cost = dict(zip(PARTS, points, strict=True))
    scan = "delivery" if delivered else "last scan"
    words = {
        "carrier": (f"same carrier ({carrier or 'none'})", f"{carrier or 'no carrier'}, here {own_carrier or 'none'}"),
        "destination": (
            f"also to {destination or 'an unknown country'}",
            f"to {destination or 'an unknown country'}, here to {own_destination or 'an unknown country'}",
        ),
        "delivered": (
            "scanned as delivered, too" if delivered else "no delivery scan either",
            "scanned as delivered" if delivered else "no delivery scan",
        ),
        "days": _days(scan, days, own_days),
        "value": (f"worth about the same ({_money(value, currency)})", f"worth {_money(value, currency)}"),
        "item": ("the same item" if same_sku else "the same product", "another item"),
        "photos": ("with photos, too" if photos else "no photo either", "with photos" if photos else "without photos"),
        "covered": (
            "covered, too" if covered else "not covered either",
            "covered by the guarantee" if covered else "not covered by the guarantee",
        ),
    }
    return Neighbour(
        claim_id=claim_id,
        public_id=public_id,
        order_name=name,
        outcome=outcome,
        remedies=", ".join(Decision.Remedy(remedy).label for remedy in remedies),
        decided_at=decided_at,
        distance=distance,
        same=[words[part][0] for part in PARTS if not cost[part] and words[part][0]],
        other=[words[part][1] for part in PARTS if cost[part]],
    )


def _days(scan: str, days: int | None, own_days: int | None) -> tuple[str, str]:
    if days is None:
        return "", "no scan known"
    here = "no scan here" if own_days is None else f"here {own_days}"
    words = f"{days} days after the {scan}, {here}"
    return words, words


def _money(value: Decimal, currency: str) -> str:
    return str(Money(value, currency))
