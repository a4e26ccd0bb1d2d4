"""Services that are away: nobody at the port, one who only has errors to give, one who never says a word."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx


@contextmanager
def away(how: str) -> Iterator[str]:
    """Address of a service that is `refused`, `silent`, or answers everything with the status that `how` names."""
    if how == "refused":
        with socket.socket() as held:  # bound and not listening: nobody else can come to listen there meanwhile
            held.bind(("127.0.0.1", 0))
            yield f"http://127.0.0.1:{held.getsockname()[1]}"
        return
    released = threading.Event()

    class Handler(_Quiet):
        def answer(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"] or 0))
            if how == "silent":
                released.wait()
                return
            self.send_response(int(how))
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = answer

    with _served(Handler) as address:
        yield address
        released.set()


@contextmanager
def losing_an_answer(server: str, part: str) -> Iterator[str]:
    """Address that leads to `server`, and loses the answer to the first PUT whose path holds `part`."""
    lost: list[str] = []

    class Handler(_Quiet):
        def forward(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            answer = httpx.request(self.command, f"{server}{self.path}", content=body, headers=dict(self.headers))
            if self.command == "PUT" and part in self.path and not lost:
                lost.append(self.path)
                self.send_response(503)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(answer.status_code)
            for name, value in answer.headers.items():
                if name not in ("transfer-encoding", "connection"):
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = forward

    with _served(Handler) as address:
        yield address
        assert lost


class _Quiet(BaseHTTPRequestHandler):
    def log_message(self, *args: Any) -> None:
        """Not on the test's screen."""


@contextmanager
def _served(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Address of a server with this handler."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
