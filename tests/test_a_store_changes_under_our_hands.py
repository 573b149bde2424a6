"""A store rotates its secret, ends our token, takes the app away and back, and we move to a newer API: nothing is lost.

A whole instance, while orders flow; operators do what the README says, by the commands it names.
"""

from collections.abc import Iterator

import pytest

from tests import running
from tests.processes import wait_until
from tests.running import SHOP, Instance

pytestmark = [pytest.mark.live, pytest.mark.slow]
CLIENT_ID = "demo-client-id"
SECONDS = 40.0  # webhooks that were refused come again after one or two of the shop's retries
OLD, NEW = "2026-07", "2026-10"


@pytest.fixture(scope="module")
def backoffice() -> Iterator[Instance]:
    with running.instance(sandbox_speed=600, SHOPIFY_API_VERSION=OLD) as started:
        yield started


def theirs(backoffice: Instance) -> set[int]:
    return {order["id"] for order in backoffice.look("/sandbox/orders.json", limit=1000)["orders"]}


def ours(backoffice: Instance) -> set[int]:
    return {row[0] for row in backoffice.rows("SELECT remote_id FROM orders_order")}


def all_here(backoffice: Instance) -> None:
    expected = theirs(backoffice)
    wait_until(lambda: ours(backoffice) == expected, SECONDS, "every order of the shop here")


def equal_field_by_field(backoffice: Instance) -> None:
    """One deep pass may find what was missed; after it a second one must find nothing."""
    backoffice.manage("reconcile", "--deep")
    assert " 0 differed, 0 healed, 0 failed" in backoffice.manage("reconcile", "--deep")


def connect(backoffice: Instance, secret: str, *by: str) -> None:
    backoffice.manage("connect_shop", "--domain", SHOP, "--api-url", backoffice.sandbox_url, "--secret", secret, *by)


def test_a_rotated_secret_loses_no_webhook(backoffice):
    """The old secret signs on for a while; what the new one signed before we knew it is refused, and comes again."""
    placed = [backoffice.place() for _ in range(4)]
    backoffice.press("/sandbox/secret.json", secret="rotated-secret", old_share=0.5)
    placed += [backoffice.place() for _ in range(6)]
    connect(backoffice, "rotated-secret", "--token", backoffice.setting("SANDBOX_TOKEN"))
    placed += [backoffice.place() for _ in range(4)]
    backoffice.press("/sandbox/secret.json", end=True)
    placed += [backoffice.place() for _ in range(4)]
    all_here(backoffice)
    assert len(ours(backoffice)) == len(placed)


def test_a_token_that_ends_in_mid_run_is_renewed_once_and_nothing_waits_for_people(backoffice):
    connect(backoffice, "rotated-secret", "--client-id", CLIENT_ID)
    orders = [backoffice.place(lines=[{"sku": "FW-MUG", "quantity": 3}]) for _ in range(6)]
    all_here(backoffice)
    for turn, order in enumerate(orders):
        if turn in (2, 4):
            backoffice.press("/sandbox/tokens.json", expire=True)
        # An edit says only that there was one: the order is read again, with the token that has just ended.
        backoffice.press(f"/sandbox/orders/{order}/edit.json", set=[{"sku": "FW-MUG", "quantity": 1}])
    edited = """
        SELECT count(*) FROM orders_lineitem JOIN orders_order o ON o.id = order_id
        WHERE o.remote_id = ANY(%s) AND sku = 'FW-MUG' AND current_quantity = 1
    """
    wait_until(lambda: backoffice.value(edited, orders) == len(orders), SECONDS, "every edit here")
    assert backoffice.value("SELECT count(*) FROM integrations_connection WHERE paused_at IS NOT NULL") == 0
    tokens = backoffice.look("/sandbox/tokens.json")["tokens"]
    assert len(tokens) in (2, 3)  # the first, and one for each that was ended before its successor was needed


def test_an_app_that_was_taken_away_and_installed_again_catches_up(backoffice):
    before = backoffice.place()
    all_here(backoffice)
    backoffice.press("/sandbox/uninstall.json")
    wait_until(
        lambda: backoffice.value("SELECT count(*) FROM integrations_connection WHERE uninstalled_at IS NOT NULL"),
        SECONDS, "the news that the app is gone",
    )  # fmt: skip
    missed = [backoffice.place() for _ in range(5)]
    backoffice.press(f"/sandbox/orders/{before}/note.json", note="written while we were away")
    assert not set(missed) & ours(backoffice)
    backoffice.press("/sandbox/install.json")
    connect(backoffice, "rotated-secret", "--token", backoffice.setting("SANDBOX_TOKEN"))
    backoffice.manage("subscribe_webhooks", "--domain", SHOP)
    backoffice.manage("reconcile")
    all_here(backoffice)
    assert (
        backoffice.value("SELECT note FROM orders_order WHERE remote_id = %s", before) == "written while we were away"
    )
    after = backoffice.place()
    wait_until(lambda: after in ours(backoffice), SECONDS, "a new order by its webhook")


def test_a_newer_api_version_is_a_setting_and_a_restart(backoffice):
    def versions() -> list[str]:
        return [row[0] for row in backoffice.rows("SELECT api_version FROM integrations_storehealth")]

    equal_field_by_field(backoffice)
    assert versions() == [OLD]
    waiting = [backoffice.place() for _ in range(3)]
    backoffice.manage("down")
    backoffice.environment["SHOPIFY_API_VERSION"] = NEW
    backoffice.start()
    backoffice.press("/sandbox/version.json", version=NEW)
    waiting += [backoffice.place() for _ in range(3)]
    all_here(backoffice)
    equal_field_by_field(backoffice)
    assert versions() == [NEW]
    assert set(waiting) <= ours(backoffice)
    stuck = backoffice.rows("SELECT topic, result FROM integrations_inboundmessage WHERE state IN ('failed', 'parked')")
    assert stuck == []
