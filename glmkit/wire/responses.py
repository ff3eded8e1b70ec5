"""Bytes to events: the chunks of a stream, and whole bodies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from glmkit.types.errors import APIError, GLMError, StreamError, TransportError
from glmkit.types.events import Event, Finish, Text, Thinking, ToolCall
from glmkit.types.first_use import prepare
from glmkit.types.translation import _
from glmkit.wire.chunks import Chunk, Delta, beside, sound, start
from glmkit.wire.json_text import Halves, decoded, decoded_whole
from glmkit.wire.odd_chunks import chunk_of
from glmkit.wire.refusals import error_in, excerpt
from glmkit.wire.sse import PINGS, Decoder, ServerEvent
from glmkit.wire.think_tags import Parting
from glmkit.wire.tool_calls import CalledTool, CallReader
from glmkit.wire.usage import Meter, usage_of

prepare(Chunk)
_decode = msgspec.json.Decoder(Chunk).decode
DONE = b"[DONE]"

#: The most bytes that one stream may have: some times the longest, a token an event.
STREAM_CAP = 256 * 2**20
#: The most characters that it may say: several times the longest answer.
SAID_CAP = 8 * 2**20

#: Finish reasons by which a server reports that it failed.
FAILED = frozenset({"network_error", "error"})


class StreamReader:
    """Reads one stream; `.done` once the service closed it in order.

    `.heard` tells whether the latest bytes completed an event of the service: a sign
    of life, which a comment and an empty event are not.
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
        self._meter = Meter()
        self._halves: Halves | None = None
        self._wrote = False
        self._refused = False
        self._finish = ""
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
        """Raise the APIError that came, or the StreamError of what is not a chunk."""
        if self._fault is not None:
            raise self._fault

    def rest(self) -> list[Event]:
        """Return what was held back, once no more bytes come: a Finish stands last."""
        held: list[Event] = []
        for channel in self._halves.rest() if self._halves else ():
            self._take_half(channel, held)
        held += self._parting.rest()
        held += self._meter.rest(wrote=self._wrote)
        if self._finish:
            held.append(Finish(_reason(self._finish, refused=self._refused)))
        return held

    def _read(self, chunk: bytes, out: list[Event]) -> None:
        self._size += len(chunk)
        if self._size > STREAM_CAP or self._said > SAID_CAP:
            raise StreamError(_("the service sent more than any answer holds"))
        for server_event in self._decoder.feed(chunk):
            data = server_event.data
            if server_event.type in PINGS:
                continue
            if data == DONE:
                self.heard = self.done = True
                return
            try:
                piece = _decode(data)
            except (ValueError, RecursionError):
                if (odd := self._odd(data)) is None:
                    if self.done:
                        return
                    continue
                piece = odd
            self.heard = True
            if piece.error or not piece.choices or server_event.type == "error":
                _check(server_event, piece)
            self._take(piece, out)
            if piece.status == "failed":
                raise StreamError(_("the service reports that the answer failed"))

    def _odd(self, data: bytes) -> Chunk | None:
        """Return a chunk of other types than the documented ones; None for a blank."""
        if (blank := data.strip()) in (b"", b"null", DONE):
            self.heard = self.done = blank == DONE
            return None
        if self._halves is None:
            self._halves = Halves()
        try:
            return chunk_of(decoded(data))
        except (ValueError, RecursionError) as exc:
            raise StreamError(
                _(
                    "the stream holds what is not a chunk of an answer: {data}",
                    data=excerpt(data),
                )
            ) from exc

    def _take(self, chunk: Chunk, out: list[Event]) -> None:
        if not self._started and (chunk.choices or chunk.id or chunk.model):
            self._started = True
            out.append(start(chunk))
        if chunk.choices:
            choice = chunk.choices[0]
            if (delta := choice.delta or choice.message) is not None:
                if text := delta.content:
                    if self._answers and self._halves is None:  # as nearly always
                        self._wrote = True
                        self._said += len(text)
                        out.append(Text(text))
                    else:
                        self._take_text(text, out)
                if thought := delta.reasoning_content or delta.reasoning:
                    self._take_thought(thought, out)
                if delta.tool_calls or delta.refusal or delta.audio is not None:
                    self._take_rest(delta, out)
            if choice.finish_reason:
                self._finish = choice.finish_reason
            if choice.usage is not None:
                out += self._meter.read(choice.usage, wrote=self._wrote)
        if chunk.web_search or chunk.content_filter or chunk.video_result:
            out.extend(beside(chunk))
        if chunk.usage is not None:
            out += self._meter.read(chunk.usage, wrote=self._wrote)

    def _take_rest(self, delta: Delta, out: list[Event]) -> None:
        if delta.tool_calls:
            self._take_calls(delta.tool_calls, out)
        if delta.refusal:
            self._refused = True
            self._take_text(delta.refusal, out)
        if delta.audio is not None:
            out.append(sound(delta.audio))

    def _take_text(self, text: str, out: list[Event]) -> None:
        self._wrote = True
        self._said += len(text)
        if self._halves is not None:
            text = self._halves.joined("text", text)
        if not self._answers:
            out += self._parting.feed(text)
            self._answers = self._parting.over
        elif text:
            out.append(Text(text))

    def _take_thought(self, thought: str, out: list[Event]) -> None:
        self._wrote = True
        self._said += len(thought)
        if self._halves is not None:
            thought = self._halves.joined("thought", thought)
        if thought:
            out.append(Thinking(thought))

    def _take_calls(self, calls: list[CalledTool], out: list[Event]) -> None:
        for event in self._calls.read(calls):
            match event:
                case ToolCall(index, _, _, arguments):
                    self._said += len(arguments)
                    if self._halves is not None:
                        arguments = self._halves.joined(index, arguments)
                        event = msgspec.structs.replace(event, arguments=arguments)
                case _:
                    self._said += len(event.content)
            out.append(event)

    def _take_half(self, channel: object, out: list[Event]) -> None:
        """Put U+FFFD where the second half of a character never came."""
        match channel:
            case "text":
                out += self._parting.feed("\ufffd")
            case "thought":
                out.append(Thinking("\ufffd"))
            case int(index):
                out.append(ToolCall(index, "", "", "\ufffd"))
            case _:
                raise AssertionError(channel)


def _check(event: ServerEvent, piece: Chunk) -> None:
    """Raise the APIError that stands in a chunk, if one does."""
    found = decoded_whole(event.data)
    if not isinstance(found, Mapping):
        return
    error = error_in(found, streamed=True, whatever=event.type == "error")
    if error is not None:
        raise error


def read_body(body: bytes) -> list[Event]:
    """Return the events of a whole reply, the Finish last; see `broken_off`.

    Raises the APIError of a body that holds one (some errors come with status 200),
    TransportError for what is not a reply at all.
    """
    try:
        reply = _decode(body)
    except (ValueError, RecursionError):
        reply = _odd_reply(body)
    else:
        if reply.error or not reply.choices:
            reply = _odd_reply(body)
    if not reply.choices:
        raise _not_a_reply(body)
    choice = reply.choices[0]
    message = choice.message or choice.delta or Delta()
    thought = message.reasoning_content or message.reasoning or ""
    text = (message.content or "") + (message.refusal or "")
    events: list[Event] = [start(reply)]
    if thought:
        events.append(Thinking(thought))
    if text:
        parting = Parting()
        events += [*parting.feed(text), *parting.rest()]
    if message.tool_calls:
        events.extend(CallReader().read(message.tool_calls, whole=True))
    if message.audio is not None:
        events.append(sound(message.audio))
    events.extend(beside(reply))
    counts = choice.usage if reply.usage is None else reply.usage
    if (usage := usage_of(counts, wrote=bool(thought or text))) is not None:
        events.append(usage)
    if reason := choice.finish_reason:
        events.append(Finish(_reason(reason, refused=bool(message.refusal))))
    return events


def _odd_reply(body: bytes) -> Chunk:
    """Return a reply that is not of the documented types; raise the error it holds."""
    try:
        found = decoded_whole(body)
    except (ValueError, RecursionError) as exc:
        raise _not_a_reply(body) from exc
    if isinstance(found, Mapping) and (error := error_in(found)) is not None:
        raise error
    try:
        return chunk_of(found)
    except (ValueError, RecursionError) as exc:
        if not isinstance(found, Mapping) or "choices" not in found:
            raise _not_a_reply(body) from exc
        raise TransportError(
            _(
                "the answer cannot be read: {fault}: {body}",
                fault=exc,
                body=excerpt(body),
            ),
            hint=_("The server does not write it as chat completions are written."),
        ) from exc


def _not_a_reply(body: bytes) -> TransportError:
    return TransportError(
        _("the service sent what is not a reply: {body}", body=excerpt(body)),
        hint=_(
            "Check the endpoint's URL: it ends with /paas/v4, or with /v1 elsewhere."
        ),
    )


def _reason(reason: str, *, refused: bool) -> str:
    """Return a finish reason: a model that refused did not just stop."""
    return "refusal" if refused and reason == "stop" else reason


def broken_off(
    events: Sequence[Event], *, streamed: bool = False
) -> StreamError | None:
    """Return the error of an answer that was not finished; None for one that was.

    A stream must end with a Finish. A whole reply without one is not complete.
    """
    last = events[-1] if events else None
    if isinstance(last, Finish):
        if last.reason not in FAILED:
            return None
        return StreamError(_("the service broke off: {reason}", reason=last.reason))
    if not streamed:
        return None
    return StreamError(_("the stream ended before the answer was finished"))
