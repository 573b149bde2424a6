"""Who may do what with a claim, and from which state: one table, asked by every verb under the claim's lock.

Where a verb leads is the claim's own table (`Claim.MOVES`). Limits of money and of time are the verbs' own.
"""

from dataclasses import dataclass

from protection.eligibility import ClaimRefused
from protection.models import Claim
from protection.models.claim import MoveRefused

State = Claim.State
AGENT, LEAD, CUSTOMER, PARTNER, SYSTEM = "agent", "lead", "customer", "partner", "system"
STAFF = frozenset({AGENT, LEAD})
CUSTOMERS_SIDE = STAFF | {CUSTOMER, PARTNER}  # staff note what a customer says on the phone
UNDECIDED = frozenset({State.DRAFT, State.SUBMITTED, State.WAITING, State.IN_REVIEW, State.NEEDS_INFO})
OPEN = frozenset(State.values) - {State.CLOSED}
# Where a claim may have remedies: one that failed or was taken back leads to review again, and on to a question.
DECIDED_ONCE = frozenset({State.DECIDED, State.RESOLVING, State.CLOSED, State.IN_REVIEW, State.NEEDS_INFO})


@dataclass(frozen=True, slots=True)
class Verb:
    words: str  # completes "may not" and "cannot be"
    states: frozenset[str]
    roles: frozenset[str]


VERBS: dict[str, Verb] = {
    "withdraw": Verb("withdrawn", UNDECIDED, CUSTOMERS_SIDE),
    "answer": Verb("answered", OPEN - {State.DRAFT} | {State.CLOSED}, CUSTOMERS_SIDE),
    "add_evidence": Verb("given evidence", frozenset(State.values), CUSTOMERS_SIDE),
    "withdraw_evidence": Verb("freed of evidence", UNDECIDED, CUSTOMERS_SIDE),
    "say_arrived": Verb("told to have arrived or not", UNDECIDED - {State.DRAFT}, CUSTOMERS_SIDE),
    "appeal": Verb("appealed", frozenset({State.CLOSED}), CUSTOMERS_SIDE),
    "give_feedback": Verb("rated", frozenset({State.CLOSED}), frozenset({CUSTOMER, PARTNER})),
    "ask": Verb("asked about", frozenset({State.IN_REVIEW}), STAFF | {SYSTEM}),
    "remind": Verb("reminded of", frozenset({State.NEEDS_INFO}), frozenset({SYSTEM})),
    "expire": Verb("closed for want of an answer", frozenset({State.NEEDS_INFO}), frozenset({SYSTEM})),
    "wake": Verb("woken", frozenset({State.WAITING}), frozenset({SYSTEM})),
    "review_now": Verb("looked at before its day", frozenset({State.WAITING}), STAFF),
    "route": Verb("routed", frozenset({State.IN_REVIEW}), frozenset({SYSTEM})),
    "decide": Verb("decided", frozenset({State.IN_REVIEW}), STAFF | {SYSTEM}),  # a rule approves, it never denies
    "propose": Verb("put before a lead", frozenset({State.IN_REVIEW}), STAFF),
    "confirm": Verb("decided as proposed", frozenset({State.IN_REVIEW}), STAFF),
    "decline": Verb("sent back", frozenset({State.IN_REVIEW}), STAFF),
    "undo": Verb("undone", frozenset({State.DECIDED}), STAFF),
    "close": Verb("closed without a decision", UNDECIDED, STAFF),
    "settle_found": Verb("settled as found", frozenset(State.values) - UNDECIDED | {State.IN_REVIEW}, STAFF),
    "reopen": Verb("opened again", frozenset({State.CLOSED}), STAFF),
    "reverse": Verb("freed of a remedy", DECIDED_ONCE, STAFF | {PARTNER}),
    "look": Verb("freed of a doubt", DECIDED_ONCE - {State.CLOSED}, STAFF),
    "write": Verb("written about", frozenset(State.values) - {State.DRAFT}, STAFF),
    "take": Verb("taken", OPEN, STAFF),
    "give_back": Verb("given back", frozenset(State.values), STAFF),
}


def role_of(by: str) -> str:
    """The role of a journal's `by`: "staff:ana" is an agent (a lead differs in money only), "partner:x" a partner."""
    who = by.partition(":")[0]
    return {"staff": AGENT, "customer": CUSTOMER, "partner": PARTNER}.get(who, SYSTEM)


def check(claim: Claim, verb: str, *, by: str) -> None:
    """Raise ClaimRefused (not_allowed) where the role may not, MoveRefused where the claim's state does not let it."""
    rule, role = VERBS[verb], role_of(by)
    if role not in rule.roles:
        allowed = ", ".join(sorted(rule.roles))
        raise ClaimRefused("not_allowed", f"A claim cannot be {rule.words} by a {role}, only by: {allowed}.")
    if claim.state not in rule.states:
        raise MoveRefused(f"This claim is {claim.get_state_display().lower()}; it cannot be {rule.words}.")
