"""By the clock: clusters of claims above their usual rate become incidents, and claims that fit join them.

Safe to repeat, and for two at once: the database lets one incident of a cluster be under way, and a claim join it once.
"""

from collections import defaultdict
from datetime import date, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from backoffice.isolation import isolated
from orders.journal import record
from orders.models import Order, Shop
from protection.incidents.chance import ALARM
from protection.incidents.clusters import LOOK_BACK, UNDER_WAY, Cluster, items, lanes
from protection.models import Claim, ClaimTraits, Incident, IncidentClaim
from protection.similar import traits

Kind, State = Incident.Kind, Incident.State
SEEN = ("days", "count", "usual", "chance", "sentence")  # what a look may change


def run(today: date | None = None) -> None:
    """Look at every store that had claims lately."""
    today = today or timezone.now().date()
    traits.catch_up()
    recent = ClaimTraits.objects.filter(filed_on__gt=today - timedelta(days=LOOK_BACK))
    for shop in Shop.objects.filter(pk__in=recent.values("shop")).order_by("pk"):
        with isolated("Looking for incidents", shop.domain):
            find(shop, today)


def find(shop: Shop, today: date, limit: float = ALARM) -> list[Incident]:
    """Propose what is above its usual rate in this store; returns the incidents that are new."""
    found: dict[str, list[Cluster]] = defaultdict(list)
    for cluster in [*lanes(shop, today, limit), *items(shop, today, limit)]:
        found[cluster.key].append(cluster)
    new = [incident for clusters in found.values() if (incident := _opened(shop, clusters))]
    for incident in Incident.objects.filter(shop=shop, state__in=Incident.GROWING).order_by("pk"):
        grow(incident, found.get(incident.cluster, []))
    return new


def _opened(shop: Shop, clusters: list[Cluster]) -> Incident | None:
    """A new incident of one lane or item, with the worst of its days in front; None where one is under way."""
    worst = min(clusters, key=lambda cluster: cluster.chance)
    try:
        with transaction.atomic():
            incident = Incident.objects.create(
                shop=shop, kind=worst.kind, cluster=worst.key, days=_days(clusters), count=0, usual=worst.usual,
                chance=worst.chance, sentence=worst.sentence, **worst.fields,
            )  # fmt: skip
            record("incident.opened", shop=shop, subject=incident.public_id, by="system", kind=incident.kind,
                   cluster=incident.cluster, days=incident.days, claims=worst.count, usual=round(worst.usual, 2),
                   sentence=worst.sentence)  # fmt: skip
            _join(incident)
            incident.save(update_fields=["count"])
            return incident
    except IntegrityError:  # one is under way: found before, or by somebody else in this moment
        if not Incident.objects.filter(shop=shop, cluster=worst.key, state__in=Incident.GROWING).exists():
            raise
        return None


@transaction.atomic
def grow(incident: Incident, clusters: list[Cluster]) -> Incident:
    """Days that are above the usual, too, and claims that came since, join an incident that is under way."""
    incident = Incident.objects.select_for_update(of=("self",)).select_related("shop").get(pk=incident.pk)
    if not incident.is_growing:
        return incident
    before = _seen(incident)
    if incident.kind == Kind.LANE:
        incident.days = sorted({*incident.days, *_days(clusters)})
    if clusters:
        worst = min(clusters, key=lambda cluster: cluster.chance)
        incident.usual, incident.chance, incident.sentence = worst.usual, worst.chance, worst.sentence
    _join(incident)
    if _seen(incident) != before:
        incident.save(update_fields=[*SEEN, "updated_at"])
    return incident


def _seen(incident: Incident) -> list[Any]:
    return [getattr(incident, name) for name in SEEN]


def claims_of(incident: Incident) -> QuerySet[ClaimTraits]:
    """Traits of the claims that fit an incident, members or not."""
    if incident.kind == Kind.LANE:
        return claims_like(incident).filter(shipped_on__in=incident.days)
    return claims_like(incident).filter(filed_on__gte=incident.days[0])


def claims_like(incident: Incident) -> QuerySet[ClaimTraits]:
    """Traits of the claims that share what its claims share, of any day."""
    rows = ClaimTraits.objects.filter(shop=incident.shop_id)
    rows = rows.exclude(claim__outcome__in=[Claim.Outcome.WITHDRAWN, Claim.Outcome.DUPLICATE])
    if incident.kind == Kind.LANE:
        return rows.filter(
            carrier=incident.carrier, origin=incident.origin, destination=incident.destination,
            reason__in=UNDER_WAY,
        )  # fmt: skip
    return rows.filter(skus__contains=[incident.sku], location_id=incident.location_id, reason=incident.reason)


def _join(incident: Incident) -> None:
    """Let in what fits and is not in yet, each with an entry of its own, and count; its row is ours, and not saved."""
    known = set(incident.members.values_list("claim_id", flat=True))
    ended = IncidentClaim.objects.filter(
        incident__kind=incident.kind, incident__state__in=[State.DISMISSED, State.CLOSED]
    ).values("claim_id")
    fitting = claims_of(incident).exclude(claim__in=ended).values_list("claim_id", flat=True)
    claims = list(Claim.objects.filter(pk__in=[pk for pk in fitting if pk not in known]).order_by("pk"))
    # Before the rows, which hold their claims: who locks a claim has locked its order first.
    orders = Order.objects.select_for_update().order_by("pk").in_bulk([claim.order_id for claim in claims])
    IncidentClaim.objects.bulk_create(IncidentClaim(incident=incident, claim=claim) for claim in claims)
    for claim in claims:
        record("incident.claim_added", shop=incident.shop, order=orders[claim.order_id], subject=incident.public_id,
               by="system", claim=claim.public_id, sentence=incident.sentence)  # fmt: skip
    incident.count = len(known) + len(claims)


def _days(clusters: list[Cluster]) -> list[str]:
    return sorted({day.isoformat() for cluster in clusters for day in cluster.days})
