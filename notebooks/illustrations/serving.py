"""A server on loopback that speaks the service's protocol and answers by a script."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import ModuleType
from typing import Any

from glmkit.catalog import tokens
from illustrations import SEED, text_of


@contextmanager
def served(module: ModuleType) -> Iterator[str]:
    """Serve a module's `reply`; yield the URL of the server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(module))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/api/paas/v4"
    finally:
        server.shutdown()
        server.server_close()


def _handler(module: ModuleType) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if not self.path.endswith("/chat/completions"):
                self._send(404, "application/json", b'{"error":{"code":"1211"}}')
                return
            request = json.loads(body)
            try:
                message = _message(module.reply(request, SEED))
            except Exception as exc:  # the notebook shows it
                error = {"code": "1210", "message": f"{type(exc).__name__}: {exc}"}
                body = json.dumps({"error": error}).encode()
                self._send(400, "application/json", body)
                return
            whole = _whole(request, message)
            if request.get("stream"):
                self._send(200, "text/event-stream", _events(whole))
            else:
                self._send(200, "application/json", json.dumps(whole).encode())

        def _send(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler


def _message(reply: str | dict[str, Any]) -> dict[str, Any]:
    """Return an answer as a message: a text, or the fields of the message."""
    said = {"content": reply} if isinstance(reply, str) else reply
    return {"role": "assistant", **said}


def _whole(request: dict[str, Any], message: dict[str, Any]) -> dict[str, Any]:
    """Return the body of the service's answer, with estimated tokens.

    `web_search` of a message is what the service found: it stands beside the choices.
    """
    found = message.pop("web_search", None)
    prompt = sum(
        tokens.estimate(text_of(m.get("content"))).tokens for m in request["messages"]
    )
    written = json.dumps(message.get("tool_calls") or "", ensure_ascii=False)
    answer = text_of(message.get("content")) + text_of(message.get("reasoning_content"))
    output = tokens.estimate(answer + written.strip('"')).tokens
    usage = {
        "prompt_tokens": prompt,
        "completion_tokens": output,
        "total_tokens": prompt + output,
    }
    finish = "tool_calls" if message.get("tool_calls") else "stop"
    choice = {"index": 0, "finish_reason": finish, "message": message}
    whole = {"id": "", "created": 0, "model": request["model"], "usage": usage}
    whole["choices"] = [choice]
    return whole if found is None else {**whole, "web_search": found}


def _events(whole: dict[str, Any]) -> bytes:
    """Return an answer as a stream: what it says in one event, then its end."""
    (choice,) = whole["choices"]
    message = choice["message"]
    calls = [
        {**call, "index": place}
        for place, call in enumerate(message.get("tool_calls", []))
    ]
    delta = {**message, "tool_calls": calls} if calls else message
    shared = {"id": "", "created": 0, "model": whole["model"]}
    first = {**shared, "choices": [{"index": 0, "delta": delta}]}
    if "web_search" in whole:
        first["web_search"] = whole["web_search"]
    end = {"index": 0, "finish_reason": choice["finish_reason"], "delta": {}}
    last = {**shared, "choices": [end], "usage": whole["usage"]}
    events = [json.dumps(event, ensure_ascii=False) for event in (first, last)]
    return "".join(f"data: {event}\n\n" for event in [*events, "[DONE]"]).encode()
