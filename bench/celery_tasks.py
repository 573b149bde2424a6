"""The peer's side: sign and POST one event as a Celery task. Needs celery and redis, and nothing of the product.

It has the easier job: no order, no log, no result, no check of the address; what its Redis holds is lost with it, and
what a killed worker had taken too. The connection is kept and signing is by hand, which is the fastest way to do both.

    python -m bench.celery_tasks < events, one a line: [url, id, body]    puts them on the queue
"""

import base64
import hashlib
import hmac
import http.client
import json
import os
import sys
import time
from urllib.parse import urlsplit

from celery import Celery  # type: ignore[import-not-found]

app = Celery("bench", broker=os.environ["PEER_BROKER"])
app.conf.update(
    task_ignore_result=True,
    worker_prefetch_multiplier=64,  # Celery's advice for short tasks; its default is 4
    broker_connection_retry_on_startup=True,
)
SECRET = base64.b64decode(os.environ["PEER_SECRET"].removeprefix("whsec_"))
_lines: dict[str, http.client.HTTPConnection] = {}


@app.task(name="send")  # the same name for who asks and who does
def send(url: str, event: str, body: str) -> None:
    address = urlsplit(url)
    now = str(int(time.time()))
    signature = base64.b64encode(hmac.digest(SECRET, f"{event}.{now}.{body}".encode(), hashlib.sha256)).decode()
    line = _lines.get(address.netloc)
    if line is None:
        line = _lines[address.netloc] = http.client.HTTPConnection(address.netloc, timeout=15)
    headers = {
        "Content-Type": "application/json",
        "webhook-id": event,
        "webhook-timestamp": now,
        "webhook-signature": f"v1,{signature}",
    }
    line.request("POST", address.path, body.encode(), headers)
    answer = line.getresponse()
    answer.read()
    if answer.status != 200:
        raise RuntimeError(answer.status)


if __name__ == "__main__":
    for event in map(json.loads, sys.stdin):
        send.delay(*event)
