"""The page: says what it is, works without a script, lets no other site press its buttons."""

import re

import requests

from sandbox.tests.running import Sandbox


def page(shopify: Sandbox, query: str = "") -> str:
    answer = requests.get(f"{shopify.url}/{query}", timeout=10)
    assert answer.status_code == 200
    return answer.text


def test_it_says_that_it_is_not_shopify(shopify: Sandbox):
    assert "This is a stand-in, not Shopify." in page(shopify)


def test_a_form_places_an_order_and_leads_back_to_the_page(shopify: Sandbox):
    form = {"protected": "true", "lines": '[{"sku": "FW-LAMP"}]', "currency": "", "count": "1", "customer": "true"}
    answer = requests.post(f"{shopify.url}/sandbox/orders.json", data=form, timeout=10)
    assert (answer.status_code, answer.url) == (200, f"{shopify.url}/")
    assert "Headlamp 400 lm" in answer.text
    assert "protected" in answer.text


def test_every_button_of_an_order_works(shopify: Sandbox):
    verbs = ("address", "note", "split", "hold", "release", "move", "fulfil", "scan", "cancel-fulfilment")
    shopify.place(protected=True, lines=[{"sku": "FW-MUG", "quantity": 2}])
    # Each press changes what can be pressed next; the delivery comes before the end.
    for verb in (*verbs, "fulfil", "return", "risk", "dispute", "refund", "delete"):
        found = re.search(rf'action="(/sandbox/orders/\d+/{verb}\.json)"', page(shopify, "?part=lists"))
        assert found, verb
        fields = {"status": "delivered"} if verb == "scan" else {"tags": "vip"} if verb == "note" else {}
        fields |= {"level": "high"} if verb == "risk" else {}
        answer = requests.post(shopify.url + found[1], data=fields or "", headers=FORM, timeout=10)
        assert (verb, answer.status_code) == (verb, 200)


def test_an_unusual_order_is_placed_from_the_form(shopify: Sandbox):
    form = {
        "tip": "3",
        "duties": "on",
        "bundle": "on",
        "rounding": "",
        "paid": "true",
        "source_name": "",
        "line_count": "",
    }
    assert requests.post(f"{shopify.url}/sandbox/orders.json", data=form, timeout=10).status_code == 200
    assert "1 × Tip" in page(shopify, "?part=lists")


def test_pending_money_and_open_disputes_have_their_buttons(shopify: Sandbox):
    order = shopify.place()["id"]
    shopify.press(order, "refund", amount="1.00", status="pending")
    shopify.press(order, "dispute")
    text = page(shopify, "?part=lists")
    for button in (f"settle-{order}", f"won-{order}", f"lost-{order}"):
        assert f'id="{button}"' in text
    shopify.press(order, "settle")
    shopify.press(order, "dispute", status="won")
    text = page(shopify, "?part=lists")
    assert f'id="settle-{order}"' not in text
    assert f'id="dispute-{order}"' in text


def press(shopify: Sandbox, button: str) -> requests.Response:
    """Press a button of the page that stands in a form with fields; the answer is the page again."""
    form = next(one for one in re.findall(r"<form.*?</form>", page(shopify), re.DOTALL) if f'id="{button}"' in one)
    action = re.search(r'action="([^"]+)"', form)
    name = re.search(rf'id="{button}"(?: name="([^"]+)" value="([^"]+)")?', form)
    assert action
    assert name
    chosen = re.search(r'<select name="(\w+)"><option value="(\d+)"', form)
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]+)"', form))
    fields |= {chosen[1]: chosen[2]} if chosen else {}
    fields |= {name[1]: name[2]} if name[1] else {}
    return requests.post(shopify.url + action[1], data=fields or "", headers=FORM, timeout=10)


def test_every_button_of_the_platform_works(shopify: Sandbox):
    shopify.post("/sandbox/compliance_uri.json", uri="http://127.0.0.1:9/")
    for button in ("drop", "delay", "forge", "throttle", "slow", "reset", "expire", "revoke", "hide", "data-request",
                   "redact", "shop-redact", "hundred", "stop"):  # fmt: skip
        assert (button, press(shopify, button).status_code) == (button, 200)
    text = page(shopify, "?part=lists")
    assert "Not granted: read_products, write_products" in text
    assert "Customer data is hidden" in text
    assert "The app is not installed" in press(shopify, "uninstall").text
    press(shopify, "install")
    healthy = press(shopify, "grant").text
    assert not any(word in healthy for word in ("Not granted", "not installed", "is hidden", "switched on"))


def test_customers_names_are_shown_and_escaped(shopify: Sandbox):
    shopify.post("/sandbox/orders.json", count=6)
    text = page(shopify)
    for name in ("Zoë", "李", "نور", "Wolfeschlegelsteinhausenbergerdorff"):
        assert name in text
    order = shopify.place()
    shopify.press(order["id"], "address", city="<script>alert(1)</script>")
    assert "<script>alert" not in page(shopify)


def test_other_sites_cannot_press_buttons(shopify: Sandbox):
    foreign = {"Origin": "http://evil.example"}
    answer = requests.post(f"{shopify.url}/sandbox/orders.json", data={"a": "b"}, headers=foreign, timeout=10)
    assert answer.status_code == 403
    rebound = requests.get(f"{shopify.url}/", headers={"Host": "evil.example"}, timeout=10)
    assert rebound.status_code == 400


def test_nothing_comes_from_another_host(shopify: Sandbox):
    text = page(shopify)
    assert not re.findall(r'(?:src|href)="(?!/|data:)', text)
    assert "http" not in text.replace(shopify.url, "")


FORM = {"Content-Type": "application/x-www-form-urlencoded"}
