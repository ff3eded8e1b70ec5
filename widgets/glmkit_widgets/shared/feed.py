"""Sends one answer to a page, as numbered changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import RLock
from typing import Any, NamedTuple

from glmkit.render import Piece
from glmkit.render.answer import Rendering

#: Characters shown, after which the whole answer is sent along for the first time.
_WHOLE_AT = 1000

Send = Callable[[dict[str, Any]], None]


class PartUpdate(NamedTuple):
    """The news in one part of an answer: finished pieces, and the open tail."""

    pieces: Sequence[Piece] = ()
    tail: Sequence[Piece] = ()


_NO_UPDATE = PartUpdate()


class Feed:
    """Sends one answer to the views of a widget, each change once.

    A view that has missed a change asks for the whole answer. It is also sent along
    each time the answer has doubled, because a kernel may not reply while a cell runs.
    `key` identifies the answer among those of one widget.
    """

    def __init__(self, send: Send, key: str = "") -> None:
        self._send = send
        self._key = key
        self._lock = RLock()
        self._n = 0
        self._shown: dict[str, list[list[str]]] = {"thinking": [], "body": []}
        self._tails: dict[str, list[list[str]]] = {"thinking": [], "body": []}
        self._notes = ""
        self._end = ""
        self._size = 0
        self._whole_at = _WHOLE_AT

    def follow(self, rendering: Rendering) -> None:
        """Show what is new in an answer since the last time."""
        if rendering.restarted:
            self.forget()
        new = rendering.take()
        body = PartUpdate(new.body, rendering.body_tail())
        thinking = PartUpdate(new.thinking, rendering.thinking_tail())
        self.put(body, thinking, rendering.notes())

    def put(
        self, body: PartUpdate, thinking: PartUpdate = _NO_UPDATE, notes: str = ""
    ) -> None:
        """Show what is new; `notes` is the HTML of tools and sources, in full."""
        with self._lock:
            message: dict[str, Any] = {}
            for name, part in (("thinking", thinking), ("body", body)):
                pieces = [[piece.open, piece.html] for piece in part.pieces]
                tail = [[piece.open, piece.html] for piece in part.tail]
                if pieces or tail != self._tails[name]:
                    message[name] = {"add": pieces, "tail": tail}
                self._keep(name, pieces, tail)
            if notes != self._notes:
                message["notes"] = self._notes = notes
            if self._size > self._whole_at:
                self._whole_at = 2 * self._size
                message["whole"] = self._whole()
            if message:
                self._say(message)

    def forget(self) -> None:
        """Drop what is shown: the answer starts again."""
        with self._lock:
            for name in self._shown:
                self._shown[name], self._tails[name] = [], []
            self._notes = self._end = ""
            self._size, self._whole_at = 0, _WHOLE_AT
            self._say({"reset": True, "whole": self._whole()})

    def end(self, html: str) -> None:
        """Replace what is shown by the finished answer; the HTML is glmkit's."""
        with self._lock:
            for name in self._shown:
                self._shown[name], self._tails[name] = [], []
            self._notes, self._end = "", html
            self._say({"whole": self._whole()})

    def heard(self, n: object) -> None:
        """Send what is missing to a view whose last change is `n`."""
        with self._lock:
            if n != self._n:
                self._send({**self._mark(), "whole": self._whole()})

    def _say(self, message: dict[str, Any]) -> None:
        self._n += 1
        self._send({**self._mark(), **message})

    def _mark(self) -> dict[str, Any]:
        return {"answer": self._key, "n": self._n}

    def _keep(self, name: str, pieces: list[list[str]], tail: list[list[str]]) -> None:
        self._shown[name] += pieces
        self._tails[name] = tail
        self._size += sum(len(open) + len(html) for open, html in pieces)

    def _whole(self) -> dict[str, Any]:
        parts = {
            name: {"add": self._shown[name], "tail": self._tails[name]}
            for name in self._shown
        }
        return {**parts, "notes": self._notes, "end": self._end}
