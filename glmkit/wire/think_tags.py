"""Separates reasoning between <think> tags from the answer that follows it.

GLM-Z1 and GLM-4.1V-Thinking write both into the content, as do many open models.
"""

from __future__ import annotations

from glmkit.types.events import Text, Thinking

_OPEN, _CLOSE = "<think>", "</think>"


class Parting:
    """Separates one answer's content; `.over` once all that follows is the answer.

    Only content that begins with the tag is reasoning. Pieces may be cut anywhere.

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
        """Return the events of a piece of the content, as far as they are certain."""
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
        """Return what was held back, once the content has ended."""
        if self._thinks and self._held:
            held, self._held = self._held, ""
            return [Thinking(held)]
        return self._answer()

    def _begins(self) -> bool:
        """Whether the content begins with the tag; `.over` if it cannot any more."""
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
    """Whether a text ends with the first `n` characters of the closing tag."""
    return text.endswith(_CLOSE[:n])
