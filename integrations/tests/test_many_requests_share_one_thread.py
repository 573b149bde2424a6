"""Transfers: hundreds of requests at once, what ends a wait, what connections are kept, and where names may lead."""

import os
import socket
import threading
import time
from contextlib import closing, contextmanager
from ipaddress import ip_network
from pathlib import Path

import pytest

from integrations import transport
from integrations.answers import Answer
from integrations.errors import GiveUp, RetryLater
from integrations.transfers import MOST_READS, Request, Transfers


@pytest.fixture
def transfers():
    with closing(Transfers()) as made:
        yield made


def ask(transfers: Transfers, url: str, body: bytes = b"{}", **headers: str):
    transfers.start("key", Request(url, body, headers))
    began = time.monotonic()
    while not (ended := transfers.wait(1.0)):
        assert time.monotonic() - began < 20
    [(key, outcome)] = ended
    assert key == "key"
    assert transfers.in_flight == 0
    return outcome


@contextmanager
def listening(*answers: bytes, host: str = "127.0.0.1", port: int = 0):
    """A server that answers the n-th request with the n-th of `answers` and hangs up when one is empty or none is left.

    Yields (url, requests, connections).
    """
    listener = socket.create_server((host, port))
    requests: list[bytes] = []
    connections: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            connections.append(sock)
            while got := sock.recv(65536):
                requests.append(got)
                said = answers[len(requests) - 1] if len(requests) <= len(answers) else b""
                if not said:
                    break
                sock.sendall(said.removesuffix(b"BYE"))
                if said.endswith(b"BYE"):
                    break
            sock.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/hook", requests, connections
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for sock in connections:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        thread.join()


def ok(word: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(word), word)


def test_requests_run_side_by_side(receiver, transfers):
    together = threading.Barrier(20)

    def answer(request):
        together.wait(10)  # nobody is answered before twenty have asked
        return 200, {"X-Got": request.headers["x-number"]}, request.body

    receiver.answer = answer
    for number in range(20):
        transfers.start(number, Request(receiver.url, b"\0\xff%d" % number, {"X-Number": str(number), "X-Empty": ""}))
    assert transfers.in_flight == 20
    ended = {}
    while transfers.in_flight:
        ended.update(transfers.wait(5))
    assert {number: answer.body for number, answer in ended.items()} == {n: b"\0\xff%d" % n for n in range(20)}
    assert all(answer.headers["x-got"] == str(number) for number, answer in ended.items())
    assert receiver.received[0].headers["x-empty"] == ""
    assert "expect" not in receiver.received[0].headers
    assert "accept-encoding" not in receiver.received[0].headers


def test_a_wait_ends_when_its_time_is_over_or_a_descriptor_can_be_read(transfers):
    assert transfers.wait(0.01) == []
    reading, writing = os.pipe()
    try:
        timer = threading.Timer(0.05, os.write, [writing, b"!"])
        timer.start()
        began = time.monotonic()
        assert transfers.wait(10, reading) == []
        assert time.monotonic() - began < 5
        assert transfers.wait(10, reading) == []  # it can still be read
        timer.join()
    finally:
        os.close(reading)
        os.close(writing)


def test_a_refused_address_is_an_outcome(transfers):
    assert ask(transfers, "https://10.0.0.1/").parked == "blocked_address"
    assert ask(transfers, "http://example.com/").parked == "configuration"
    assert ask(transfers, "https://127.0.0.1:9\r\nX: y/").parked == "configuration"
    assert ask(transfers, "http://127.0.0.1:9/", **{"X-A": "b\r\nX-C: d"}).parked == "configuration"


def test_more_than_agreed_are_not_taken():
    with closing(Transfers(1)) as transfers:
        transfers.start(1, Request("https://10.0.0.1/", b"", {}))
        with pytest.raises(RuntimeError):
            transfers.start(2, Request("https://10.0.0.1/", b"", {}))


def test_the_deadline_can_be_set():
    with listening(b"HTTP/1.1 200 OK\r\n") as (url, _, _), closing(Transfers(deadline=0.3)) as transfers:
        outcome = ask(transfers, url)
    assert isinstance(outcome, RetryLater)
    assert str(outcome) == "No whole answer within 0.3 s."


def test_connections_are_kept(transfers):
    many = MOST_READS + 10  # what bounds the reads of one request counts for that request alone
    with listening(*[ok(b"%d" % number) for number in range(many)]) as (url, requests, connections):
        assert [ask(transfers, url).body for _ in range(many)] == [b"%d" % number for number in range(many)]
    assert len(connections) == 1
    assert len(requests) == many


def test_a_kept_connection_that_was_closed_meanwhile_is_replaced(transfers):
    with listening(ok(b"1") + b"BYE", ok(b"2") + b"BYE", ok(b"3")) as (url, requests, connections):
        assert [ask(transfers, url).body for _ in range(3)] == [b"1", b"2", b"3"]
    assert len(connections) == 3
    assert len(requests) == 3


def test_a_request_is_repeated_only_on_a_kept_connection_and_before_the_answer_begins(transfers):
    with listening(ok(b"1"), b"", ok(b"3")) as (url, requests, _):
        ask(transfers, url)
        assert ask(transfers, url, b"second").body == b"3"
        assert [b"second" in request for request in requests] == [False, True, True]
    with listening(ok(b"1"), b"HTTP/1.1 200 OK\r\nBYE", ok(b"3")) as (url, requests, _):
        ask(transfers, url)
        assert isinstance(ask(transfers, url), RetryLater)
        assert len(requests) == 2
    with listening(b"", ok(b"2")) as (url, requests, _):
        assert isinstance(ask(transfers, url), RetryLater)
        assert len(requests) == 1


def test_a_second_answer_to_one_request_is_not_taken_for_the_next(transfers):
    with listening(ok(b"1") + ok(b"forged"), ok(b"2")) as (url, _, connections):
        assert ask(transfers, url).body == b"1"
        assert ask(transfers, url).body == b"2"
        assert len(connections) == 2


def test_the_environment_and_earlier_answers_add_nothing(receiver, monkeypatch, tmp_path):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret\n")
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    monkeypatch.setenv("HOME", str(tmp_path))
    receiver.answer = lambda _: (200, {"Set-Cookie": "a=b", "Alt-Svc": 'h2=":1"'}, b"")
    with closing(Transfers()) as transfers:
        assert ask(transfers, receiver.url).status == 200
        assert ask(transfers, receiver.url).status == 200
    assert not {"authorization", "cookie"} & set(receiver.received[1].headers)


# --- names ------------------------------------------------------------------------------------------


def through(way: str, url: str):
    if way == "transfers":
        with closing(Transfers()) as transfers:
            return ask(transfers, url)
    try:
        return transport.post(url, b"{}", {})
    except (RetryLater, GiveUp) as outcome:
        return outcome


@pytest.fixture
def resolve(monkeypatch):
    """Names resolve to what the test says: the outside world, in this process."""
    names: dict[str, list[str]] = {}
    asked: list[str] = []

    def getaddrinfo(host, port, *args, **kwargs):
        if host not in names:
            return genuine(host, port, *args, **kwargs)
        asked.append(host)
        kinds = [(socket.AF_INET6 if ":" in address else socket.AF_INET, address) for address in names[host]]
        return [(kind, socket.SOCK_STREAM, 6, "", (address, port or 0)) for kind, address in kinds]

    genuine = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    names["asked"] = asked
    return names


@pytest.mark.parametrize("way", ["transfers", "post"])
@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["10.0.0.1", "169.254.169.254", "::1", "127.0.0.1"]])
def test_a_public_name_that_leads_inside_reaches_nothing(resolve, settings, way, addresses):
    settings.EGRESS_ALLOW = [ip_network("127.0.0.0/8")]  # for literal addresses, not for whatever a name says
    resolve["partner.example"] = addresses
    with listening() as (url, _, connections):
        outcome = through(way, f"https://partner.example:{url.split(':')[2]}")
        assert isinstance(outcome, GiveUp)
        assert outcome.parked == "blocked_address"
        assert connections == []


@pytest.mark.parametrize("way", ["transfers", "post"])
def test_of_mixed_addresses_only_those_that_may_be_are_used(resolve, settings, way):
    settings.EGRESS_ALLOW = [ip_network("127.0.0.1/32")]
    resolve["localhost"] = ["127.0.0.2", "10.0.0.1", "127.0.0.1", "::1"]
    with listening(ok(b"1")) as (url, _, _):
        port = int(url.split(":")[2].split("/")[0])
        with listening(host="127.0.0.2", port=port) as (_, _, trapped):
            assert through(way, f"http://localhost:{port}/hook").body == b"1"
            assert trapped == []


@pytest.mark.parametrize("way", ["transfers", "post"])
def test_a_name_that_turns_inside_after_the_first_time_reaches_nothing(resolve, settings, way):
    settings.EGRESS_ALLOW = [ip_network("127.0.0.1/32")]
    resolve["localhost"] = ["127.0.0.1"]
    with listening(ok(b"1") + b"BYE") as (url, _, _):
        port = int(url.split(":")[2].split("/")[0])
        with listening(host="127.0.0.2", port=port) as (_, _, trapped):
            assert through(way, f"http://localhost:{port}/hook").status == 200
            resolve["localhost"] = ["127.0.0.2"]
            assert through(way, f"http://localhost:{port}/hook").parked == "blocked_address"
            assert trapped == []


@pytest.mark.parametrize("way", ["transfers", "post"])
def test_a_name_without_address_is_tried_again_later(resolve, way):
    resolve["nobody.example"] = []
    assert isinstance(through(way, "https://nobody.example/"), RetryLater)


def test_a_name_is_asked_for_once_while_others_go_on(resolve, receiver, monkeypatch, transfers):
    answering = threading.Event()
    resolve["slow.example"] = ["10.0.0.1"]
    resolved = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *a, **k: answering.wait(10) and resolved(host, *a, **k))
    for number in range(50):
        transfers.start(number, Request("https://slow.example/", b"", {}))
    transfers.start("good", Request(receiver.url, b"", {}))
    [(key, outcome)] = transfers.wait(2)
    assert key == "good"
    assert isinstance(outcome, Answer)
    assert transfers.in_flight == 50
    answering.set()
    ended = []
    while transfers.in_flight:
        ended += transfers.wait(2)
    assert {outcome.parked for _, outcome in ended} == {"blocked_address"}
    assert resolve["asked"] == ["slow.example"]


@pytest.mark.parametrize("way", ["transfers", "post"])
def test_a_name_server_that_does_not_answer_is_left_after_three_seconds(monkeypatch, way):
    done = threading.Event()
    genuine = socket.getaddrinfo

    def getaddrinfo(host, *args, **kwargs):
        if host == "silent.example":
            done.wait(20)
        return genuine("127.0.0.1", *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    began = time.monotonic()
    assert isinstance(through(way, "https://silent.example/"), RetryLater)
    assert 2.5 < time.monotonic() - began < 6
    done.set()


def test_nothing_stays_open(receiver):
    def count() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    before = count()
    transfers = Transfers()
    for number in range(20):
        transfers.start(number, Request(receiver.url, b"", {}))
    transfers.wait(5)
    transfers.start("on its way", Request("https://10.0.0.1/", b"", {}))
    transfers.close()
    # The receiver closes its own ends when it notices.
    until = time.monotonic() + 5
    while count() > before and time.monotonic() < until:
        threading.Event().wait(0.01)
    assert count() <= before
