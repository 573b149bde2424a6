"""Putting values into a text: words in double braces and nothing else, each from a list of those allowed.

No tags, no filters, no look-ups of attributes: a text from the database can show the values it is given, and never
more. A value is put in as it is, once; what looks like a variable in it stays what it is.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from html import escape

from protection.messages.events import LINES, LINK, VARIABLES

MOST_SUBJECT = 200  # characters
MOST_VALUE = 10_000
VARIABLE = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")
_BRACES = re.compile(r"\{\{|\}\}|\{%|%\}|\{#")
# Control characters, and marks that turn the direction of what stands after them: neither belongs in a name or a note.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]|[\ud800-\udfff]")
_BLANK_LINES = re.compile(r"\n{3,}")


class TemplateRefused(Exception):
    """A text cannot be kept; the message says what is wrong and what is allowed, `field` where."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Rendered:
    subject: str
    text: str
    html: str


def names_in(text: str) -> list[str]:
    return VARIABLE.findall(text)


def check_variables(text: str, allowed: Iterable[str], field: str = "") -> None:
    """Raise TemplateRefused for a word in braces that is not allowed, or braces that are no variable."""
    known = list(allowed)
    if unknown := next((name for name in names_in(text) if name not in known), None):
        listed = ", ".join(known)
        raise TemplateRefused(f"There is no “{unknown}” here. What may be used: {listed}.", field)
    if stray := _BRACES.search(VARIABLE.sub("", text)):
        raise TemplateRefused(f"“{stray[0]}” stands alone. A variable is written as {{{{ order_name }}}}.", field)


def clean(value: str) -> str:
    """A value that may stand in a mail: no control characters, at most MOST_VALUE long."""
    return _UNSEEN.sub("", value.replace("\r\n", "\n").replace("\r", "\n"))[:MOST_VALUE]


def one_line(value: str) -> str:
    return " ".join(clean(value).split())


def subject_of(template: str, values: Mapping[str, str]) -> str:
    """The subject: one line, whatever is in the values."""
    return one_line(_filled(template, values, one_line))[:MOST_SUBJECT]


def text_of(template: str, values: Mapping[str, str]) -> str:
    return _tidy(_by_lines(template, values, clean))


def html_of(template: str, values: Mapping[str, str]) -> str:
    """HTML with every value escaped and kept from turning the direction of what stands around it."""
    return _by_lines(template, values, None)


def _by_lines(template: str, values: Mapping[str, str], show: Callable[[str], str] | None) -> str:
    """Line by line: one whose variables are all empty is left out, so that a text needs no conditions."""
    lines = []
    for line in template.replace("\r\n", "\n").split("\n"):
        names = names_in(line)
        if not names or any(values.get(name, "").strip() for name in names):
            lines.append(_filled(line, values, show))
    return "\n".join(lines)


def _filled(line: str, values: Mapping[str, str], show: Callable[[str], str] | None) -> str:
    def value(match: re.Match[str]) -> str:
        name = match[1]
        found = values.get(name, "")
        return show(found) if show else _as_html(found, VARIABLES[name].kind if name in VARIABLES else "")

    return VARIABLE.sub(value, line)


def _as_html(value: str, kind: str) -> str:
    if kind == LINK:
        return escape(one_line(value))
    shown = escape(clean(value)).replace("\n", "<br>")
    return f"<bdi>{shown}</bdi>" if kind != LINES else shown


def _tidy(text: str) -> str:
    return _BLANK_LINES.sub("\n\n", text).strip() + "\n"
