"""The bodies that go out, as the service writes them: answers, chunks, counts."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from glmkit.local.engine.client import Piece

DONE = b"data: [DONE]\n\n"

_BEIJING = timedelta(hours=8)
_encode = msgspec.json.Encoder().encode


def new_id() -> str:
    """Return an id: the time in Beijing and 16 hex digits."""
    stamp = (datetime.now(UTC) + _BEIJING).strftime("%Y%m%d%H%M%S")
    return stamp + secrets.token_hex(8)


def usage(prompt_tokens: int, completion_tokens: int) -> dict[str, int]:
    """Return the tokens of a call."""
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
    }


def event(body: dict[str, Any]) -> bytes:
    """Return one event of a stream."""
    return b"data: " + _encode(body) + b"\n\n"


class Answer:
    """The answer to one request, whole or in chunks."""

    def __init__(self, model: str, stand_in: str, request_id: str | None) -> None:
        self._head = {"id": new_id(), "created": int(time.time()), "model": model}
        self._request_id = request_id or self._head["id"]
        self._stand_in = stand_in

    def chunk(self, piece: Piece) -> bytes:
        """Return a chunk; the last one carries the finish and the usage."""
        choice: dict[str, Any] = {"index": 0}
        if piece.stop:
            choice["finish_reason"] = _finish(piece)
        choice["delta"] = {"role": "assistant", "content": piece.content}
        body = {
            **self._head,
            "object": "chat.completion.chunk",
            "choices": [choice],
            "stand_in": self._stand_in,
        }
        if piece.stop:
            body["usage"] = usage(piece.tokens_evaluated, piece.tokens_predicted)
        return event(body)

    def whole(self, text: str, last: Piece) -> dict[str, Any]:
        """Return the answer in one piece."""
        message = {"role": "assistant", "content": text}
        choice = {"finish_reason": _finish(last), "index": 0, "message": message}
        return {
            **self._head,
            "object": "chat.completion",
            "request_id": self._request_id,
            "choices": [choice],
            "usage": usage(last.tokens_evaluated, last.tokens_predicted),
            "stand_in": self._stand_in,
        }

    def count(self, prompt_tokens: int) -> dict[str, Any]:
        """Return the count of a prompt's tokens."""
        counted = {
            "prompt_tokens": prompt_tokens,
            "image_tokens": 0,
            "video_tokens": 0,
            "total_tokens": prompt_tokens,
        }
        return {
            "id": self._head["id"],
            "created": self._head["created"],
            "request_id": self._request_id,
            "usage": counted,
            "stand_in": self._stand_in,
        }


def _finish(piece: Piece) -> str:
    return "length" if piece.stop_type == "limit" else "stop"
