"""``python -m sandbox --port 8010 --data var/sandbox.sqlite3 --shop … --token … --secret … [--speed 60]``."""

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from sandbox import program
from sandbox.server import ADDRESS, Server

OPTIONS = {
    "port": "8010",
    "data": "var/sandbox.sqlite3",
    "shop": "demo-store.myshopify.com",
    "token": "shpat_demo",
    "secret": "demo-secret",
    "speed": "1",
    "client-id": "demo-client-id",
}


def options() -> argparse.Namespace:
    """From the command line, else from SANDBOX_PORT, SANDBOX_DATA …, else the defaults."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="A local stand-in for Shopify.")
    given = {
        name: os.environ.get(f"SANDBOX_{name.upper().replace('-', '_')}", default) for name, default in OPTIONS.items()
    }
    parser.add_argument("--port", type=int, default=given["port"], help="0 takes any free port")
    parser.add_argument("--data", type=Path, default=given["data"], help="the SQLite file")
    parser.add_argument("--shop", default=given["shop"], help="myshopify domain of the first shop")
    parser.add_argument("--token", default=given["token"], help="its Admin API token")
    parser.add_argument("--secret", default=given["secret"], help="the app's client secret there")
    parser.add_argument("--speed", type=float, default=given["speed"], help="60: retries and tokens last a 60th")
    parser.add_argument("--client-id", default=given["client-id"], help="the app's client id")
    return parser.parse_args()


def main() -> int:
    """Serve until SIGTERM or SIGINT."""
    chosen = options()
    # Set, not defaulted: whoever starts this may have its own settings in the environment.
    os.environ["DJANGO_SETTINGS_MODULE"] = "sandbox.settings"
    try:
        server = Server(chosen.port, get_wsgi_application())
    except OSError as problem:
        print(f"sandbox: cannot listen on {ADDRESS}:{chosen.port}: {problem}", file=sys.stderr)
        return 1
    # Views are imported with the first request otherwise, which would have to wait for them.
    get_resolver().url_patterns  # noqa: B018 - read for its effect
    running = program.start(
        data=chosen.data,
        shop=chosen.shop,
        token=chosen.token,
        secret=chosen.secret,
        speed=chosen.speed,
        client_id=chosen.client_id,
        address=f"http://{ADDRESS}:{server.server_port}",
    )
    asked_to_stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked_to_stop.set())
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    print(f"sandbox: {chosen.shop} on http://{ADDRESS}:{server.server_port}/", flush=True)
    asked_to_stop.wait()
    server.shutdown()
    server.server_close()
    program.stop(running)
    return 0


if __name__ == "__main__":
    sys.exit(main())
