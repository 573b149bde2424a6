"""Real HTTP: senders that go away, lie about the length or send too much harm nobody; the next one is served."""

import http.client
import json
import socket
from urllib.parse import urlsplit

import pytest

from backoffice.tests.builders import make_key
from protection.models import Evidence
from protection.tests.builders import make_claim
from protection.tests.photos import photo

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_upload_over_http_may_break_off(live_server) -> None:
    claim, raw = make_claim(), photo()
    place, path = urlsplit(live_server.url).netloc, f"/v1/claims/{claim.public_id}/evidence"
    headers = {"Authorization": f"Bearer {make_key()[1]}", "Content-Type": "image/jpeg"}

    def send(body: bytes, **more: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection(place, timeout=60)
        connection.request("POST", path, body, {**headers, **more})
        answer = connection.getresponse()
        told = json.loads(answer.read())
        connection.close()
        return answer.status, told.get("code", "")

    host, port = place.split(":")
    for length in (len(raw), 10**9, -1):  # goes away in the middle, after having said so much
        with socket.create_connection((host, int(port)), timeout=10) as gone:
            lines = [f"POST {path} HTTP/1.1", f"Host: {place}", *(f"{k}: {v}" for k, v in headers.items())]
            gone.sendall("\r\n".join([*lines, f"Content-Length: {length}", "", ""]).encode() + raw[:3000])
    assert send(raw[:3000]) == (422, "damaged")
    assert send(b"") == (422, "empty")
    assert send(b"x", **{"Content-Length": str(10**9)}) == (413, "too_large")
    assert send(b"5\r\nhello\r\n0\r\n\r\n", **{"Transfer-Encoding": "chunked", "Content-Length": ""})[0] in (411, 422)
    assert not Evidence.objects.exists()
    assert send(raw) == (201, "")
    assert Evidence.objects.count() == 1
