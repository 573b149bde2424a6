"""What must be true after any run of chaos: pure functions over what was sent, what the tables say, what arrived.

L nothing lost, D nothing doubled, O in order per order, S every signature valid, Q nothing left over.
Nothing here asks a database or a clock, so tests/test_the_chaos_checker_can_fail.py gives it broken histories.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

SHOWN = 5  # examples of each kind of violation


class Arrival(NamedTuple):
    """One POST at the partner. `at` in monotonic seconds; `status` is what it answered, 0 when it hung up."""

    at: float
    name: str  # webhook-id
    event: str  # id in the body
    order: str
    sequence: int
    status: int
    valid: bool
    digest: str  # of the body


class Message(NamedTuple):
    """One row of the inbox."""

    key: str
    state: str
    result: str


class Told(NamedTuple):
    """One delivery to the partner. `fence` counts the times it was claimed or sent again by hand."""

    event: str
    state: str
    parked_because: str
    fence: int


class Remedy(NamedTuple):
    """One resolution. `at_the_shop` counts the shop's orders that carry its UUID."""

    uuid: str
    state: str
    home: bool
    claim_state: str
    at_the_shop: int


class Asked(NamedTuple):
    """One change that a partner asked for. `at_the_shop` counts the gift cards that carry its id."""

    id: str
    kind: str
    state: str
    at_the_shop: int


@dataclass(slots=True)
class History:
    """Everything that is known when a run is over."""

    accepted: set[str] = field(default_factory=set)  # webhook ids that were answered 200
    messages: list[Message] = field(default_factory=list)
    expected_orders: dict[int, str] = field(default_factory=dict)  # remote id → the newest note that was answered 200
    orders: list[tuple[int, str]] = field(default_factory=list)  # (remote id, note) as our table has them
    journal: set[str] = field(default_factory=set)  # events that the partner's endpoint wants
    created: list[str] = field(default_factory=list)  # for each order.created its order: each order once
    told: list[Told] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)
    remedies: list[Remedy] = field(default_factory=list)
    decided: int = 0  # claims that staff approved
    changes: list[Asked] = field(default_factory=list)
    asked: int = 0  # changes that were answered 202
    left_over: dict[str, int] = field(default_factory=dict)  # what is still open, leased, behind or locked, by name


class Violation(NamedTuple):
    """A broken promise: its letter and what happened."""

    letter: str
    words: str


def check(history: History) -> list[Violation]:
    """Every promise that this history breaks, [] when all was kept."""
    return [*_lost(history), *_doubled(history), *_order(history), *_signatures(history), *_left_over(history)]


def repeats(arrivals: Iterable[Arrival]) -> Counter[str]:
    """How often each event came again after the partner had taken it."""
    taken: set[str] = set()
    again: Counter[str] = Counter()
    for arrival in arrivals:
        if arrival.name in taken:
            again[arrival.name] += 1
        if arrival.status == 200:
            taken.add(arrival.name)
    return again


def _lost(history: History) -> Iterator[Violation]:
    rows = {message.key: message for message in history.messages}
    yield from _say("L", "answered 200 and not in the inbox", history.accepted - rows.keys())
    unfinished = [m for m in history.messages if m.state not in ("handled", "ignored") or not m.result]
    yield from _say("L", "not handled", (f"{m.key} {m.state} {m.result}" for m in unfinished))

    notes = dict(history.orders)
    yield from _say("L", "order missing", (str(pk) for pk in history.expected_orders.keys() - notes.keys()))
    old = (
        f"{pk}: {notes[pk]!r}, not {note!r}"
        for pk, note in history.expected_orders.items()
        if notes.get(pk, note) != note
    )
    yield from _say("L", "order is not as the newest message says", old)

    states = {delivery.event: delivery for delivery in history.told}
    yield from _say("L", "event without a delivery", history.journal - states.keys())
    taken = {arrival.name for arrival in history.arrivals if arrival.status == 200}
    for delivery in history.told:
        if delivery.state == "delivered" and delivery.event not in taken:
            yield Violation("L", f"{delivery.event} is marked delivered and never arrived")
        if delivery.state == "parked" and not delivery.parked_because:
            yield Violation("L", f"{delivery.event} is parked without a reason")
    undone = [r for r in history.remedies if r.state != "executed" or not r.home or r.claim_state != "closed"]
    yield from _say(
        "L", "remedy not carried out and home", (f"{r.uuid} {r.state}, claim {r.claim_state}" for r in undone)
    )
    if len(history.remedies) < history.decided:
        yield Violation("L", f"{history.decided} claims were approved, {len(history.remedies)} remedies planned")
    unmade = (f"{change.id} {change.kind} {change.state}" for change in history.changes if change.state != "done")
    yield from _say("L", "change not made at the shop", unmade)
    if len(history.changes) < history.asked:
        yield Violation("L", f"{history.asked} changes were accepted, {len(history.changes)} are known")


def _doubled(history: History) -> Iterator[Violation]:
    for what, found in (
        ("message", [m.key for m in history.messages]),
        ("order", [pk for pk, _ in history.orders]),
        ("order.created", history.created),
        ("delivery", [d.event for d in history.told]),
    ):
        twice = [f"{name} {count} times" for name, count in Counter(found).items() if count > 1]
        yield from _say("D", f"{what} doubled", twice)
    strangers = {pk for pk, _ in history.orders} - history.expected_orders.keys()
    yield from _say("D", "order that nobody sent", (str(pk) for pk in strangers))
    for change in history.changes:
        if change.kind == "gift_card" and change.at_the_shop != 1:
            yield Violation("D", f"{change.at_the_shop} gift cards at the shop carry {change.id}")
    for remedy in history.remedies:
        if remedy.at_the_shop != 1:
            yield Violation("D", f"{remedy.at_the_shop} orders at the shop carry {remedy.uuid}")
    yield from _repeated(history)


def _repeated(history: History) -> Iterator[Violation]:
    """At the partner an event may come again only under its own id, unchanged, and once for each claim of it.

    A hang-up before any answer allows one more: HTTP clients repeat such a request on a fresh connection.
    """
    came, hung_up = Counter[str](), Counter[str]()
    bodies: dict[str, set[str]] = defaultdict(set)
    for arrival in history.arrivals:
        came[arrival.name] += 1
        hung_up[arrival.name] += arrival.status == 0
        bodies[arrival.name].add(arrival.digest)
        if arrival.name != arrival.event:
            yield Violation("D", f"{arrival.event} came under the webhook-id {arrival.name}")
    yield from _say("D", "event came with different bodies", (name for name, kinds in bodies.items() if len(kinds) > 1))
    yield from _say("D", "event that is not in the journal", came.keys() - history.journal)
    fences = {delivery.event: delivery.fence for delivery in history.told}
    for name, count in came.items():
        allowed = fences.get(name, 0) + hung_up[name]
        if count > allowed:
            yield Violation("D", f"{name} came {count} times, and was claimed only {allowed} times")


def _order(history: History) -> Iterator[Violation]:
    last: dict[str, Arrival] = {}
    taken: set[str] = set()
    for arrival in history.arrivals:
        if arrival.status != 200 or arrival.name in taken or not arrival.order:
            continue
        taken.add(arrival.name)
        before = last.get(arrival.order)
        if before is not None and arrival.sequence <= before.sequence:
            yield Violation("O", f"{arrival.name} ({arrival.sequence}) came after {before.name} ({before.sequence})")
        last[arrival.order] = arrival


def _signatures(history: History) -> Iterator[Violation]:
    yield from _say("S", "signature not valid", (arrival.name for arrival in history.arrivals if not arrival.valid))


def _left_over(history: History) -> Iterator[Violation]:
    yield from (Violation("Q", f"{count} {name}") for name, count in history.left_over.items() if count)


def _say(letter: str, what: str, found: Iterable[str]) -> Iterator[Violation]:
    """One violation for each thing found, the first few by name."""
    names = sorted(found)
    yield from (Violation(letter, f"{what}: {name}") for name in names[:SHOWN])
    if len(names) > SHOWN:
        yield Violation(letter, f"{what}: {len(names) - SHOWN} more")
