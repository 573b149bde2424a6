"""The transport: where it may go, for how long, and how much it reads."""

import time

import pytest

from integrations import transport
from integrations.errors import GiveUp, RetryLater


@pytest.mark.parametrize(
    "url, parked",
    [
        ("http://example.com/", "configuration"),
        ("ftp://example.com/", "configuration"),
        ("https://", "configuration"),
        ("https://user:secret@example.com/", "configuration"),
        ("https://10.0.0.1/", "blocked_address"),
        ("https://169.254.169.254/latest/meta-data", "blocked_address"),
        ("https://[::1]/", "blocked_address"),
        ("https://[::ffff:10.0.0.1]/", "blocked_address"),
        ("http://192.168.0.1/", "configuration"),
    ],
)
def test_addresses_that_are_not_public_https_are_refused_at_save(url, parked):
    with pytest.raises(GiveUp) as refused:
        transport.check_address(url)
    assert refused.value.parked == parked


def test_a_name_that_resolves_inside_is_refused_at_send(settings):
    settings.EGRESS_ALLOW = []
    with pytest.raises(GiveUp) as refused:
        transport.post("https://localhost/hook", b"{}", {})
    assert refused.value.parked == "blocked_address"


def test_the_operators_network_is_allowed(receiver, settings):
    assert transport.post(receiver.url, b"{}", {}).status == 200
    settings.EGRESS_ALLOW = []
    with pytest.raises(GiveUp):
        transport.post(receiver.url, b"{}", {})


def test_only_the_first_64_kb_of_an_answer_are_kept(receiver):
    receiver.answer = lambda r: (200, {}, b"x" * 1_000_000)
    assert len(transport.post(receiver.url, b"{}", {}).body) == 64 * 1024


@pytest.mark.parametrize("part", ["headers", "body"])
def test_an_answer_that_drips_is_cut_off_at_the_deadline(receiver, monkeypatch, part):
    monkeypatch.setattr(transport, "DEADLINE_SECONDS", 0.6)

    def drip(handler) -> None:
        if part == "body":
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        else:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        for _ in range(50):
            try:
                handler.wfile.write(b"x")
                handler.wfile.flush()
            except OSError:
                return
            time.sleep(0.1)  # this is the bad manners under test, not a wait

    receiver.raw = drip
    started = time.monotonic()
    with pytest.raises(RetryLater):
        transport.post(receiver.url, b"{}", {})
    assert time.monotonic() - started < 2


def test_a_connection_that_breaks_is_tried_again_later(receiver):
    receiver.raw = lambda handler: handler.connection.close()
    with pytest.raises(RetryLater):
        transport.post(receiver.url, b"{}", {})


def test_proxies_of_the_environment_are_not_used(receiver, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9/")
    assert transport.post(receiver.url, b"{}", {}).status == 200


def test_connections_are_kept_open_between_posts(receiver):
    ports = []
    receiver.answer = lambda r: (200, {}, b"")
    for _ in range(3):
        transport.post(receiver.url, b"{}", {})
        ports.append(transport._threads.connection.sock.getsockname()[1])
    assert len(set(ports)) == 1
