"""The web server: HTTP/1.1 with kept connections, a thread for each, on the loopback address only."""

from collections.abc import Callable
from socketserver import TCPServer
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.http import HttpRequest, HttpResponse, HttpResponseBase

ADDRESS = "127.0.0.1"
# Where the connection of a request is found in its WSGI environment.
CONNECTION = "sandbox.connection"


class Handler(WSGIRequestHandler):
    """Head and body of an answer leave in two writes; without this the second waits 40 ms for an acknowledgement."""

    disable_nagle_algorithm = True

    def get_environ(self) -> dict[str, Any]:
        """What a request is made of, and its connection, for an answer that is to be cut off."""
        return {**super().get_environ(), CONNECTION: self}


class Server(ThreadedWSGIServer):
    """Listens once it is made; ``serve_forever`` answers."""

    request_queue_size = 256
    daemon_threads = True

    def __init__(self, port: int, application: WSGIHandler) -> None:
        super().__init__((ADDRESS, port), Handler)
        self.set_app(application)

    def server_bind(self) -> None:
        """Bind without looking up the host's name, which can take seconds."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = ADDRESS, self.server_address[1]
        self.setup_environ()


class SameOrigin:
    """Only this page's own buttons and programs may act: a page of another origin could post forms here as well."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Refuse what a browser sends for a foreign page; programs send no Origin at all."""
        origin = request.headers.get("Origin")
        if request.method != "GET" and origin is not None and origin != f"http://{request.get_host()}":
            return HttpResponse("Refused: the request comes from another site\n", status=403)
        return self._get_response(request)
