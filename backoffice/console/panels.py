"""Panels: how an upper floor puts something on a page of a lower one, without the lower one knowing it.

skin.PANELS names, for each place on a page, the functions that fill it. A panel is a template and its context.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.utils.module_loading import import_string

from backoffice.console.skin import FACTS, PANELS


@dataclass(frozen=True, slots=True)
class Panel:
    """One titled box. `template` is rendered with `context` (as `panel.context`) by console/panel.html."""

    title: str
    template: str
    context: dict[str, Any] = field(default_factory=dict)
    wide: bool = False
    tone: str = ""


Filler = Callable[[HttpRequest, Any], Panel | None]


def gathered(kind: str, subject: Any) -> dict[Any, Any]:
    """What the floors above know about `subject`, merged; for facts that belong into a box of the page itself."""
    facts: dict[Any, Any] = {}
    for name in FACTS[kind]:
        facts |= import_string(name)(subject)
    return facts


def panels(place: str, request: HttpRequest, subject: Any = None) -> list[Panel]:
    """The panels of `place`, in order, without those that have nothing to show or may not be shown to this user."""
    fillers: list[Filler] = [import_string(name) for name in PANELS[place]]
    return [panel for filler in fillers if (panel := filler(request, subject)) is not None]
