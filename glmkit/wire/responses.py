"""Bytes to events: chunks of a stream, whole bodies, refusals."""

from __future__ import annotations

import re

import msgspec

from glmkit.types.errors import APIError, GLMError, StreamError, TransportError
from glmkit.types.events import Event, Finish, Text, Thinking, ToolCall
from glmkit.types.first_use import prepare
from glmkit.wire.chunks import Chunk, Delta, Fault, beside, sound, start, usage
from glmkit.wire.error_codes import api_error
from glmkit.wire.sse import Decoder
from glmkit.wire.think_tags import Parting
from glmkit.wire.tool_calls import Called, CallReader

prepare(Chunk)
_decode = msgspec.json.Decoder(Chunk).decode
_DONE = b"[DONE]"

_NOT_COUNTED = (
    "This server does not take stream_options, which asks it to count a stream's "
    "tokens: extra_body={'stream_options': None} leaves it out."
)

#: What servers say, in plain HTTP, on a port that speaks TLS.
_TO_TLS = re.compile(
    r"HTTP request (was sent )?to (an )?HTTPS|plain HTTP to an SSL|requires TLS", re.I
)

#: The most bytes that one stream may have: some times the longest, a token an event.
STREAM_CAP = 256 * 2**20
#: The most characters that it may say: several times the longest answer.
SAID_CAP = 8 * 2**20


class StreamReader:
    """Reads one stream; `.done` once the service closed it in order.

    `.heard` tells whether the latest bytes completed an event of the service: a sign
    of life, which a comment is not.
    """

    def __init__(self) -> None:
        self.done = False
        self.heard = False
        self._size = 0
        self._said = 0
        self._decoder = Decoder()
        self._started = False
        self._calls = CallReader()
        self._parting = Parting()
        self._answers = False
        self._finish: Finish | None = None
        self._fault: GLMError | None = None

    def read(self, chunk: bytes) -> list[Event]:
        """Return the events that these bytes complete.

        The Finish is held back until usage can no longer follow it: see `rest`. What
        came before a fault is returned first; `check` raises the fault then.
        """
        out: list[Event] = []
        self.heard = False
        try:
            self._read(chunk, out)
        except (APIError, StreamError) as fault:
            self._fault = fault
        return out

    def check(self) -> None:
        """Raise the APIError that came, or the StreamError of what is no chunk."""
        if self._fault is not None:
            raise self._fault

    def _read(self, chunk: bytes, out: list[Event]) -> None:
        self._size += len(chunk)
        if self._size > STREAM_CAP or self._said > SAID_CAP:
            raise StreamError("the service sent more than any answer holds")
        server_events = self._decoder.feed(chunk)
        self.heard = bool(server_events)
        for server_event in server_events:
            data = server_event.data
            if data == _DONE:
                self.done = True
                return
            piece = _chunk(data)
            if piece.error is not None or server_event.type == "error":
                raise _refused(None, piece)
            self._take(piece, out)
            if piece.status == "failed":
                raise StreamError("the service says that the answer failed")

    def _take_calls(self, calls: list[Called], out: list[Event]) -> None:
        for event in self._calls.read(calls):
            size = event.arguments if isinstance(event, ToolCall) else event.content
            self._said += len(size)
            out.append(event)

    def rest(self) -> list[Event]:
        """Return what was held back, once no more bytes come: a Finish stands last."""
        held: list[Event] = [*self._parting.rest()]
        return held if self._finish is None else [*held, self._finish]

    def _take(self, chunk: Chunk, out: list[Event]) -> None:
        if not self._started:
            self._started = True
            out.append(start(chunk))
        if chunk.choices:
            choice = chunk.choices[0]
            if (delta := choice.delta or choice.message) is not None:
                if text := delta.content:
                    self._said += len(text)
                    if self._answers:
                        out.append(Text(text))
                    else:
                        out += self._parting.feed(text)
                        self._answers = self._parting.over
                if thought := delta.reasoning_content or delta.reasoning:
                    self._said += len(thought)
                    out.append(Thinking(thought))
                if delta.tool_calls:
                    self._take_calls(delta.tool_calls, out)
                if delta.audio is not None:
                    out.append(sound(delta.audio))
            if choice.finish_reason:
                self._finish = Finish(choice.finish_reason)
        if chunk.web_search or chunk.content_filter or chunk.video_result:
            out.extend(beside(chunk))
        if chunk.usage is not None:
            out.append(usage(chunk.usage))


def read_body(body: bytes) -> list[Event]:
    """Return the events of a whole reply, the Finish last.

    Raises the APIError of a body that holds one (some errors come with status 200),
    TransportError for what is no reply at all.
    """
    try:
        reply = _decode(body)
    except (msgspec.DecodeError, RecursionError) as exc:
        raise _no_reply(body) from exc
    if reply.error is not None or (reply.choices is None and reply.code is not None):
        raise _refused(200, reply)
    if not reply.choices:
        raise _no_reply(body)
    events: list[Event] = [start(reply)]
    choice = reply.choices[0]
    message = choice.message or choice.delta or Delta()
    if thought := message.reasoning_content or message.reasoning:
        events.append(Thinking(thought))
    if message.content:
        parting = Parting()
        events += [*parting.feed(message.content), *parting.rest()]
    events.extend(CallReader().read(message.tool_calls or ()))
    if message.audio is not None:
        events.append(sound(message.audio))
    events.extend(beside(reply))
    if reply.usage is not None:
        events.append(usage(reply.usage))
    if choice.finish_reason:
        events.append(Finish(choice.finish_reason))
    return events


def refusal(status: int, body: bytes) -> APIError:
    """Return the typed error of a reply whose status is not 200.

    >>> refusal(429, b'{"error":{"code":"1302","message":"busy"}}').action
    'slot'
    """
    said = f"HTTP {status}: {_excerpt(body)}"
    try:
        return _refused(status, _decode(body), said)
    except (msgspec.DecodeError, RecursionError):
        return _explained(api_error(status, "", said))


def _refused(status: int | None, reply: Chunk, said: str = "") -> APIError:
    error = reply.error
    if isinstance(error, str):
        error = Fault(message=error)
    if error is None:
        error = Fault(reply.code, reply.message, reply.msg)
    code = "" if error.code is None else str(error.code)
    text = error.message or error.msg or said or f"HTTP {status}"
    # An id only where there is one: an empty field says nothing.
    more = {"request_id": reply.request_id} if reply.request_id else {}
    return _explained(api_error(status, code, text, **more))


def _explained(refused: APIError) -> APIError:
    """Name the next step where it is the message that tells it, not the code."""
    if "stream_options" in str(refused):
        refused.hint = _NOT_COUNTED
    elif _TO_TLS.search(str(refused)):
        refused.hint = "That port speaks TLS: write https:// in the endpoint's URL."
    return refused


def _chunk(data: bytes) -> Chunk:
    try:
        return _decode(data)
    except (msgspec.DecodeError, RecursionError) as exc:
        raise StreamError(
            f"the stream holds what is no chunk of an answer: {_excerpt(data)}"
        ) from exc


def _no_reply(body: bytes) -> TransportError:
    return TransportError(
        f"the service sent what is no reply: {_excerpt(body)}",
        hint="Check the endpoint's URL: it ends with /paas/v4, or with /v1 elsewhere.",
    )


def _excerpt(data: bytes, most: int = 120) -> str:
    text = data[: most * 4].decode(errors="replace").strip()
    return repr(text if len(text) <= most else text[:most] + "...")
