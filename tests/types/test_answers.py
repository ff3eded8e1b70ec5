"""The fold of an answer: whole in any pieces, and about as large as its text."""

import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from glmkit.types.answers import Fold
from glmkit.types.events import Event, Text, Thinking, ToolCall

#: Pieces of a stream, and of one read from the network.
_PIECES, _BATCH = 200_000, 64


def text(n: int) -> Event:
    return Text(f"{n:06d}")


def thinking(n: int) -> Event:
    return Thinking(f"{n:06d}")


def call(n: int) -> Event:
    return ToolCall(0, "call_1" if not n else "", "f" if not n else "", f"{n:06d}")


class Hoard:
    """Keeps every piece by itself, as the fold must not."""

    def __init__(self) -> None:
        self.kept: list[Any] = []

    def add(self, events: list[Event]) -> None:
        for event in events:
            said = event.arguments if isinstance(event, ToolCall) else event.text  # type: ignore[union-attr]
            self.kept.append(event if isinstance(event, ToolCall) else said)


def held(fold: Any, made: Callable[[int], Event]) -> float:
    """Return how many bytes a fold holds for each byte of the text."""
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for begin in range(0, _PIECES, _BATCH):
        fold.add([made(n) for n in range(begin, min(begin + _BATCH, _PIECES))])
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return (after - before) / (6 * _PIECES)


@pytest.mark.parametrize("made", [text, thinking, call])
def test_stream_of_any_length_holds_about_its_text(
    made: Callable[[int], Event],
) -> None:
    fold = Fold()
    assert held(fold, made) < 2
    answer = fold.answer()
    whole = "".join(f"{n:06d}" for n in range(_PIECES))
    said = answer.tool_calls[0].arguments if made is call else ""
    assert (answer.text or answer.thinking or said) == whole
    if made is call:
        assert (answer.tool_calls[0].id, answer.tool_calls[0].name) == ("call_1", "f")


def test_control_keeping_each_piece_takes_many_times_that() -> None:
    assert held(Hoard(), text) > 8
    assert held(Hoard(), call) > 8
