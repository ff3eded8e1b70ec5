"""Asks the user to confirm a tool call: by buttons in the page, or in a cell."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Event
from typing import Any

import msgspec

from glmkit.tools.runner import ask_person
from glmkit.tools.tool import Tool

#: Characters of the arguments that are shown.
_SHOWN = 4_000


class Confirmation:
    """One tool call to confirm; the thread that wants to make it waits."""

    def __init__(self, mark: str, tool: Tool, arguments: Mapping[str, Any]) -> None:
        self.mark = mark
        self._tool = tool
        self._arguments = arguments
        self._answered = Event()
        self._yes = False

    @property
    def shown(self) -> dict[str, str]:
        """What the page shows."""
        text = msgspec.json.encode(self._arguments, enc_hook=repr).decode()
        more = len(text) - _SHOWN
        cut = f"{text[:_SHOWN]}… ({more:,} more characters)" if more > 0 else text
        return {"mark": self.mark, "tool": self._tool.name, "arguments": cut}

    def wait(self) -> bool:
        """Wait for the answer, without a limit."""
        self._answered.wait()
        return self._yes

    def answer(self, yes: bool) -> None:
        """Answer; the first answer counts."""
        if not self._answered.is_set():
            self._yes = yes
            self._answered.set()

    def answer_by_hand(self) -> None:
        """Ask in the running cell, while the page's buttons have no effect."""
        if not self._answered.is_set():
            self.answer(ask_person(self._tool, self._arguments))
