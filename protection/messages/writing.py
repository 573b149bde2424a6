"""What staff write to a customer themselves, and the macros they pick from."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction

from protection.eligibility import ClaimRefused
from protection.filing import locked
from protection.messages import rendering, shops
from protection.messages.composing import address_of, compose
from protection.messages.events import MACRO_VARIABLES
from protection.messages.values import VALUES, News, Told
from protection.messages.words import words_of
from protection.models import Claim, Macro, Message
from protection.verbs import check

MOST = 5000  # characters


@transaction.atomic
def write(claim: Claim, text: str, *, user: User) -> Message:
    """Write to the customer about a claim; raises ClaimRefused with text_missing, text_too_long, mail_off, no_address.

    The claim's version rises, so that the same page sent twice writes once.
    """
    by = f"staff:{user.get_username()}"
    if not text.strip():
        raise ClaimRefused("text_missing", "Write what the customer should read.", "/text")
    if len(text) > MOST:
        raise ClaimRefused("text_too_long", f"A message has {MOST:,} characters at the most.", "/text")
    claim = locked(claim)
    check(claim, "write", by=by)
    mail = shops.mail_of(claim.order.shop)
    if why := shops.why_off(mail):
        raise ClaimRefused("mail_off", why)
    if not address_of(claim.order):
        raise ClaimRefused("no_address", "The order has no e-mail address.")
    claim.version += 1
    claim.save(update_fields=["version", "updated_at"])
    message = compose(News("written", claim.order, claim, text=text.strip()), mail, by=by)
    if message is None:
        raise ClaimRefused(
            "no_text", "There is no text around messages of staff; make one under Set-up, Message templates."
        )
    return message


@dataclass(frozen=True, slots=True)
class Written:
    """A macro as it reads for one claim."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class MacroText:
    use: str
    name: str
    language: str
    text: str
    own: bool  # the shop's, which goes before everybody's


def macros_for(claim: Claim, macros: Iterable[MacroText], languages: list[str], items: str) -> dict[str, list[Written]]:
    """Use → its macros with this claim's values, each in the best language it has; asks the database nothing."""
    best: dict[tuple[str, str], MacroText] = {}
    for macro in sorted(macros, key=lambda macro: (_rank(macro.language, languages), not macro.own)):
        best.setdefault((macro.use, macro.name), macro)
    found: dict[str, list[Written]] = {use: [] for use in Macro.Use.values}
    for (use, name), macro in sorted(best.items()):
        told = Told(News("written", claim.order, claim), macro.language, words_of(macro.language))
        wanted = {one for one in rendering.names_in(macro.text) if one in MACRO_VARIABLES}
        values = {one: items if one == "items" else VALUES[one](told) for one in wanted}
        found[use].append(Written(name, rendering.text_of(macro.text, values).strip()))
    return found


def check_macro(text: str) -> None:
    """Raise TemplateRefused for a variable that a macro may not have."""
    rendering.check_variables(text, MACRO_VARIABLES, "text")


def _rank(language: str, languages: list[str]) -> int:
    return languages.index(language) if language in languages else len(languages)
