"""`manage.py reconcile`: which stores, which window, what it says, and that it never hangs on a pass under way."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from integrations import reconcile, schedules
from integrations.models import SyncRun
from integrations.progress import Bar, line
from integrations.tests.shopify import connect
from orders.models import Order

pytestmark = pytest.mark.django_db


@pytest.fixture
def sandbox(own_shop):
    return own_shop


@pytest.fixture(autouse=True)
def no_grace(settings):
    settings.DRIFT_GRACE_SECONDS = 0


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def said(*arguments: str, out: StringIO | None = None) -> str:
    out = out or StringIO()
    call_command("reconcile", *arguments, stdout=out)
    return out.getvalue()


def test_all_stores_are_looked_at_and_what_was_found_is_said(sandbox, shopify):
    sandbox.place()
    words = said()
    assert "1 order looked at, 1 differed, 1 healed, 0 failed" in words
    assert SyncRun.objects.get().public_id in words
    assert "\r" not in words


def test_a_terminal_sees_a_bar(sandbox, shopify):
    sandbox.place()
    words = said(out=Terminal())
    assert "\r[##############################] 1 of 1 orders" in words
    assert words.splitlines()[-1].startswith("Shopify")


def test_only_orders_that_were_named(sandbox, shopify):
    name = sandbox.place()["name"]
    sandbox.place()
    assert "1 order looked at" in said("--shop", sandbox.shop, "--order", name)
    assert Order.objects.get().name == name


def test_a_window_is_given_in_utc(sandbox, shopify):
    sandbox.place()
    assert "0 orders looked at" in said("--since", "2026-01-01", "--until", "2026-02-01T12:00")
    run = SyncRun.objects.get()
    assert f"{run.since:%Y-%m-%d %H:%M} {run.until:%Y-%m-%d %H:%M}" == "2026-01-01 00:00 2026-02-01 12:00"


def test_a_pass_under_way_is_finished_first(sandbox, shopify):
    sandbox.place()
    reconcile.begin(shopify, by="schedule")
    said()
    assert list(SyncRun.objects.order_by("id").values_list("by", "state")) == [
        ("schedule", "done"),
        ("operator", "done"),
    ]


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--shop", "nobody.myshopify.com"], "is not connected"),
        (["--order", "#1", "--since", "2026-01-01"], "not both"),
        (["--since", "2026-02-01", "--until", "2026-01-01"], "must be later"),
    ],
)
def test_what_cannot_be_is_refused_in_words(shopify, arguments, words):
    with pytest.raises(CommandError, match=words):
        said(*arguments)


def test_a_pass_that_fails_is_an_exit_status(sandbox, db):
    connect(sandbox.shop, api_url=sandbox.url, token="wrong")
    out = StringIO()
    with pytest.raises(CommandError, match="Not every store"):
        call_command("reconcile", stdout=out)
    assert "It did not come to its end: Shopify refuses our token" in out.getvalue()


def test_the_scheduler_begins_a_pass_every_quarter_of_an_hour(shopify):
    assert schedules.MINUTES["integrations.reconcile.begin_all"] == 15
    reconcile.begin_all()
    run = SyncRun.objects.get()
    assert (run.by, run.state, run.connection) == ("schedule", "running", shopify)


def test_stores_that_were_taken_away_are_left_alone(shopify):
    shopify.uninstalled_at = shopify.created_at
    shopify.save()
    reconcile.begin_all()
    assert not SyncRun.objects.exists()


def test_the_bar_says_what_holds_it_up():
    run = SyncRun(total=70, looked_at=35, drift_found=3, cursor={"todo": [[1, 0]]}, facts={"waits_for": "Shopify"})
    assert line(run) == f"[{'#' * 15}{'·' * 15}] 35 of 70 orders, 3 differed, 1 to read (waits: Shopify)"
    out = Terminal()
    bar = Bar(out)
    bar.show(run)
    bar.close()
    assert out.getvalue().endswith("\r")
