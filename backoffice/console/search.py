"""The search box of the whole console (Ctrl-K): orders and claims by what people read out on the phone."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.module_loading import import_string
from unfold.dataclasses import SearchResult

from backoffice.console.skin import FINDERS

SHORTEST = 3


@dataclass(frozen=True, slots=True)
class Found:
    title: str
    description: str
    url: str


Finder = Callable[[HttpRequest, str], Iterable[Found]]


def find(request: HttpRequest, term: str) -> list[SearchResult]:
    """What each floor finds for `term`; each asks for the permission to look itself."""
    term = term.strip()
    if len(term) < SHORTEST:
        return []
    finders: list[Finder] = [import_string(name) for name in FINDERS]
    return [
        SearchResult(title=found.title, description=found.description, link=found.url, icon="arrow_forward")
        for finder in finders
        for found in finder(request, term)
    ]
