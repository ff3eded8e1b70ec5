"""A server that answers with given bytes, and keeps what it was asked.

    with served(b'{"choices": []}') as place: ...

The nth request gets the nth answer, and the last one from then on; `judge` may refuse
a request first.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "served0123456789.secret0123456789"


@dataclass(frozen=True)
class Sends:
    """An answer as bytes; a stream where they begin as one."""

    body: bytes
    status: int = 200
    kind: str = ""

    @property
    def content_type(self) -> str:
        streamed = self.body.lstrip().startswith((b"data", b"event", b":"))
        return self.kind or ("text/event-stream" if streamed else "application/json")


@dataclass
class Place:
    """Where it serves, what it sends, and what it was asked."""

    url: str
    answers: list[Sends]
    asked: list[tuple[str, Any]] = field(default_factory=list)
    streams: bool | None = None  # None: by the first bytes
    judge: Callable[[Any], Sends | None] = lambda body: None  # a refusal first
    key: str = KEY

    @property
    def bodies(self) -> list[Any]:
        return [body for _, body in self.asked]

    def send(self, *answers: Sends | bytes) -> None:
        """Answer with these from now on."""
        self.answers = [a if isinstance(a, Sends) else Sends(a) for a in answers]
        self.asked.clear()


@contextmanager
def served(*answers: Sends | bytes) -> Iterator[Place]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            content = self.rfile.read(length)
            json_sent = self.headers.get("content-type", "").startswith(
                "application/json"
            )
            body = json.loads(content) if content and json_sent else content
            number = len(place.asked)
            place.asked.append((self.path, body))
            refusal = place.judge(body)
            answer = refusal or place.answers[min(number, len(place.answers) - 1)]
            self.send_response(answer.status)
            streams = "text/event-stream" if place.streams else answer.content_type
            self.send_header("content-type", streams)
            self.send_header("content-length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        do_POST = do_DELETE = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        place = Place(f"http://127.0.0.1:{server.server_port}/api/paas/v4", [])
        place.send(*answers)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield place
        finally:
            server.shutdown()
            thread.join()
