"""Recorded streams and bodies, changed at random: a right value or a typed error.

Never a foreign exception, and never an answer passed off as whole that lacks a piece.
`python -m tests.wire.test_mutations SEED` shows what one mutation does.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from glmkit.types.answers import WHOLE, Answer, Fold
from glmkit.types.errors import GLMError
from glmkit.types.events import Usage
from glmkit.wire import StreamReader, read_body, responses
from tests.support.judging import Outcome, faults
from tests.support.mutations import Mutant, mutated, seeds
from tests.support.recorded import bodies, streams
from tests.wire.test_responses import check

RECORDED = [*streams(), *bodies("chat")]


def mutant_of(seed: int) -> Mutant:
    chance = random.Random(seed)
    return mutated(chance.choice(RECORDED), chance)


def read(mutant: Mutant) -> tuple[Answer, BaseException | None]:
    """Read a mutant as a call does, its bytes in pieces of any size."""
    fold = Fold()
    try:
        for events in _events(mutant):
            fold.add(events)
        return fold.answer(), None
    except BaseException as exc:
        return fold.answer(), exc


def _events(mutant: Mutant) -> Iterator[Any]:
    data = mutant.data
    if not mutant.recorded.streamed:
        events = read_body(data)
        yield events
        if (broken := responses.broken_off(events)) is not None:
            raise broken
        return
    reader, chance = StreamReader(), random.Random(len(data))
    at = 0
    while at < len(data) and not reader.done:
        size = chance.choice((1, 7, 100, 5000))
        yield reader.read(data[at : at + size])
        reader.check()
        at += size
    rest = reader.rest()
    yield rest
    if (broken := responses.broken_off(rest, streamed=True)) is not None:
        raise broken


def outcome_of(answer: Answer, error: BaseException | None) -> Outcome:
    usage = answer.usage
    return Outcome(
        text=answer.text,
        finish=answer.finish_reason,
        calls=[(call.name, call.arguments) for call in answer.tool_calls],
        usage=usage and (usage.prompt_tokens, usage.completion_tokens),
        complete=error is None and answer.finish_reason in WHOLE and not answer.empty,
        error=error,
    )


def judged(seed: int) -> list[str]:
    """Return what is wrong with what came of a mutation."""
    mutant = mutant_of(seed)
    answer, error = read(mutant)
    found = faults(mutant, outcome_of(answer, error), GLMError)
    if mutant.harmless and not found:
        try:
            shown = None if error is None else error
            assert shown is None or isinstance(shown, GLMError)
            whole = {} if mutant.recorded.streamed else {"broken_off": False}
            check(answer, shown, whole | mutant.recorded.right)
        except AssertionError as exc:
            found = [f"not as recorded: {exc}"]
    return [
        f"seed {seed}, {mutant.recorded}, {mutant.done}: {fault}" for fault in found
    ]


def rounds(these: range) -> list[str]:
    return [fault for seed in these for fault in judged(seed)]


def test_mutations_end_in_a_right_value_or_a_typed_error() -> None:
    assert rounds(seeds(200)) == []


@pytest.mark.slow
def test_many_mutations_end_in_a_right_value_or_a_typed_error() -> None:
    assert rounds(seeds(20_000)) == []


def test_most_mutations_that_change_little_still_end_in_an_answer() -> None:
    whole = 0
    for seed in range(400):
        answer, error = read(mutant_of(seed))
        whole += outcome_of(answer, error).complete
    assert whole > 100


@contextmanager
def broken(name: str, wrong: Callable[..., Any]) -> Iterator[None]:
    """Break a part of the reader."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(responses, name, wrong)
        yield


def forgetful(found: Any) -> Any:
    """Read a chunk, and leave out what cannot be read."""
    try:
        return _chunk_of(found)
    except ValueError:
        return responses.Chunk()


_chunk_of = responses.chunk_of


@pytest.mark.parametrize(
    ("name", "wrong", "said"),
    [
        ("chunk_of", forgetful, "passed off as whole"),
        ("broken_off", lambda *_, **__: None, "not as recorded"),
        ("error_in", lambda *_, **__: None, "not as recorded"),
        ("usage_of", lambda *_, **__: Usage(), "a prompt of 0 tokens"),
        ("decoded", lambda data: {}["choices"], "foreign exception: KeyError"),
    ],
)
def test_broken_reader_is_found_out(
    name: str, wrong: Callable[..., Any], said: str
) -> None:
    with broken(name, wrong):
        found = rounds(range(2_000))
    assert any(said in fault for fault in found)
    assert rounds(range(1)) == []


if __name__ == "__main__":
    for seed in map(int, sys.argv[1:]):
        mutant = mutant_of(seed)
        print(
            mutant.recorded, mutant.done, mutant.data.decode(errors="replace"), sep="\n"
        )
        print(*read(mutant), sep="\n")
        print(judged(seed))
