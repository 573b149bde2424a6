"""Which text is in force: a shop's own before the common one, the newest version of it; and making the next version."""

from collections.abc import Iterable
from typing import Any

from django.apps import apps as global_apps
from django.db import IntegrityError, transaction
from django.db.models import Max

from orders.models import Shop
from protection.messages import markup, rendering
from protection.messages.defaults import LANGUAGES, default_of
from protection.messages.events import EVENTS
from protection.messages.rendering import TemplateRefused
from protection.models import MessageTemplate

HOUSE = "system"


def in_force(shop: Shop, event: str, languages: Iterable[str]) -> MessageTemplate | None:
    """The newest text of an event in the first of these languages that has one; one query."""
    wanted = list(dict.fromkeys(languages))
    rows = MessageTemplate.objects.filter(event=event, language__in=wanted).order_by("number")
    # Later rows win: by number, and the shop's own over the common one.
    found = {(row.language, row.shop_id is not None): row for row in rows if row.shop_id in (None, shop.pk)}
    ordered = (found.get((language, own)) for language in wanted for own in (True, False))
    return next((row for row in ordered if row), None)


def next_version(
    event: str, language: str, *, subject: str, text: str, html: str, by: str, shop: Shop | None = None
) -> MessageTemplate:
    """Keep a new version; it is in force at once. Raises TemplateRefused for what may not be sent.

    Empty HTML is made of the text.
    """
    language = language.strip().lower()
    subject, text = subject.strip(), text.replace("\r\n", "\n").strip() + "\n"
    html = checked_parts(event, subject=subject, text=text, html=html)
    same = MessageTemplate.objects.filter(shop=shop, event=event, language=language)
    try:
        with transaction.atomic():
            last = same.aggregate(last=Max("number"))["last"] or 0
            return MessageTemplate.objects.create(
                shop=shop, event=event, language=language, number=last + 1, subject=subject, text=text, html=html, by=by
            )
    except IntegrityError as error:
        raise TemplateRefused("Somebody saved this text at the same moment; look at theirs first.") from error


def checked_parts(event: str, *, subject: str, text: str, html: str) -> str:
    """The HTML as it would be kept; raises TemplateRefused, with the field, for what may not be."""
    html = html.replace("\r\n", "\n").strip() or markup.from_text(text)
    if event not in EVENTS:
        raise TemplateRefused(f"There is no event “{event}”.", "event")
    if not subject or not text.strip():
        raise TemplateRefused("A message needs a subject and a text.", "text" if subject else "subject")
    if rendering.one_line(subject) != " ".join(subject.split()) or "\n" in subject or "\r" in subject:
        raise TemplateRefused("The subject is one line of plain words.", "subject")
    if len(subject) > rendering.MOST_SUBJECT:
        raise TemplateRefused(f"A subject has {rendering.MOST_SUBJECT} characters at the most.", "subject")
    for field, part in (("subject", subject), ("text", text), ("html", html)):
        rendering.check_variables(part, EVENTS[event].variables, field)
        if "\x00" in part:
            raise TemplateRefused("There is a character in it that no text can hold.", field)
    return markup.checked(html)


def ensure(apps: Any = global_apps, **_: Any) -> None:
    """Give every event its first text in each of our languages where it has none; run after every migration."""
    try:
        templates = apps.get_model("protection", "MessageTemplate").objects
    except LookupError:
        return
    known = set(templates.filter(shop=None).values_list("event", "language"))
    missing = [(event, language) for event in EVENTS for language in LANGUAGES if (event, language) not in known]
    texts = [(event, language, *default_of(event, language)) for event, language in missing]
    templates.bulk_create(
        templates.model(
            event=event, language=language, number=1, subject=subject, text=text, html=markup.from_text(text), by=HOUSE
        )
        for event, language, subject, text in texts
    )
