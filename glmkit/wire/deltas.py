"""Streams that are not a chat's: transcripts, agents, assistants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from glmkit.types.errors import APIError, GLMError, ServerError, StreamError
from glmkit.types.events import Event, Finish, Text
from glmkit.types.first_use import prepare
from glmkit.types.translation import _
from glmkit.wire.error_codes import Rule, api_error
from glmkit.wire.json_text import Halves, decoded, text_of
from glmkit.wire.records import record_of, start_of, without_nulls
from glmkit.wire.refusals import error_in, excerpt
from glmkit.wire.sse import PINGS, Decoder, ServerEvent
from glmkit.wire.usage import Meter

#: Characters of an odd text that its error shows.
_SHOWN = 80


class _Message(msgspec.Struct):
    content: Any = None


_NOTHING = _Message()


class _Choice(msgspec.Struct):
    delta: _Message | None = None
    message: _Message | None = None
    messages: list[_Message] = []
    finish_reason: str = ""


class _Event(msgspec.Struct):
    type: str = ""
    delta: str = ""
    choices: list[_Choice] = []
    status: str = ""
    last_error: dict[str, Any] = {}


prepare(_Event)


class DeltaStream:
    """Reads one such stream; `.done` once the service closed it in order.

    `.heard` tells whether the latest bytes completed an event that is not blank.
    """

    def __init__(self) -> None:
        self.done = False
        self.heard = False
        self._decoder = Decoder()
        self._halves = Halves()
        self._meter = Meter()
        self._started = False
        self._wrote = False
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
            for event in self._decoder.feed(chunk):
                data = event.data.strip()
                if data in (b"", b"null") or event.type in PINGS:
                    continue
                self.heard = True
                if data == b"[DONE]":
                    self.done = True
                    break
                self._take(event, out)
        except (APIError, StreamError) as fault:
            self._fault = fault
        return out

    def check(self) -> None:
        """Raise the APIError that came, or the StreamError of what is not an event."""
        if self._fault is not None:
            raise self._fault

    def rest(self) -> list[Event]:
        """Return what was held back, once no more bytes come: a Finish stands last."""
        halves: list[Event] = [Text("\ufffd") for _ in self._halves.rest()]
        held = [*halves, *self._meter.rest(wrote=self._wrote)]
        return held if self._finish is None else [*held, self._finish]

    def _take(self, event: ServerEvent, out: list[Event]) -> None:
        found = _found(event)
        error = error_in(found, streamed=True, whatever=event.type == "error")
        if error is not None:
            raise error
        try:
            piece = record_of(found, _Event)
        except (ValueError, RecursionError) as exc:
            raise StreamError(
                _("the stream holds no event of an answer: {fault}", fault=exc)
            ) from exc
        if piece.status == "failed":
            raise _failure(piece.last_error)
        if not self._started:
            self._started = True
            out.append(start_of(found))
        texts = self._said(piece)
        self._wrote = self._wrote or bool(texts)
        out += texts
        out += self._meter.read(found.get("usage"), wrote=self._wrote)

    def _said(self, piece: _Event) -> list[Text]:
        if piece.type:
            return self._transcribed(piece)
        texts: list[Text] = []
        for choice in piece.choices:
            message = choice.delta or choice.message or _NOTHING
            for part in choice.messages or [message]:
                texts += self._texts(texts_of(part.content))
            if choice.finish_reason:
                self._finish = Finish(choice.finish_reason)
        return texts

    def _transcribed(self, piece: _Event) -> list[Text]:
        if piece.type.endswith(".done"):
            self._finish = Finish("stop")
        return self._texts([piece.delta]) if piece.type.endswith(".delta") else []

    def _texts(self, texts: list[str]) -> list[Text]:
        joined = [self._halves.joined("text", text) for text in texts]
        return [Text(text) for text in joined if text]


def _found(event: ServerEvent) -> dict[str, Any]:
    """Return the object of an event; StreamError where it is not one."""
    try:
        found = without_nulls(decoded(event.data))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, Mapping):
        raise StreamError(
            _("the stream holds what is not an event: {data}", data=excerpt(event.data))
        )
    return dict(found)


def _failure(error: Mapping[str, Any]) -> APIError:
    """Return the error of a run that failed."""
    found = error_in({"error": error}, streamed=True)
    return found or api_error(200, "", _("the run failed"), otherwise=Rule(ServerError))


def texts_of(content: Any) -> list[str]:
    """Return the texts in a message's content: a text, a part, or a list of these.

    StreamError for a text that cannot be read; what is not a text is passed over.
    """
    match content:
        case str():
            return [content]
        case list():
            return [text for part in content for text in texts_of(part)]
        case {"text": inner}:
            return texts_of(inner)
        case None:
            return []
        case Mapping() if content.get("type") != "text":
            return []
    if (number := text_of(content)) is None:
        shown = repr(content)[:_SHOWN]
        raise StreamError(_("a text of the answer cannot be read: {text}", text=shown))
    return [number]
