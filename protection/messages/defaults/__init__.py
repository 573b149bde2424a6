"""The texts we begin with, in four languages: one file each, an event's subject and what it says.

A file is parts that begin with "= event", then the subject, an empty line, and the text between greeting and farewell.
"""

from functools import cache
from pathlib import Path

LANGUAGES = ("en", "de", "fr", "es")
_HERE = Path(__file__).parent


def default_of(event: str, language: str) -> tuple[str, str]:
    """Subject and whole text of an event in one of LANGUAGES."""
    parts = _parts(language)
    subject, body = parts[event].split("\n\n", 1)
    return subject, f"{{{{ greeting }}}}\n\n{body}\n\n{parts['farewell']}\n{{{{ shop_name }}}}\n"


@cache
def _parts(language: str) -> dict[str, str]:
    text = f"\n{(_HERE / f'{language}.txt').read_text()}"
    parts = (part.split("\n", 1) for part in text.split("\n= ")[1:])
    return {event: body.strip() for event, body in parts}
