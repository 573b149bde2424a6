"""Back-tests: a draft is put to the claims of the past, among the rules of today, and shows which it would flip.

A test is a row that says how far it is, carried on in chunks by whichever process holds its beat; whoever carries it
may die, the next one goes on at the row's cursor. The claims are only read.
"""

import logging
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django_q.tasks import async_task

from protection.models import BackTest, BackTestCase, Claim, RoutingVersion
from protection.risk.reading import facts_of
from protection.routing.conditions import RuleInvalid, parts_of
from protection.routing.trying import Past, Purse, as_said, first_match, from_said, moment_of, sorted_set

logger = logging.getLogger(__name__)

PERIODS = (90, 365)  # days; what the console offers
MOST_DAYS = 365
CHUNK = 2_000
SLICE_SECONDS = 20.0
SILENT = timedelta(seconds=60)  # then nobody is at it any more
TASK = "protection.routing.backtesting.run"
State = BackTest.State
Watch = Callable[[BackTest], None]


class Overtaken(Exception):
    """Somebody else carries the test on."""


def begin(version: RoutingVersion, days: int, *, by: str, ring: bool = True) -> BackTest:
    """A new test of a version (draft or not) on so many days; raises RuleInvalid. `ring` wakes a worker for it."""
    if not 1 <= days <= MOST_DAYS:
        raise RuleInvalid("invalid_days", f"A back-test looks at 1 to {MOST_DAYS} days.", "/days")
    test = BackTest(version=version, days=days, by=by, said=as_said(version))
    test.total = _claims(test).count()
    test.save()
    if ring:
        transaction.on_commit(lambda: async_task(TASK), robust=True)
    return test


def run(now: datetime | None = None) -> int:
    """By the clock, and when rung: carry on tests that nobody is at, the oldest first; returns how many.

    For some seconds in all: a task that takes a minute is killed, however many tests wait.
    """
    now, until, carried = now or timezone.now(), time.monotonic() + SLICE_SECONDS, 0
    waiting = BackTest.objects.filter(Q(beat_at=None) | Q(beat_at__lt=now - SILENT), state=State.RUNNING)
    for pk in list(waiting.order_by("id").values_list("pk", flat=True)):
        test = waiting.select_related("version__rule").filter(pk=pk).first()  # another may be at it by now
        if test is not None and (left := until - time.monotonic()) > 0:
            carry_on(test, left)
            carried += 1
    return carried


def carry_on(test: BackTest, seconds: float = float("inf"), watch: Watch = lambda test: None) -> bool:
    """Go on for some seconds, calling `watch` after each chunk; returns whether the test is over."""
    until = time.monotonic() + seconds
    try:
        _beat(test)
        versions = _rules(test)
        purse = Purse.of_json(test.cursor.get("purse", {}))
        while _chunk(test, versions, purse):
            watch(test)
            if time.monotonic() >= until:
                BackTest.objects.filter(pk=test.pk, beat_at=test.beat_at).update(beat_at=None)
                return False
        _end(test, State.DONE)
    except Overtaken:
        test.refresh_from_db()
    except Exception as error:  # a fault of ours must end as a failed test, not go round for ever
        logger.exception("%s cannot go on", test)
        _end(test, State.FAILED, f"{type(error).__name__}: {error}")
    return test.state != State.RUNNING


def _claims(test: BackTest) -> QuerySet[Claim]:
    """The claims that were filed in the test's days, at the rule's shop or at all."""
    claims = Claim.objects.filter(submitted_at__gt=test.until - timedelta(days=test.days), submitted_at__lte=test.until)
    shop = test.version.rule.shop_id
    return claims if shop is None else claims.filter(order__shop=shop)


def _rules(test: BackTest) -> list[RoutingVersion]:
    """The rules in force when the test was asked for, the tried version in its own rule's place; no dry runs."""
    tried = test.version
    versions = RoutingVersion.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=test.until), effective_from__lte=test.until, dry_run=False
    )
    others = list(versions.exclude(rule=tried.rule_id).select_related("rule"))
    return sorted_set([*others, from_said(tried, test.said)])


def _chunk(test: BackTest, versions: Sequence[RoutingVersion], purse: Purse) -> int:
    """Try the next claims, and write their cases with how far the test is; returns how many claims these were."""
    claims = _next(test)
    if not claims:
        return 0
    wanted = {part for version in versions for part in parts_of(version.conditions)}
    facts = facts_of({claim.pk: moment_of(claim) for claim in claims}, wanted)
    tried = []
    for claim in claims:
        known = facts[claim.pk]
        version = first_match(versions, known)
        if version is not None and version.pk == test.version_id:
            does = purse.tries(version, known, claim.submitted_at)
            tried.append(
                BackTestCase(
                    test=test, claim_id=claim.pk, does=does.action, why=does.why, was=claim.was,
                    value=known.value.amount, given=Decimal(0), currency=known.value.currency,
                )
            )  # fmt: skip
    given = _given([case.claim_id for case in tried])
    for case in tried:
        case.given = given.get(case.claim_id, case.given)
    last = claims[-1]
    test.cursor = {"after": [last.submitted_at.isoformat(), last.pk], "purse": purse.as_json()}
    test.looked_at += len(claims)
    with transaction.atomic():
        BackTestCase.objects.bulk_create(tried)
        _beat(test)
    return len(claims)


def _next(test: BackTest) -> list[Past]:
    claims = _claims(test).order_by("submitted_at", "id")
    if "after" in test.cursor:
        at, pk = test.cursor["after"]
        claims = claims.filter(submitted_at__gte=at).exclude(submitted_at=at, pk__lte=pk)
    return [Past(*row) for row in claims.values_list(*Past._fields)[:CHUNK]]


_GIVEN = """
SELECT i.claim_id, sum(COALESCE(NULLIF(d.amount, '{}') -> 'shop' ->> 'amount', d.value -> 'shop' ->> 'amount')::numeric)
FROM protection_decision d JOIN protection_claimitem i ON i.id = d.item_id
WHERE i.claim_id = ANY(%s) AND NOT d.superseded AND d.verdict <> 'deny' GROUP BY i.claim_id
"""


def _given(claims: list[int]) -> dict[int, Decimal]:
    """What the decisions that stand have given, in money or in goods, in the shop's currency."""
    with connection.cursor() as cursor:
        cursor.execute(_GIVEN, [claims])
        return dict(cursor.fetchall())


def _beat(test: BackTest) -> None:
    """Write how far the test is and that somebody is at it; raises Overtaken when that is somebody else."""
    now = timezone.now()
    written = BackTest.objects.filter(pk=test.pk, state=State.RUNNING, beat_at=test.beat_at).update(
        beat_at=now, looked_at=test.looked_at, cursor=test.cursor
    )
    if not written:
        raise Overtaken
    test.beat_at = now


def _end(test: BackTest, state: str, failure: str = "") -> None:
    BackTest.objects.filter(pk=test.pk, state=State.RUNNING, beat_at=test.beat_at).update(
        state=state, failure=failure.replace("\x00", ""), ended_at=timezone.now(), cursor={}
    )
    test.refresh_from_db()
