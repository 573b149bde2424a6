"""The README's tour, done by a program: `manage.py up`, an order, a claim, an approval, the replacement comes home.

Nothing is imported from the product: shop, partner and staff are played over HTTP, as people and systems would.
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from standardwebhooks.webhooks import Webhook

from tests.processes import PYTHON, ROOT

pytestmark = pytest.mark.live


class Trial:
    """A running local trial, as `var/up.json` describes it."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self.facts = facts
        self.api = facts["api"]["url"].rstrip("/")
        self.sandbox = facts["sandbox"]["url"].rstrip("/")
        self.console = facts["console"]["url"]
        self.partner = requests.Session()
        self.partner.headers["Authorization"] = f"Bearer {facts['api']['key']}"

    def place(self, **fields: Any) -> dict[str, Any]:
        response = requests.post(f"{self.sandbox}/sandbox/orders.json", json=fields, timeout=10)
        order: dict[str, Any] = response.json()["orders"][0]
        return order

    def order(self, remote_id: int) -> dict[str, Any] | None:
        found = self.partner.get(f"{self.api}/orders", params={"remote_id": remote_id}, timeout=10).json()["data"]
        return found[0] if found else None

    def sink(self, type_: str, order_id: str) -> list[dict[str, Any]]:
        """What the demo partner received about an order, as (headers, body, verified)."""
        messages = requests.get(f"{self.sandbox}/sink/demo.json", params={"limit": 1000}, timeout=10).json()["messages"]
        bodies = [message | {"event": json.loads(message["body"])} for message in messages]
        return [m for m in bodies if m["event"]["type"] == type_ and (m["event"]["order"] or {}).get("id") == order_id]

    def staff(self, role: str) -> "Staff":
        login = next(login for login in self.facts["console"]["logins"] if login["role"] == role)
        return Staff(self.console, login["username"], login["password"])


class Staff:
    """A member of staff with a browser's session, without the browser."""

    def __init__(self, console: str, username: str, password: str) -> None:
        self.console = console
        self.session = requests.Session()
        self.post("login/", username=username, password=password, next="/admin/")
        assert "sessionid" in self.session.cookies

    def get(self, path: str) -> str:
        response = self.session.get(self.console + path, timeout=10)
        assert response.status_code == 200, response.url
        return response.text

    def post(self, path: str, **fields: Any) -> requests.Response:
        self.session.get(self.console + path, timeout=10)
        token = self.session.cookies.get("csrftoken", "")
        return self.session.post(
            self.console + path,
            data={"csrfmiddlewaretoken": token, **fields},
            headers={"Referer": self.console},
            timeout=10,
        )

    def claim_page(self, claim_id: str) -> str:
        """Path of a claim's page, found through the queue as an agent would."""
        queue = self.get("protection/claim/?state=all") + self.get("protection/claim/")
        for path in dict.fromkeys(re.findall(r"/admin/(protection/claim/\d+/change/)", queue)):
            if claim_id in self.get(path):
                return path
        raise AssertionError(f"{claim_id} is in no queue")


def until(look: Callable[[], Any], seconds: float, what: str) -> Any:
    """The first true answer of `look`; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.05)
    return found


@pytest.fixture(scope="module")
def trial() -> Iterator[Trial]:
    # Not pytest's tmp_path: PostgreSQL's own account must be able to enter it when the tests run as root.
    directory = tempfile.mkdtemp(prefix="backoffice-trial-")
    env = {name: value for name, value in os.environ.items() if name not in ("DJANGO_SETTINGS_MODULE", "DATABASE_URL")}
    for name in ("SECRET_KEY", "FIELD_KEYS", "BACKOFFICE_MODE", "EGRESS_ALLOW", "DEBUG"):
        env.pop(name, None)  # the test run has its own; the trial makes its own
    env |= {"BACKOFFICE_VAR": directory, "PORT": "18400", "SANDBOX_PORT": "18700", "UNDO_SECONDS": "2"}
    command = [PYTHON, "manage.py"]
    up = subprocess.run([*command, "up", "--detach"], cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)
    try:
        assert up.returncode == 0, up.stdout + up.stderr
        yield Trial(json.loads((Path(directory) / "up.json").read_text()))
    finally:
        down = subprocess.run([*command, "down"], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
        shutil.rmtree(directory, ignore_errors=True)
    assert down.returncode == 0, down.stdout + down.stderr


@pytest.fixture(scope="module")
def order(trial) -> dict[str, Any]:
    """A protected order of one jug, seen through the API."""
    placed = trial.place(protected=True, lines=[{"sku": "FW-MUG", "quantity": 2}])
    found: dict[str, Any] = until(lambda: trial.order(placed["id"]), 2, "the order in the API")
    return found


@pytest.fixture(scope="module")
def claim(trial, order) -> dict[str, Any]:
    """A claim for one of the two mugs, filed by the partner."""
    mugs = next(line for line in order["line_items"] if line["sku"] == "FW-MUG")
    body = {"order": order["id"], "reason": "damaged", "items": [{"line_item": mugs["id"], "quantity": 1}]}
    filed = trial.partner.post(f"{trial.api}/claims", json=body, headers={"Idempotency-Key": "tour-1"}, timeout=10)
    again = trial.partner.post(f"{trial.api}/claims", json=body, headers={"Idempotency-Key": "tour-1"}, timeout=10)
    assert (filed.status_code, again.status_code) == (201, 201)
    assert filed.json()["id"] == again.json()["id"]
    answer: dict[str, Any] = filed.json()
    return answer


def test_an_order_is_in_the_console_and_at_the_partner_within_two_seconds(trial):
    placed = trial.place(protected=False)
    began = time.monotonic()
    order = until(lambda: trial.order(placed["id"]), 2, "the order in the API")
    [message] = until(lambda: trial.sink("order.created", order["id"]), 2, "the signed webhook at the partner")
    assert time.monotonic() - began < 2
    assert message["verified"] == "true"
    headers = {name.lower(): value for name, value in message["headers"].items()}
    assert (
        Webhook(trial.facts["demo"]["endpoint_secret"]).verify(message["body"], headers)["id"] == headers["webhook-id"]
    )
    assert placed["name"] in trial.staff("agent").get("orders/order/")


def test_an_order_without_protection_cannot_be_claimed_by_the_partner(trial):
    placed = trial.place(protected=False)
    order = until(lambda: trial.order(placed["id"]), 2, "the order in the API")
    body = {
        "order": order["id"],
        "reason": "lost",
        "items": [{"line_item": order["line_items"][0]["id"], "quantity": 1}],
    }
    refused = trial.partner.post(f"{trial.api}/claims", json=body, timeout=10)
    assert (refused.status_code, refused.json()["code"]) == (422, "not_covered")


def test_an_approved_claim_becomes_a_replacement_that_comes_home(trial, order, claim):
    agent = trial.staff("agent")
    page = agent.claim_page(claim["id"])
    html = agent.get(page)
    fields = dict(re.findall(r'<input type="hidden" name="(version)" value="(\d+)"', html))
    pick = re.search(r'name="pick-(\d+)"', html)
    assert pick, html[:3000]
    item = pick.group(1)
    agent.post(page, verb="approve", **fields, **{f"pick-{item}": "on", f"quantity-{item}": "1"})

    def closed() -> dict[str, Any] | None:
        now = trial.partner.get(f"{trial.api}/claims/{claim['id']}", timeout=10).json()
        return now if now["status"] == "closed" else None

    done = until(closed, 20, "the claim to close")
    [resolution] = done["resolutions"]
    assert (done["outcome"], resolution["status"]) == ("approved", "executed")
    replacement = trial.partner.get(f"{trial.api}/orders/{resolution['replacement_order']}", timeout=10).json()
    assert replacement["amounts"]["total"]["shop"]["amount"] == "0.00"
    assert [(line["sku"], line["quantity"]) for line in replacement["line_items"]] == [("FW-MUG", 1)]
    at_shop = requests.get(f"{trial.sandbox}/", timeout=10).text
    assert replacement["name"] in at_shop
    assert replacement["name"] in agent.get(page)
    until(lambda: trial.sink("claim.closed", order["id"]), 5, "the partner to hear of it")


def test_the_same_unit_is_refused_a_second_time_with_the_reason(trial, order, claim):
    mugs = next(line for line in order["line_items"] if line["sku"] == "FW-MUG")
    body = {"order": order["id"], "reason": "lost", "items": [{"line_item": mugs["id"], "quantity": 2}]}
    refused = trial.partner.post(f"{trial.api}/claims", json=body, timeout=10)
    assert (refused.status_code, refused.json()["code"]) == (422, "unit_already_used")
    assert "already replaced" in refused.json()["detail"]


def test_the_feed_tells_the_whole_story_in_order(trial, order, claim):
    events = trial.partner.get(f"{trial.api}/events", params={"limit": 200}, timeout=10).json()["data"]
    ours = [event["type"] for event in events if (event["order"] or {}).get("id") == order["id"]]
    told = [type_ for type_ in ours if type_.split(".")[0] in ("order", "coverage", "claim", "resolution")]
    # The payment's message may come first and have the order read, which then tells what no message says.
    story = [type_ for type_ in told if type_ != "order.updated"]
    assert story == [
        "order.created", "coverage.inactive", "claim.submitted", "claim.in_review", "claim.decided",
        "resolution.queued", "claim.resolving", "resolution.executed", "resolution.linked", "claim.closed",
    ]  # fmt: skip
    webhooks = [m["event"]["type"] for type_ in dict.fromkeys(story) for m in trial.sink(type_, order["id"])]
    assert webhooks == story
