"""Bodies as the service writes them: whole answers, chunks of a stream, counts.

The stand-in's name is a field of its own, and the end of an answer's id, for some
proxies pass on nothing else of a stream's chunks that tells who answered.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from glmkit.local.platform.answering.parts import (
    AnswerPiece,
    Argument,
    CallBegun,
    Ended,
    Outcome,
    Part,
    SourcesFound,
    Thought,
    Using,
)

DONE = b"data: [DONE]\n\n"

_BEIJING = timedelta(hours=8)
#: What an id does not hold.
_UNFIT = re.compile(r"[^A-Za-z0-9_.-]+")
_encode = msgspec.json.Encoder().encode


class Manner(msgspec.Struct, frozen=True):
    """Ways of writing a stream that differ between servers.

    `null_finish`: `finish_reason: null` before the last chunk; `usage_apart`: usage in
    a chunk of its own; `piecemeal`: the arguments of a call in fragments.
    """

    null_finish: bool = False
    usage_apart: bool = False
    piecemeal: bool = False


def new_id() -> str:
    """Return an id: the time in Beijing and 16 hex digits."""
    stamp = (datetime.now(UTC) + _BEIJING).strftime("%Y%m%d%H%M%S")
    return stamp + secrets.token_hex(8)


def usage(
    prompt: int, completion: int, thinking: int | None = None, cached: int | None = None
) -> dict[str, Any]:
    """Return the tokens of a call; a count that is None is left out."""
    counts: dict[str, Any] = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }
    if cached is not None:
        counts["prompt_tokens_details"] = {"cached_tokens": cached}
    if thinking is not None:
        counts["completion_tokens_details"] = {"reasoning_tokens": thinking}
    return counts


def event(body: dict[str, Any]) -> bytes:
    """Return one event of a stream."""
    return b"data: " + _encode(body) + b"\n\n"


class AnswerWriter:
    """The answer to one request, whole or in chunks."""

    def __init__(
        self,
        model: str,
        stand_in: str,
        request_id: str | None = None,
        manner: Manner | None = None,
    ) -> None:
        self.id = f"{new_id()}-stand-in-{_UNFIT.sub('-', stand_in)}"
        self.request_id = request_id or self.id
        self._head = {"id": self.id, "created": int(time.time()), "model": model}
        self._mark = {"stand_in": stand_in}
        self._manner = manner or Manner()
        self._begun: CallBegun | None = None
        self._status: dict[str, str] = {}

    def chunks(self, part: Part) -> Iterator[bytes]:
        """Yield the part's chunks; the finishing one carries the usage."""
        match part:
            case Thought():
                yield self._delta({"reasoning_content": part.text})
            case AnswerPiece():
                yield self._delta({"content": part.text})
            case CallBegun():
                self._begun = part
                if self._manner.piecemeal:
                    yield self._delta({"tool_calls": [_call(part, "")]})
            case Argument():
                yield self._delta({"tool_calls": [self._argued(part)]})
            case SourcesFound():
                yield self._delta({"content": ""}, {"web_search": part.sources})
            case Using(id, kind, text):
                self._status = {"status": "requires_action"}
                used = {"id": id, "type": kind, kind: {"input": text}}
                yield self._delta({"tool_calls": [used]})
            case Outcome(kind, outputs):
                self._status = {"status": "completed"}
                yield self._delta({"content": ""}, finish="tool_calls")
                given = {"type": kind, kind: {"outputs": outputs}}
                yield self._delta({"role": "tool", "tool_calls": [given]})
            case Ended():
                yield from self._end(part)

    def _argued(self, part: Argument) -> dict[str, Any]:
        if not self._manner.piecemeal:
            assert self._begun is not None
            return _call(self._begun, part.text)
        return {"index": 0, "function": {"arguments": part.text}}

    def _end(self, part: Ended) -> Iterator[bytes]:
        counted = {"usage": _counted(part), **self._status, **_note(part)}
        if self._manner.usage_apart:
            yield self._delta({"content": ""}, finish=part.reason)
            yield self._chunk([], counted)
        else:
            yield self._delta({"content": ""}, counted, part.reason)

    def _delta(
        self,
        delta: dict[str, Any],
        more: dict[str, Any] | None = None,
        finish: str | None = None,
    ) -> bytes:
        choice: dict[str, Any] = {"index": 0}
        if finish or self._manner.null_finish:
            choice["finish_reason"] = finish
        choice["delta"] = {"role": "assistant", **delta}
        return self._chunk([choice], more or {})

    def _chunk(self, choices: list[dict[str, Any]], more: dict[str, Any]) -> bytes:
        return event(
            {
                **self._head,
                "object": "chat.completion.chunk",
                "choices": choices,
                **self._mark,
                **more,
            }
        )

    def whole(self, parts: Iterable[Part]) -> dict[str, Any]:
        """Return the answer in one piece; the parts end with `Ended`."""
        thought, content, calls, sources = "", "", list[dict[str, Any]](), None
        for part in parts:
            match part:
                case Thought():
                    thought += part.text
                case AnswerPiece():
                    content += part.text
                case CallBegun():
                    calls.append(_call(part, ""))
                case Argument():
                    calls[-1]["function"]["arguments"] += part.text
                case SourcesFound():
                    sources = part.sources
                case Using(id, kind, text):
                    if not calls or calls[-1]["id"] != id:
                        calls.append({"id": id, "type": kind, kind: {"input": ""}})
                    calls[-1][kind]["input"] += text
                case Outcome(kind, outputs):
                    calls[-1][kind]["outputs"] = outputs
                case Ended():
                    ended = part
        message: dict[str, Any] = {"role": "assistant", "content": content}
        if thought:
            message["reasoning_content"] = thought
        if calls:
            message["tool_calls"] = calls
        body = {
            **self._head,
            "object": "chat.completion",
            "request_id": self.request_id,
            "choices": [
                {"finish_reason": ended.reason, "index": 0, "message": message}
            ],
            "usage": _counted(ended),
            **self._mark,
            **_note(ended),
        }
        return body if sources is None else {**body, "web_search": sources}

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
            "request_id": self.request_id,
            "usage": counted,
            **self._mark,
        }


def _counted(ended: Ended) -> dict[str, Any]:
    return usage(ended.prompt, ended.completion, ended.thinking, ended.cached)


def _note(ended: Ended) -> dict[str, str]:
    """Return what the stand-in says of an end that the service would not have had."""
    if ended.own_cap is None:
        return {}
    what = f"cut at {ended.own_cap} tokens, the stand-in's own limit: send max_tokens"
    return {"stand_in_note": what}


def _call(begun: CallBegun, arguments: str) -> dict[str, Any]:
    return {
        "index": 0,
        "id": begun.id,
        "type": "function",
        "function": {"name": begun.name, "arguments": arguments},
    }
