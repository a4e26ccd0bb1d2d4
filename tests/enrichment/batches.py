"""A service on loopback that speaks OpenAI's files and batches, as badly as a test wants it to."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import count
from typing import Any

from tests.enrichment.shop import answered
from tests.listeners import listening

KEY = "sk-of-a-test-3f9c71d2"
Json = dict[str, Any]


@dataclass
class Service:
    """What it was given, what it made of it, and what is to go wrong.

    Attributes:
        troubles: by method and path without ids, what the next calls meet: a status instead of an answer, or `lost`,
            where the work is done and the connection breaks before the answer.
        ends: how batches end: status, how many requests have an answer by then, how many an error.
        polls: how often a batch is in progress before it ends.
    """

    url: str = ""
    answer: Callable[[Json], str] = answered
    troubles: dict[str, list[int | str]] = field(default_factory=dict)
    ends: tuple[str, int | None, int] = ("completed", None, 0)
    polls: int = 1
    files: dict[str, bytes] = field(default_factory=dict)
    batches: dict[str, Json] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    paid: list[str] = field(default_factory=list)
    """Keys of the requests that were answered, each time that they were."""
    numbers: Iterator[int] = field(default_factory=count)

    def keep(self, content: bytes) -> str:
        name = f"file-{next(self.numbers)}"
        self.files[name] = content
        return name

    def make(self, wish: Json) -> Json:
        requests = [json.loads(line) for line in self.files[wish["input_file_id"]].split(b"\n") if line]
        status, most, errors = self.ends
        done, rest = requests[errors:][:most], requests[:errors]
        self.paid += [one["custom_id"] for one in done]
        told = {"status_code": 500, "body": {"error": {"message": f"no worker for Bearer {KEY}"}}}
        failed = [{"custom_id": one["custom_id"], "response": told} for one in rest]
        batch = {
            "id": f"batch-{next(self.numbers)}",
            "object": "batch",
            "created_at": 4_000_000_000,
            "status": "in_progress",
            "left": self.polls,
            "ends": status,
            "metadata": wish.get("metadata"),
            "endpoint": wish["endpoint"],
            "completion_window": wish["completion_window"],
            "input_file_id": wish["input_file_id"],
            "request_counts": {"total": len(requests), "completed": len(done), "failed": len(rest)},
            "output_file_id": self.keep("".join(map(self.answer, done)).encode()) if done else None,
            "error_file_id": self.keep("\n".join(map(json.dumps, failed)).encode()) if failed else None,
        }
        self.batches[batch["id"]] = batch
        return batch

    def look(self, name: str) -> Json:
        batch = self.batches[name]
        batch["left"] -= 1
        return batch if batch["left"] >= 0 else batch | {"status": batch["ends"]}


@contextmanager
def service(**how: Any) -> Iterator[Service]:
    """A service that knows one key."""
    made = Service(**how)
    with listening(HTTPServer(("127.0.0.1", 0), type("Bound", (_Handler,), {"service": made}))) as port:
        made.url = f"http://127.0.0.1:{port}/v1"
        yield made


class _Handler(BaseHTTPRequestHandler):
    service: Service

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._serve("POST", lambda: self._posted(body))

    def do_GET(self) -> None:
        self._serve("GET", self._got)

    def _serve(self, method: str, work: Callable[[], Json | bytes]) -> None:
        call = f"{method} " + re.sub(r"/(batch|file)-\d+", "/ID", self.path.partition("?")[0])
        self.service.calls.append(call)
        waiting = self.service.troubles.get(call)
        trouble = waiting.pop(0) if waiting else None
        if self.headers["Authorization"] != f"Bearer {KEY}":
            trouble = 401
        if isinstance(trouble, int):
            told = f"no: {self.headers['Authorization']} is what was sent"  # as careless as a service can be
            return self._answer(trouble, json.dumps({"error": {"message": told}}).encode())
        made = work()
        if trouble == "lost":
            return self.connection.close()
        return self._answer(200, made if isinstance(made, bytes) else json.dumps(made).encode())

    def _posted(self, body: bytes) -> Json:
        if self.path == "/v1/files":
            form = message_from_bytes(f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode() + body)
            content = {part.get_param("name", header="content-disposition"): _bytes(part) for part in form.walk()}
            assert content["purpose"] == b"batch"
            return {"id": self.service.keep(content["file"]), "object": "file"}
        return self.service.make(json.loads(body))

    def _got(self) -> Json | bytes:
        if found := re.fullmatch(r"/v1/files/(.+)/content", self.path):
            return self.service.files[found[1]]
        if found := re.fullmatch(r"/v1/batches/(.+)", self.path):
            return self.service.look(found[1])
        return {"object": "list", "data": list(self.service.batches.values()), "has_more": False}

    def _answer(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: Any) -> None:
        """Not on the test's screen."""


def _bytes(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""
