"""The live answer: a view that gets only what changed, while a model writes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import anywidget

from glmkit import render
from glmkit.render import Piece

_HERE = Path(__file__)


class Part(NamedTuple):
    """What is new in one part of an answer: finished pieces, and the open tail."""

    pieces: Sequence[Piece] = ()
    tail: Sequence[Piece] = ()


class Answer(anywidget.AnyWidget):
    """Shows one answer while it streams; all HTML in it comes from `glmkit.render`.

    The changes are numbered messages. A view that misses one asks for the whole, and
    the whole comes along by itself each time the answer has doubled, because a
    kernel hears no question while a cell runs. No text is kept in a trait, so none
    is left in a saved notebook.
    """

    _esm = _HERE.with_suffix(".js")
    _css = render.style() + _HERE.with_suffix(".css").read_text(encoding="utf-8")

    def __init__(self, on_ready: Callable[[], None] | None = None) -> None:
        self._n = 0
        self._shown: dict[str, list[list[str]]] = {"thinking": [], "body": []}
        self._tails: dict[str, list[list[str]]] = {"thinking": [], "body": []}
        self._notes = ""
        self._size = 0
        self._whole_at = 1000
        self._on_ready = on_ready
        super().__init__()
        self.on_msg(self._heard)

    def put(self, body: Part, thinking: Part = Part(), notes: str = "") -> None:  # noqa: B008 - frozen
        """Show what is new; `notes` is the HTML of tools and sources, in full."""
        self._n += 1
        message: dict[str, Any] = {"n": self._n}
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
        if len(message) > 1:
            self.send(message)
        else:
            self._n -= 1

    def forget(self) -> None:
        """Drop all that is shown: the answer begins anew."""
        self._n += 1
        for name in self._shown:
            self._shown[name], self._tails[name] = [], []
        self.send({"n": self._n, "anew": True, "whole": self._whole()})

    def _keep(self, name: str, pieces: list[list[str]], tail: list[list[str]]) -> None:
        self._shown[name] += pieces
        self._tails[name] = tail
        self._size += sum(len(open) + len(html) for open, html in pieces)

    def _whole(self) -> dict[str, Any]:
        parts = {
            name: {"add": self._shown[name], "tail": self._tails[name]}
            for name in self._shown
        }
        return {**parts, "notes": self._notes}

    def _heard(self, _widget: object, content: Any, _buffers: object) -> None:
        """Answer a view that is ready, or that missed something."""
        if self._on_ready is not None:
            self._on_ready()
        if isinstance(content, dict) and content.get("n") != self._n:
            self.send({"n": self._n, "whole": self._whole()})
