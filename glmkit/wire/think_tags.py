"""Reasoning that stands in the content itself, between marks, parted from the answer.

GLM-Z1 and GLM-4.1V-Thinking write it so, and many models behind other servers.
"""

from __future__ import annotations

from glmkit.types.events import Text, Thinking

_OPEN, _CLOSE = "<think>", "</think>"


class Parting:
    """Parts the content of one answer; `.over` once all that comes is the answer.

    Only what begins with the mark is reasoning. Pieces may be cut anywhere.

    >>> parting = Parting()
    >>> parting.feed("<thi"), parting.feed("nk>\\nHm")
    ([], [Thinking(text='\\nHm')])
    >>> parting.feed(".</think>\\n\\nYes"), parting.over
    ([Thinking(text='.'), Text(text='Yes')], True)
    """

    def __init__(self) -> None:
        self.over = False
        self._held = ""
        self._thinks = False
        self._thought = False

    def feed(self, text: str) -> list[Text | Thinking]:
        """Return what a piece of the content is, as far as that is certain."""
        self._held += text
        if not (self._thinks or self._thought or self._begins()):
            return self._answer() if self.over else []
        out = self._reasoning() if self._thinks else []
        if self._thought:
            self._held = self._held.lstrip()
            self.over = bool(self._held)
            out += self._answer()
        return out

    def rest(self) -> list[Text | Thinking]:
        """Return what was held back, once no more comes."""
        if self._thinks and self._held:
            held, self._held = self._held, ""
            return [Thinking(held)]
        return self._answer()

    def _begins(self) -> bool:
        """Whether it begins with the mark; `.over` where it can not any more."""
        begun = self._held.lstrip()
        if begun.startswith(_OPEN):
            self._thinks, self._held = True, begun.removeprefix(_OPEN)
        else:
            self.over = not _OPEN.startswith(begun)
        return self._thinks

    def _reasoning(self) -> list[Text | Thinking]:
        thought, closed, after = self._held.partition(_CLOSE)
        if closed:
            self._thinks, self._thought, self._held = False, True, after
        else:
            kept = next(n for n in range(len(_CLOSE), -1, -1) if _ends(thought, n))
            split = len(thought) - kept
            thought, self._held = thought[:split], thought[split:]
        return [Thinking(thought)] if thought else []

    def _answer(self) -> list[Text | Thinking]:
        held, self._held = self._held, ""
        return [Text(held)] if held else []


def _ends(text: str, n: int) -> bool:
    """Whether a text ends with the first `n` signs of the closing mark."""
    return text.endswith(_CLOSE[:n])
