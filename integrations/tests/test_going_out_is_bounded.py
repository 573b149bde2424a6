"""The transport: where it may go, for how long, and how much it reads."""

import time
from ipaddress import ip_address

import pytest

from integrations import addresses, transport
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
        ("https://example.com:25/", "configuration"),
        ("https://example.com:0/", "configuration"),
        ("https://example.com:65536/", "configuration"),
        ("https://example.com\\@10.0.0.1/", "configuration"),
        ("https://exam\nple.com/", "configuration"),
        ("https://example.com/\0", "configuration"),
        ("https://[::1%25lo]/", "configuration"),
        ("https://exämple.com/", "configuration"),
        (" https://example.com/", "configuration"),
        ("https://example..com/", "configuration"),
    ],
)
def test_addresses_that_are_not_public_https_are_refused_at_save(url, parked):
    with pytest.raises(GiveUp) as refused:
        transport.check_address(url)
    assert refused.value.parked == parked


@pytest.mark.parametrize(
    "url",
    ["https://example.com", "https://example.com:443/a?b=c#d", "https://Example.COM.:8443/%20", "https://8.8.8.8/"],
)
def test_public_https_is_taken(url):
    assert not addresses.check_address(url).allowed


@pytest.mark.parametrize(
    "address",
    """
    0.0.0.0 10.0.0.1 100.64.0.1 127.0.0.1 169.254.169.254 172.16.0.1 192.0.0.9 192.0.2.1 192.88.99.1 192.168.1.1
    198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255
    :: ::1 ::ffff:10.0.0.1 ::ffff:127.0.0.1 ::10.0.0.1 64:ff9b::10.0.0.1 64:ff9b::127.0.0.1 64:ff9b:1::8.8.8.8
    100::1 2001::1 2001:20::1 2001:db8::1 2002:a00:1:: 2002:7f00:1::1 3fff::1 4000::1 5f00::1 fc00::1
    fd00:ec2::254 fe80::1 fec0::1 ff02::1
    """.split(),
)
def test_addresses_inside_are_not_public(address):
    assert not addresses.is_public(ip_address(address))
    assert not addresses.may_connect(address, allowed=False)


@pytest.mark.parametrize(
    "address",
    "8.8.8.8 93.184.215.14 2606:4700::1111 2a00:1450::1 ::ffff:8.8.8.8 64:ff9b::8.8.8.8 2002:808:808::1".split(),
)
def test_addresses_outside_are_public(address):
    assert addresses.is_public(ip_address(address))


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
