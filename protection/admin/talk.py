"""The conversation on the claim page, and what staff write with: read in the claim's own query."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject, Left
from django.utils.dateparse import parse_datetime

from protection.messages import shops
from protection.messages.conversation import Said, sent
from protection.messages.writing import MacroText, Written, macros_for
from protection.models import Claim, ClaimItem, Consent, CustomerMail, Macro, Message, Reply

LAST = 25  # things said, of each side
CUT = 2000  # characters of each
SHOWN = 3  # without a click


@dataclass(frozen=True, slots=True)
class Talk:
    """`said` is the newest first; `off` says why nothing is sent, "" when mails go out."""

    said: list[Said]
    off: str
    macros: dict[str, list[Written]]

    @property
    def newest(self) -> list[Said]:
        return self.said[:SHOWN]

    @property
    def earlier(self) -> list[Said]:
        return self.said[SHOWN:]


def with_talk(claims: QuerySet[Claim]) -> QuerySet[Claim]:
    """Claims with what was said about them and the macros of their shop, in the same query."""
    out = Message.objects.filter(claim=OuterRef("pk")).order_by("-id")
    back = Reply.objects.filter(claim=OuterRef("pk")).order_by("-id")
    macros = Macro.objects.filter(Q(shop=OuterRef("order__shop")) | Q(shop=None)).order_by("id")
    said = JSONObject(
        id="public_id", at="created_at", by="by", text=Left("text", CUT), subject="subject", event="event",
        state="state", why="why", to="to", sent_at="sent_at", language="language",
    )  # fmt: skip
    answer = JSONObject(id="public_id", at="created_at", by="by", text=Left("text", CUT))
    macro = JSONObject(use="use", name="name", language="language", text="text", shop="shop_id")
    return claims.select_related("order__shop__customer_mail").annotate(
        told=ArraySubquery(out.values(facts=said)[:LAST]),
        answered=ArraySubquery(back.values(facts=answer)[:LAST]),
        macros=ArraySubquery(macros.values(facts=macro)),
    )


def talk_of(claim: Any, items: Iterable[ClaimItem], consent: Consent | None) -> Talk:
    """What a claim from `with_talk` carries."""
    said = [sent(**_times(facts)) for facts in claim.told]
    said += [Said(direction="in", **_times(facts)) for facts in claim.answered]
    if claim.appealed_at and claim.appeal_why:
        said.append(Said("", claim.appealed_at, "in", "customer", claim.appeal_why, event="appeal_received"))
    mail = _mail_of(claim)
    macros = [MacroText(m["use"], m["name"], m["language"], m["text"], m["shop"] is not None) for m in claim.macros]
    listed = "\n".join(f"- {item.quantity} × {item.line}" for item in items)
    languages = shops.best_first(claim.order.customer_locale or (consent.locale if consent else ""), mail.language)
    return Talk(
        sorted(said, key=lambda one: (one.at, one.id), reverse=True),
        shops.why_off(mail),
        macros_for(claim, macros, languages, listed),
    )


def _mail_of(claim: Claim) -> CustomerMail:
    """The shop's choice, which was read along; without one what holds for all."""
    try:
        return claim.order.shop.customer_mail
    except CustomerMail.DoesNotExist:
        return shops.no_choice(claim.order.shop)


def _times(facts: dict[str, Any]) -> dict[str, Any]:
    moments = {name: parse_datetime(facts[name]) for name in ("at", "sent_at") if facts.get(name)}
    return {**facts, **moments}
