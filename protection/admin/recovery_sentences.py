"""What the story says about money from carriers."""

from typing import Any

from orders.admin.story import tells


def _money(amount: dict[str, str] | None) -> str:
    return f"{amount['amount']} {amount['currency']}" if amount else "an amount nobody knows yet"


def _by(facts: dict[str, Any]) -> str:
    return f", to be filed by {facts['last_day']}" if facts.get("last_day") else ", last day to file not known"


@tells("recovery.eligible")
def _eligible(facts: dict[str, Any]) -> str:
    again = f" again: {facts['why']}" if facts.get("why") else ""
    return f"Carrier claim opened{again}. Expected {_money(facts['expected'])}{_by(facts)}"


@tells("recovery.reckoned")
def _reckoned(facts: dict[str, Any]) -> str:
    return f"Carrier claim: now {_money(facts['expected'])} expected{_by(facts)}"


@tells("recovery.filed")
def _filed(facts: dict[str, Any]) -> str:
    under = f" under {facts['reference']}" if facts.get("reference") else ""
    if facts.get("from") == "needs_info":
        return "The carrier was sent what it asked for"
    return f"Filed with the carrier{under}: {_money(facts['amount'])}"


@tells("recovery.needs_info")
def _asks(facts: dict[str, Any]) -> str:
    return f"The carrier asks: “{facts['question']}”"


@tells("recovery.approved")
def _approved(facts: dict[str, Any]) -> str:
    return f"The carrier will pay {_money(facts['amount'])}"


@tells("recovery.denied")
def _denied(facts: dict[str, Any]) -> str:
    return f"The carrier refuses: {facts['why']}"


@tells("recovery.paid")
def _paid(facts: dict[str, Any]) -> str:
    return f"The carrier paid {_money(facts['amount'])}"


@tells("recovery.warned")
def _warned(facts: dict[str, Any]) -> str:
    return f"Carrier claim not filed yet: the last day is {facts['last_day']}"


@tells("recovery.expired")
def _expired(facts: dict[str, Any]) -> str:
    return f"Carrier claim expired: {facts['last_day']} passed and nothing was filed"


@tells("recovery.written_off")
def _written_off(facts: dict[str, Any]) -> str:
    back = f" ({facts['paid_back']} paid back)" if facts.get("paid_back") else ""
    return f"Carrier claim given up{back}: {facts['why']}"


@tells("recovery.doubted")
def _doubted(facts: dict[str, Any]) -> str:
    return f"{facts['why']} Is the carrier claim withdrawn? Please look"


@tells("recovery.kept")
def _kept(facts: dict[str, Any]) -> str:
    return f"The carrier claim goes on: {facts['why']}"


@tells("recovery.packet_fetched")
def _fetched(facts: dict[str, Any]) -> str:
    return f"Papers of the carrier claim fetched ({facts['form'].replace('_', ' ')})"
