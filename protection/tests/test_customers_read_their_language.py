"""Every sentence for customers is there in German too, with the same values in it; the order's language decides."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from orders.tests.builders import line
from protection import customer
from protection.customer import (
    claim_page,
    feedback_page,
    filing_form,
    links,
    order_facts,
    receipt,
    refusals,
    status_words,
    timeline,
    timing_words,
)
from protection.customer.german import GERMAN
from protection.default_rules import DEFAULTS
from protection.models import Consent, ReasonRule
from protection.models.reason_rule import NEEDS, REMEDIES
from protection.rules import rule_text
from protection.tests.builders import line_of, make_claim, make_covered_order
from protection.tests.customer import Customer, chosen, text

CODE = Path(customer.__file__).parent
TEMPLATES = CODE.parent / "templates" / "customer"
TABLES: list[Any] = [
    claim_page.DONE, feedback_page.SCORES, filing_form.PHOTOS, order_facts.NOT_COVERED, order_facts.NEVER,
    receipt.DENIALS, receipt.WOULD_CHANGE, receipt.SCANS, refusals.SENTENCES, refusals.PHOTOS, status_words.ENDED,
    status_words.DECIDED, timeline.GIVEN, timing_words.REASONS, NEEDS, REMEDIES,
]  # fmt: skip


def said_in_code() -> set[str]:
    """Every text that `say` is given as it stands, and every text bound to `words` for it; those of rules."""
    found: set[str] = set()
    rules = ast.walk(ast.parse((CODE.parent / "rules.py").read_text()))
    of_rules = {node.value for node in rules if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    found |= of_rules & set(GERMAN)
    for module in CODE.glob("*.py"):
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "say":
                found |= texts(node.args[0])
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "words":
                found |= texts(node.value)
    return {one for one in found if len(one) > 2 and "\n" not in one}


def texts(node: ast.AST) -> set[str]:
    """The text itself, or the values of a table, or both branches of a choice; not what decides."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return {node.value}
    if isinstance(node, ast.Dict):
        return {text for value in node.values for text in texts(value)}
    if isinstance(node, ast.IfExp):
        return texts(node.body) | texts(node.orelse)
    if isinstance(node, ast.Call):  # such as words.get(name, "what else is said")
        return {text for argument in node.args[1:] for text in texts(argument)}
    if isinstance(node, ast.Subscript):
        return texts(node.value)
    return set()


def said() -> set[str]:
    found = {text for page in TEMPLATES.glob("*.html") for text in re.findall(r'{% say "([^"]*)"', page.read_text())}
    found |= {text for table in TABLES for text in table.values()}
    found |= {words for _, words, _, _ in filing_form.ADDRESS_FIELDS}
    found |= {question for rule in DEFAULTS.values() for question in rule.get("questions", [])}
    found |= {label for _, label in ReasonRule.Anchor.choices} | {"or", "and", refusals.MOVED_ON}
    return found | said_in_code()


def test_every_sentence_has_its_german():
    assert len(said()) > 250
    assert said() - set(GERMAN) == set()


def test_no_german_is_left_over():
    assert set(GERMAN) - said() == set()


@pytest.mark.parametrize("english", GERMAN)
def test_the_same_values_are_in_both(english):
    values = re.compile(r"\{(\w+)\}")
    assert sorted(values.findall(english)) == sorted(values.findall(GERMAN[english]))


@pytest.mark.parametrize("reason", DEFAULTS)
def test_a_rule_is_told_in_german_whole(reason):
    rule = ReasonRule(reason=reason, **DEFAULTS[reason])
    spoken: list[str] = []

    def german(english: str, **values: object) -> str:
        spoken.append(english)
        return GERMAN[english].format(**values)

    assert rule_text(rule, german) != rule_text(rule)
    assert len(spoken) > 5


@pytest.mark.django_db
def test_the_page_speaks_the_language_the_order_was_bought_in():
    order = make_covered_order(line("Teekanne", 1))
    Consent.objects.create(coverage=order.coverage, locale="de-AT")
    customer, url = Customer("en"), links.filing_url(order)
    page = customer.open(url, **chosen(line_of(order, "Teekanne")))
    assert '<html lang="de">' in page.content.decode()
    assert "War auch die Verpackung beschädigt?" in text(page)
    said = customer.follow(
        customer.send(url, "file", chosen(line_of(order, "Teekanne")), **{"answer-0": "Ja", "wish-1": "refund"})
    )
    assert "Wir haben Ihre Meldung." in said
    assert "Fotos des Artikels" in said


@pytest.mark.django_db
@pytest.mark.parametrize("asked, language", [
    ("de-CH,de;q=0.9,en;q=0.8", "de"), ("fr,de;q=0.5", "de"), ("fr", "en"), ("", "en"), ("\x00;q=x,,", "en"),
])  # fmt: skip
def test_without_one_the_browser_says_it(asked, language):
    page = Customer(asked).open(links.claim_url(make_claim()))
    assert f'<html lang="{language}">' in page.content.decode()


@pytest.mark.django_db
def test_the_next_visitor_is_not_spoken_to_in_the_last_ones_language():
    url = links.entry_url()
    assert "Ihre Bestellung finden" in text(Customer("de").open(url))
    assert "Find your order" in text(Customer("en").open(url))
