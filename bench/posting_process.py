"""A bare keep-alive POST loop, the least that any sender does: nothing of the product, no database, signed before.

python -m bench.posting_process HOST:PORT < requests, one a line: [path, headers, body]
"""

import http.client
import json
import sys
import time


def main(address: str) -> None:
    requests = [(path, headers, body.encode()) for path, headers, body in map(json.loads, sys.stdin)]
    line = http.client.HTTPConnection(address)
    line.connect()
    began = time.perf_counter()
    for path, headers, body in requests:
        line.request("POST", path, body, headers)
        answer = line.getresponse()
        answer.read()
        assert answer.status == 200
    print(json.dumps(time.perf_counter() - began))


if __name__ == "__main__":
    main(*sys.argv[1:])
