"""Services that are away: nobody at the port, one who only has errors to give, one who never says a word."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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
    with leading_to(server) as way:
        way.fails = Failure("lost", "PUT", part, times=1)
        yield way.address
        assert way.failed == 1


@dataclass
class Failure:
    """What a way to a server does with requests of a kind: answers with a status (`500`), loses the answer to what it
    has done (`lost`), waits `SLOW` seconds (`slow`), or says nothing at all (`silent`)."""

    how: str
    method: str = ""
    part: str = ""
    times: int = 1_000_000
    after: int = 0


@dataclass
class Way:
    """A way to a server that may fail.

    Attributes:
        fails: what it fails at from now on.
        failed: how often it has.
    """

    address: str = ""
    fails: Failure | None = None
    failed: int = 0
    met: int = 0

    def failing(self, method: str, path: str) -> str:
        """How it fails at this request; empty where it does not."""
        one = self.fails
        if one is None or one.method not in ("", method) or one.part not in path:
            return ""
        self.met += 1
        if self.met <= one.after or self.failed >= one.times:
            return ""
        self.failed += 1
        return one.how


SLOW = 0.5
_OF_THE_WAY = ("transfer-encoding", "connection", "content-length", "expect")
"""Headers that belong to one connection."""


@contextmanager
def leading_to(server: str) -> Iterator[Way]:
    """A way to `server` that does not fail until it is told to."""
    way, released, client = Way(), threading.Event(), httpx.Client(base_url=server)

    class Handler(_Quiet):
        protocol_version = "HTTP/1.1"  # who sends a body waits for `100 Continue`

        def forward(self) -> None:
            body = self.body()
            how = way.failing(self.command, self.path)
            if how == "silent":
                released.wait()
                return
            if how == "slow":
                released.wait(SLOW)
            if how.isdecimal():
                self.say(int(how))
                return
            given = {name: text for name, text in self.headers.items() if name.lower() not in _OF_THE_WAY}
            answer = client.request(self.command, self.path, content=body, headers=given)
            if how == "lost":
                self.say(503)
                return
            self.send_response(answer.status_code)
            for name, value in answer.headers.items():
                if name not in _OF_THE_WAY or self.command == "HEAD":
                    self.send_header(name, value)
            if self.command != "HEAD":
                self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def body(self) -> bytes:
            if self.headers["Transfer-Encoding"] != "chunked":
                return self.rfile.read(int(self.headers["Content-Length"] or 0))
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            while self.rfile.readline().strip():
                """What stands behind the body."""
            return b"".join(parts)

        def say(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = forward

    with client, _served(Handler) as address:
        way.address = address
        yield way
        released.set()


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
