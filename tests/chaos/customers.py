"""Customers, a partner and staff at work: orders by the shop's buttons, claims by the API, approvals in the console.

They behave as people and careful programs do: what fails is tried again, with the same Idempotency-Key, and a page is
looked at before a button is pressed a second time.
"""

import random
import re
import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import psycopg
import requests

from tests.running import Instance

PATIENCE = 240.0  # for one step, while everything around it is killed
PAUSE = 0.3
Found = TypeVar("Found")


class Customers(threading.Thread):
    """One journey after another, one every `seconds`, until told to stop."""

    def __init__(self, backoffice: Instance, endpoint: str, seed: int, seconds: float) -> None:
        super().__init__(daemon=True)
        self.journeys = self.decided = self.sent_again = self.asked = 0
        self.error: BaseException | None = None
        self._backoffice = backoffice
        self._endpoint = endpoint
        self._dice = random.Random(seed)
        self._seconds = seconds
        self._stopping = threading.Event()
        self._partner, self._shop, self._staff = (requests.Session() for _ in range(3))
        for session in (self._partner, self._shop, self._staff):
            session.trust_env = False
        self._partner.headers["Authorization"] = f"Bearer {backoffice.api_key}"

    def run(self) -> None:
        try:
            self._until(self._log_in, "the log-in")
            while not self._stopping.is_set():
                due = time.monotonic() + self._seconds
                self._journey()
                self.journeys += 1
                self._stopping.wait(max(0.0, due - time.monotonic()))
        except BaseException as error:  # noqa: BLE001 the main thread is told
            self.error = error

    def finish(self) -> None:
        """End after the journey that is under way; raises what went wrong in any."""
        self._stopping.set()
        self.join()
        if self.error is not None:
            raise RuntimeError("A customer's journey failed") from self.error

    def _journey(self) -> None:
        remote_id = self._press("", protected=True, lines=[{"sku": "FW-MUG", "quantity": 1}])["orders"][0]["id"]
        if self._dice.random() < 0.5:
            self._press(f"/{remote_id}/note", note=f"Please ring {self._dice.randrange(1000)}")
        if self._dice.random() < 0.7:
            self._press(f"/{remote_id}/fulfil")
        order = self._until(lambda: self._order(remote_id), "the order in the API")
        for body in ({"kind": "gift_card", "amount": "1.00"}, {"kind": "tags", "add": ["chaos"]}):
            self._post_once(f"orders/{order['id']}/changes", body)
            self.asked += 1
        claim = self._claim(order)
        self._until(lambda: self._approved(claim), "the approval")
        self.decided += 1
        if self._dice.random() < 0.3:
            since = (datetime.now(UTC) - timedelta(seconds=2)).isoformat()
            self._post_once(f"webhook_endpoints/{self._endpoint}/send_again", {"since": since})
            self.sent_again += 1

    # --- steps: each returns what it is about, or None to be asked again --------------------------------------------

    def _order(self, remote_id: int) -> dict[str, Any] | None:
        url = f"{self._backoffice.url}/v1/orders"
        answer = self._partner.get(url, params={"remote_id": remote_id}, timeout=10)
        found = answer.json()["data"] if answer.status_code == 200 else []
        return found[0] if found else None

    def _claim(self, order: dict[str, Any]) -> str:
        mug = next(line for line in order["line_items"] if line["sku"] == "FW-MUG")
        body = {"order": order["id"], "reason": "damaged", "items": [{"line_item": mug["id"], "quantity": 1}]}
        return str(self._post_once("claims", body)["id"])

    def _post_once(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """POST under one Idempotency-Key until it is answered."""
        headers = {"Idempotency-Key": str(uuid.uuid4())}

        def post() -> dict[str, Any] | None:
            answer = self._partner.post(f"{self._backoffice.url}/v1/{path}", json=body, headers=headers, timeout=10)
            if answer.status_code in (409, 429) or answer.status_code >= 500:
                return None
            assert answer.status_code in (201, 202), answer.text
            return {"status": answer.status_code, **answer.json()}

        return self._until(post, f"an answer to {path}")

    def _approved(self, claim: str) -> bool:
        """Look whether it is approved, else press the button."""
        status = self._partner.get(f"{self._backoffice.url}/v1/claims/{claim}", timeout=10)
        if status.status_code != 200:
            return False
        if status.json()["status"] != "in_review":
            return True
        number = self._backoffice.value("SELECT id FROM protection_claim WHERE public_id = %s", claim)
        path = f"{self._backoffice.url}/admin/protection/claim/{number}/change/"
        page = self._staff.get(path, timeout=10)
        version, item = (
            re.search(r'name="version" value="(\d+)"', page.text),
            re.search(r'name="pick-(\d+)"', page.text),
        )
        if page.status_code == 200 and version and item:
            fields = {"verb": "approve", "version": version[1], f"pick-{item[1]}": "on", f"quantity-{item[1]}": "1"}
            self._send_form(path, fields)
        return False

    def _log_in(self) -> bool:
        lead = next(login for login in self._backoffice.logins if login["role"] == "lead")
        path = f"{self._backoffice.url}/admin/login/"
        self._staff.get(path, timeout=10)
        self._send_form(path, {"username": lead["username"], "password": lead["password"], "next": "/admin/"})
        return "sessionid" in self._staff.cookies

    def _send_form(self, path: str, fields: dict[str, str]) -> None:
        token = self._staff.cookies.get("csrftoken", "")
        headers = {"Referer": self._backoffice.url}
        self._staff.post(path, data={"csrfmiddlewaretoken": token, **fields}, headers=headers, timeout=10)

    def _press(self, path: str, **fields: Any) -> dict[str, Any]:
        url = f"{self._backoffice.sandbox_url}/sandbox/orders{path}.json"
        answer = self._shop.post(url, json=fields, timeout=30)
        assert answer.status_code in (200, 201), answer.text
        return dict(answer.json())

    def _until(self, step: Callable[[], Found | None], what: str) -> Found:
        give_up = time.monotonic() + PATIENCE
        while time.monotonic() < give_up:
            try:
                if found := step():
                    return found
            except (requests.RequestException, psycopg.Error, ValueError):
                pass  # whoever should have answered was killed
            time.sleep(PAUSE)
        raise TimeoutError(f"Not within {PATIENCE:g} s: {what}")
