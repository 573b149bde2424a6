"""What the pages about a store say: its token, scopes, webhooks, version, budget and last passes, ready to be shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.utils import timezone

from integrations import sql
from integrations.models import Connection, StoreHealth, SyncRun
from integrations.shopify import access, inbound, versions

RUNS = 10
BAR = 240  # units of the budget's bar; the page scales it


@dataclass(frozen=True, slots=True)
class Seen:
    """The last webhook of one topic: when it came, and for which API version it was made."""

    at: datetime
    version: str


# One look into the index for each topic, however many messages there are.
_SEEN = """
    SELECT t.topic, m.received_at, COALESCE(m.headers->>'API-Version', '')
    FROM unnest(%s::text[]) AS t(topic) CROSS JOIN LATERAL (
        SELECT received_at, headers FROM integrations_inboundmessage
        WHERE connection_id = %s AND topic = t.topic ORDER BY id DESC LIMIT 1
    ) m
"""


def last_webhooks(connection: Connection) -> dict[str, Seen]:
    """Topic → its last webhook, for all topics that ever came."""
    rows = sql.run(_SEEN, list(inbound.HANDLERS), connection.pk)
    return {topic: Seen(at, version) for topic, at, version in rows}


def scope_rows(connection: Connection) -> list[dict[str, Any]]:
    """Every scope with what it is for and how it stands; unknown while the store was never asked."""
    rows = []
    for scope in access.SCOPES:
        topics = [topic for topic in inbound.SUBSCRIBED if scope.handle in access.scopes_for(topic)]
        if connection.scopes_at is None:
            tone, words = "", "Not asked yet"
        elif access.is_granted(scope.handle, connection.scopes):
            tone, words = "good", "Granted"
        elif scope.required:
            tone, words = "bad", "Missing"
        else:
            tone, words = "warn", "Not granted"
        rows.append({"scope": scope, "topics": topics, "tone": tone, "words": words})
    return rows


def topic_rows(connection: Connection, check: SyncRun | None, seen: Mapping[str, Seen]) -> list[dict[str, Any]]:
    """Every topic we handle with how the last check found it; those that something is wrong with first."""
    facts = check.facts if check else {}
    refused: dict[str, str] = facts.get("refused", {})
    ways = {"present": "Subscribed", "created": "Subscribed", "mended": "Address mended", "lost": "Subscribed anew"}
    standing = {topic: words for name, words in ways.items() for topic in facts.get(name, ())}
    rows = []
    for topic in inbound.SUBSCRIBED:
        why = refused.get(topic, "")
        if connection.uninstalled_at:
            tone, words, why = "", "Ended with the app", ""
        elif why:
            tone, words = "bad" if access.is_open(topic, connection.scopes) else "warn", "Refused"
        elif topic in standing:
            tone, words = "good", standing[topic]
        else:
            tone, words = "", "Not known"
        rows.append({"topic": topic, "tone": tone, "words": words, "why": why, "seen": seen.get(topic)})
    return sorted(rows, key=lambda row: not row["why"])


def token_facts(connection: Connection, health: StoreHealth | None) -> dict[str, Any]:
    """How the token is come by and how long it lives; `tone` and `words` sum it up."""
    grant = Connection.Grant(connection.grant)
    problem = health.token_problem if health else ""
    if connection.uninstalled_at:
        tone, words = "bad", "The app was uninstalled"
    elif problem:
        tone, words = "bad", "Connect the store again"
    elif connection.token_expires_at and connection.token_expires_at < timezone.now():
        tone, words = "info", "Ended; asked for anew at the next call"
    else:
        tone, words = "good", "Works"
    return {
        "tone": tone, "words": words, "problem": problem, "grant": grant.label,
        "asked_at": health.token_at if health else None,
    }  # fmt: skip


def version_facts(health: StoreHealth | None, seen: Mapping[str, Seen]) -> dict[str, Any]:
    """The pinned version with its end, and what answers and webhooks bear."""
    pinned, answered = settings.SHOPIFY_API_VERSION, health.api_version if health else ""
    today = timezone.now().date()
    left = versions.days_left(pinned, today)
    trouble = versions.trouble(pinned, answered, today)
    newest = max(seen.values(), key=lambda one: one.at).version if seen else ""
    return {
        "pinned": pinned, "sunset": versions.sunset(pinned), "left": left, "answered": answered, "webhooks": newest,
        "tone": ("bad" if left is not None and left <= 0 else "warn") if trouble else "good", "trouble": trouble,
    }  # fmt: skip


def budget_facts(health: StoreHealth | None) -> dict[str, Any] | None:
    """The bucket of points as it would be now: it fills again by itself. None when none was ever seen."""
    if health is None or health.seen_at is None or not health.maximum or health.available is None:
        return None
    passed = max(0.0, (datetime.now(UTC) - health.seen_at).total_seconds())
    now = min(health.maximum, health.available + (health.restore_rate or 0) * passed)
    return {
        "width": BAR, "filled": round(BAR * now / health.maximum, 1),
        "words": f"{health.available:,.0f} of {health.maximum:,.0f} points when last seen, "
                 f"{health.restore_rate or 0:,.0f} come back each second",
        "seen_at": health.seen_at,
    }  # fmt: skip


def bar(number: int, total: int | None) -> float | None:
    """How much of a bar is filled; None while the whole is not known."""
    return round(BAR * min(1.0, number / total), 1) if total else None


def run_rows(connection: Connection) -> list[dict[str, Any]]:
    """The last passes over the store, newest first."""
    tones = {SyncRun.State.DONE: "good", SyncRun.State.FAILED: "bad", SyncRun.State.RUNNING: "info"}
    rows = SyncRun.objects.filter(connection=connection).order_by("-id")[:RUNS]
    return [{"run": run, "tone": tones[SyncRun.State(run.state)]} for run in rows]


def last_proof(connection: Connection) -> SyncRun | None:
    """The last pass that proved us and the store the same, or the way between us open."""
    kinds = (SyncRun.Kind.RECONCILE, SyncRun.Kind.CHECK)
    return (
        SyncRun.objects.filter(connection=connection, kind__in=kinds, state=SyncRun.State.DONE).order_by("-id").first()
    )
