"""A service whose answers end in every way, for eight operations.

It runs as a process of its own: `python -m tests.support.ends` prints `{"url", "tls"}`
and ends when its stdin closes; `tls` is the same over TLS, for the host glm.invalid.
How an answer ends stands in the base URL, as does the path that it concerns; all other
paths answer rightly:

    http://127.0.0.1:PORT/lane=a/end=504/on=chat/api/paas/v4

`GET /lane=a/state` returns how many requests came to each path.
"""

from __future__ import annotations

import asyncio
import json
import re
import ssl
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from tests.support.faults import lane_of, requests
from tests.support.paced_answers import dumps

Json = dict[str, Any]

#: A certificate and its key, for the host glm.invalid.
PEM = Path(__file__).parents[1] / "data/proxied.pem"

LANES: dict[str, Counter[str]] = {}
HTML = b"<html><head><title>Gateway</title></head><body><hr>nginx</body></html>\n"
USAGE = {"prompt_tokens": 100, "completion_tokens": 16, "total_tokens": 116}
ZERO = dict.fromkeys(USAGE, 0)
#: What a usage may be instead; "odd" counts as the right one does.
USAGES: dict[str, Any] = {
    "no usage": None,
    "empty usage": {},
    "null usage": dict.fromkeys(USAGE),
    "zero usage": ZERO,
}
#: Ends that are an answer with status 200, an error in its place.
INSIDE = {
    "server error inside": {"code": "server_error", "message": "upstream gone"},
    "busy inside": {"code": "1302", "message": "busy"},
}
#: Refusals with a business code: status and code.
CODES = {"refused": (400, "1210"), "busy": (429, "1302"), "code": (500, "1234")}


def chat(asked: Json, usage: Any) -> Json:
    message = {"role": "assistant", "content": "Yes"}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    head = {"id": "1", "model": asked["model"], "choices": [choice]}
    return head if usage is None else head | {"usage": usage}


def events(asked: Json, usage: Any) -> bytes:
    first = chat(asked, None)
    first["choices"] = [{"index": 0, "delta": {"role": "assistant", "content": "Yes"}}]
    last = chat(asked, usage)
    last["choices"] = [{"index": 0, "finish_reason": "stop", "delta": {"content": ""}}]
    parts = [b"data: " + dumps(part) + b"\n\n" for part in (first, last)]
    return b"".join(parts) + b"data: [DONE]\n\n"


def embeddings(asked: Json, usage: Any) -> Json:
    vectors = [{"index": 0, "object": "embedding", "embedding": [0.5, 0.25]}]
    head = {"model": asked["model"], "object": "list", "data": vectors}
    told = usage and {**usage, "completion_tokens": 0}
    return head if usage is None else head | {"usage": told}


def right(path: str, asked: Json, usage: Any) -> tuple[str, bytes]:
    """Return the type and the body of a right answer."""
    task = {"id": "9", "model": asked.get("model"), "task_status": "PROCESSING"}
    match path:
        case "/chat/completions" if asked.get("stream"):
            return "text/event-stream", events(asked, usage)
        case "/chat/completions":
            body = chat(asked, usage)
        case "/images/generations":
            body = {"data": [{"url": "http://127.0.0.1:9/drawn.png"}]}
        case "/videos/generations":
            body = task
        case "/audio/speech":
            return "audio/wav", b"RIFF\x24\0\0\0WAVEfmt " + b"\0" * 64
        case "/embeddings":
            body = embeddings(asked, usage)
        case "/files":
            body = {"id": "f1", "filename": "a.jsonl", "bytes": 3, "purpose": "batch"}
        case "/batches":
            body = {"id": "b1", "status": "validating", "input_file_id": "f1"}
        case _:
            raise KeyError(path)
    return "application/json", dumps(body)


def head(status: int, kind: str, length: int) -> bytes:
    line = f"HTTP/1.1 {status} -\r\ncontent-type: {kind}\r\n"
    return f"{line}content-length: {length}\r\n\r\n".encode()


def answer(path: str, end: str, asked: Json) -> bytes | None:
    """Return the bytes of an answer; None where none comes."""
    if end.isdigit():
        return head(int(end), "text/html", len(HTML)) + HTML
    if end in CODES:
        status, code = CODES[end]
        body = dumps({"error": {"code": code, "message": "refused"}})
        return head(status, "application/json", len(body)) + body
    kind, body = right(path, asked, USAGES.get(end, USAGE))
    if end in INSIDE:
        body = dumps({"error": INSIDE[end]})
        if asked.get("stream"):
            body = b"data: " + body + b"\n\n"
        else:
            kind = "application/json"
    begun = head(200, kind, len(body))
    if end == "cut":
        return begun + body[: len(body) // 2]
    return None if end == "hang up" else begun + body


async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        async for path, _headers, body in requests(reader):
            lane = LANES.setdefault(lane_of(path), Counter())
            if path.endswith("/state"):
                seen = dumps(lane)
                writer.write(head(200, "application/json", len(seen)) + seen)
                continue
            path = re.sub(r"^https?://[^/]*", "", path)  # as a proxy is asked
            words = {"end": "", "on": ""}
            words |= dict(p.split("=") for p in unquote(path).split("/") if "=" in p)
            operation = re.sub(r".*/api/paas/v4", "", path)
            lane[operation] += 1
            asked = json.loads(body) if body.startswith(b"{") else {}
            end = (
                words["end"] if operation == "/" + words["on"].replace(".", "/") else ""
            )
            if end == "silent":
                await reader.read()
                break
            bytes_ = answer(operation, end, asked)
            if bytes_ is not None:
                writer.write(bytes_)
            if end in ("hang up", "cut"):
                break
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def main(ready: Callable[[str], object]) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(PEM)
    plain = await asyncio.start_server(serve_one, "127.0.0.1", 0)
    tls = await asyncio.start_server(serve_one, "127.0.0.1", 0, ssl=context)
    ports = [each.sockets[0].getsockname()[1] for each in (plain, tls)]
    url, secure = f"http://127.0.0.1:{ports[0]}", f"https://glm.invalid:{ports[1]}"
    ready(json.dumps({"url": url, "tls": secure}))
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)


if __name__ == "__main__":
    asyncio.run(main(lambda line: print(line, flush=True)))
