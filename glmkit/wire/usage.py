"""How many tokens a call took, as far as the server says: never a 0 for "not known"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from glmkit.types.events import Usage
from glmkit.wire.json_text import MOST, count_of

#: The count of a usage → the names that servers give it.
_PROMPT = ("prompt_tokens", "input_tokens")
_COMPLETION = ("completion_tokens", "output_tokens")


def usage_of(found: Any, *, wrote: bool = False, silent: bool = False) -> Usage | None:
    """Return the tokens that a reply reports; None where prompt or answer is unknown.

    `wrote`: words have come, so that a completion of 0 is not a count. `silent`: the
    model writes nothing (vectors, ranking), so that a total is its prompt. No prompt
    has 0 tokens. A count that is missing follows from the total and the other one.

    >>> usage_of({"prompt_tokens": 3, "total_tokens": 5}).completion_tokens
    2
    >>> usage_of({"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0})
    """
    if not isinstance(found, Mapping):
        return None
    prompt, completion, total = _counts(found)
    if completion == 0 and wrote:
        completion = None
    if completion is None:
        completion = 0 if silent else _rest(total, prompt, zero=not wrote)
    prompt = prompt or _rest(total, completion)
    if prompt is None or completion is None:
        return None
    return Usage(
        prompt,
        completion,
        max(total, prompt + completion),
        _part(found, _PROMPT, "cached_tokens", prompt),
        _part(found, _COMPLETION, "reasoning_tokens", completion),
    )


class Meter:
    """The tokens of one stream, which may report them several times.

    Counts that are not known never take the place of counts that are.
    """

    def __init__(self) -> None:
        self._known: Usage | None = None
        self._early: Usage | None = None

    def read(self, found: Any, *, wrote: bool) -> list[Usage]:
        """Return the usage that a chunk reports, if it reports one.

        A completion of 0 is held back until it is sure that no words follow.
        """
        usage = usage_of(found, wrote=wrote)
        if usage is None:
            return []
        if usage.completion_tokens == 0:
            self._early = usage
            return []
        if self._known is not None:
            usage = _filled(usage, self._known)
        self._known = usage
        return [usage]

    def rest(self, *, wrote: bool) -> list[Usage]:
        """Return what was held back, once the stream has ended."""
        held = self._known is None and not wrote and self._early
        return [held] if held else []


def _filled(usage: Usage, known: Usage) -> Usage:
    """Return a usage with the details that an earlier report of the same prompt has."""
    cached, thought = usage.cached_tokens, usage.reasoning_tokens
    if cached is None and usage.prompt_tokens == known.prompt_tokens:
        cached = known.cached_tokens
    if thought is None and usage.completion_tokens == known.completion_tokens:
        thought = known.reasoning_tokens
    return msgspec.structs.replace(
        usage, cached_tokens=cached, reasoning_tokens=thought
    )


def _counts(found: Mapping[str, Any]) -> tuple[int | None, int | None, int]:
    """Return prompt, completion and total (0 where it is not known)."""
    prompt, completion = found.get("prompt_tokens"), found.get("completion_tokens")
    if type(prompt) is type(completion) is int and prompt and completion:  # most are
        total = found.get("total_tokens")
        if type(total) is int and 0 < prompt < total <= MOST and 0 < completion < total:
            return prompt, completion, total
    total = _count(found, ("total_tokens",)) or 0
    return _count(found, _PROMPT), _count(found, _COMPLETION), total


def _count(found: Mapping[str, Any], names: tuple[str, ...]) -> int | None:
    counts = [count_of(found.get(name)) for name in names]
    known = [count for count in counts if count is not None]
    return max(known, default=None)


def _rest(total: int, part: int | None, *, zero: bool = False) -> int | None:
    """Return what a total leaves beside one part; None where that is not a count."""
    if part is None or not total:
        return None
    left = total - part
    return left if left > 0 or (zero and left == 0) else None


def _part(
    found: Mapping[str, Any], names: tuple[str, ...], name: str, whole: int
) -> int | None:
    """Return a detail of one count; None where it is not part of that count."""
    for count in names:
        details = found.get(count + "_details")
        if type(details) is dict:
            part = count_of(details.get(name))
            return part if part is not None and part <= whole else None
    return None
