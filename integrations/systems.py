"""The outside systems we can talk to: name → folder. Loaded when asked, so that no system can break another's start."""

from importlib import import_module
from types import ModuleType

SYSTEMS = {
    "shopify": "integrations.shopify",
    "webhook": "integrations.webhook",
    "mail": "integrations.mail",
}

# Those whose sends need neither the database nor one another: hundreds at the same time on one thread (sending.py).
# Their `outbound` has request(event, line) and read(answer); that of the others push(delivery) and CALLS (calls.py).
AT_ONCE = ("webhook",)


def module(system: str, part: str) -> ModuleType:
    """`part` (inbound, outbound, …) of a system's folder; raises KeyError for a system we do not have."""
    return import_module(f"{SYSTEMS[system]}.{part}")
