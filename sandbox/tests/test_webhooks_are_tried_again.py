"""A receiver that fails is asked again by Shopify's schedule, and forgotten after the eighth retry."""

import socket
import threading
from collections.abc import Iterator

import pytest

from sandbox.posting import NoAnswer, Poster
from sandbox.sender import RETRY_AFTER
from sandbox.tests.polling import until
from sandbox.tests.receiving import Receiver
from sandbox.tests.running import Sandbox


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A port that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


def test_the_schedule_is_eight_retries_in_four_hours():
    assert len(RETRY_AFTER) == 8
    assert sum(RETRY_AFTER) == 4 * 60 * 60


def test_a_failed_delivery_comes_again_as_the_same_webhook(shopify: Sandbox, receiver: Receiver):
    receiver.statuses.extend([500, 302, 404])
    shopify.subscribe("ORDERS_CREATE", receiver.url)
    shopify.place()
    tries = receiver.wait_for(4)
    assert len({one.headers["x-shopify-webhook-id"] for one in tries}) == 1
    assert len({one.raw for one in tries}) == 1


def test_after_the_eighth_retry_the_subscription_is_removed(shopify: Sandbox, receiver: Receiver):
    receiver.always = 500
    subscription = shopify.subscribe("ORDERS_CREATE", receiver.url)
    shopify.place()
    receiver.wait_for(9, seconds=20)
    question = "query($id: ID!) { webhookSubscription(id: $id) { id } }"
    until(lambda: shopify.ask(question, id=subscription)["data"]["webhookSubscription"] is None)
    shopify.place()
    assert len(receiver.webhooks) == 9
    assert shopify.get("/sandbox/deliveries.json", state="given up")["deliveries"][0]["tries"] == 9


def test_a_removed_subscription_can_be_made_again(shopify: Sandbox, receiver: Receiver):
    receiver.always = 500
    untouched = shopify.subscribe("SHOP_UPDATE", receiver.url)
    first = shopify.subscribe("ORDERS_CREATE", receiver.url)
    shopify.place()
    receiver.wait_for(9, seconds=20)
    listed = "{ webhookSubscriptions(first: 10) { nodes { id } } }"

    def ids() -> list[str]:
        return [one["id"] for one in shopify.ask(listed)["data"]["webhookSubscriptions"]["nodes"]]

    until(lambda: first not in ids())
    assert untouched in ids()
    receiver.always = None
    assert shopify.subscribe("ORDERS_CREATE", receiver.url) in ids()
    order = shopify.place()
    assert receiver.wait_for(10)[9].body["id"] == order["id"]


def test_a_receiver_that_never_answers_is_given_up(silent: socket.socket):
    poster = Poster(total_seconds=0.2)
    with pytest.raises(NoAnswer, match=r"no answer within 0\.2 s"):
        poster.post(f"http://127.0.0.1:{silent.getsockname()[1]}/", {}, b"{}")


def test_the_limit_holds_for_the_whole_answer_not_for_each_byte(silent: socket.socket):
    enough = threading.Event()

    def dribble() -> None:
        connection, _ = silent.accept()
        with connection:
            for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Slow: " + b"x" * 1_000:
                if enough.wait(0.05):
                    return
                try:
                    connection.send(bytes([byte]))
                except OSError:
                    return

    thread = threading.Thread(target=dribble)
    thread.start()
    with pytest.raises(NoAnswer):
        Poster(total_seconds=0.5).post(f"http://127.0.0.1:{silent.getsockname()[1]}/", {}, b"{}")
    enough.set()
    thread.join()


def test_nobody_listening_is_no_answer():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(NoAnswer, match="refused"):
        Poster().post(f"http://127.0.0.1:{port}/", {}, b"{}")


def test_connections_are_kept(receiver: Receiver):
    poster = Poster()
    assert [poster.post(receiver.url, {"X-Shopify-Topic": "a/b"}, b"{}") for _ in range(3)] == [200, 200, 200]
    assert len(poster._open) == 1
    poster.close()
