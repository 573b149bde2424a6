"""What the story says about incidents."""

from typing import Any

from orders.admin.story import tells


@tells("incident.opened")
def _opened(facts: dict[str, Any]) -> str:
    return f"More claims than usual: {facts['sentence']}"


@tells("incident.claim_added")
def _claim_added(facts: dict[str, Any]) -> str:
    return f"The claim is one of many: {facts['sentence']}"


@tells("incident.confirmed")
def _confirmed(facts: dict[str, Any]) -> str:
    return f"The incident was confirmed, with {facts['claims']} claims"


@tells("incident.dismissed")
def _dismissed(facts: dict[str, Any]) -> str:
    return f"The incident was dismissed: {facts['why']}"


@tells("incident.explained")
def _explained(facts: dict[str, Any]) -> str:
    owner = f"; {facts['owner']} sees to it" if facts["owner"] else ""
    return f"Root cause of the incident: {facts['cause'] or 'not known'}{owner}"


@tells("incident.announced")
def _announced(facts: dict[str, Any]) -> str:
    return f"The customers of the incident's {facts['claims']} claims are told of it"


@tells("incident.deciding")
def _deciding(facts: dict[str, Any]) -> str:
    return f"The claims of the incident are being decided together ({_counts(facts)})"


@tells("incident.decided")
def _decided(facts: dict[str, Any]) -> str:
    return f"The claims of the incident were decided together ({_counts(facts)})"


@tells("incident.closed")
def _closed(facts: dict[str, Any]) -> str:
    return "The incident is over"


def _counts(facts: dict[str, Any]) -> str:
    words = {"decide": "to decide", "propose": "to put before a lead", "cannot": "not to be decided",
             "decided": "decided", "proposed": "put before a lead", "skipped": "left as they are"}  # fmt: skip
    return ", ".join(f"{facts[state]} {text}" for state, text in words.items() if facts.get(state))
