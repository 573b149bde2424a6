"""The words that values are made of, in every language we write ourselves; English stands in for all others.

A text may be in any language the merchant writes; its reasons, remedies and sentences of a decision come from here.
"""

from dataclasses import dataclass

from protection.messages.words import de, en, es, fr


@dataclass(frozen=True, slots=True)
class Words:
    """Keys are the codes of reasons, remedies, denials, anchors and outcomes. Braces name what is put in."""

    reasons: dict[str, str]
    remedies: dict[str, str]
    denials: dict[str, str]
    changes: dict[str, str]  # denial → what would lead to another decision
    anchors: dict[str, str]
    closings: dict[str, str]  # outcome → how the claim ended
    phrases: dict[str, str]


def _words(module: object) -> Words:
    return Words(**{name.lower(): getattr(module, name) for name in
                    ("REASONS", "REMEDIES", "DENIALS", "CHANGES", "ANCHORS", "CLOSINGS", "PHRASES")})  # fmt: skip


WORDS = {"en": _words(en), "de": _words(de), "fr": _words(fr), "es": _words(es)}


def words_of(language: str) -> Words:
    return WORDS.get(language.split("-")[0], WORDS["en"])
