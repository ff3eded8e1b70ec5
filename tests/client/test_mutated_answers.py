"""Recorded answers of every kind of call, changed at random, through the client."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import glmkit
from glmkit.client.resources import client_methods
from glmkit.types.errors import GLMError
from tests.client.test_clients import rows
from tests.support.judging import Outcome, faults, mended
from tests.support.mutations import Mutant, mutated, seeds, values_of
from tests.support.recorded import bodies, streams
from tests.support.served import Place, served

SOUND = ("a.mp3", b"ID3" + b"\0" * 64)


def asked(client: glmkit.Client, operation: str) -> Any:
    """Return what the verb of an operation returns."""
    match operation:
        case "embeddings":
            return client.embeddings(["a", "b"])
        case "rerank":
            return client.rerank("q", ["a", "b", "c"])
        case "images":
            return client.images.generate("a cat")
        case "transcription":
            return client.audio.transcribe(SOUND)
        case "chat":
            return client.chat("Hi", model="glm-4-plus")
        case _:
            with client.stream("Hi", model="glm-4-plus") as stream:
                for _ in stream:
                    pass
            return stream.reply


RECORDED = [
    recorded
    for recorded in (*streams(), *bodies())
    if recorded.operation != "batch" and "event: error" not in str(recorded.data)
]


def mutant_of(seed: int) -> Mutant:
    chance = random.Random(seed)
    operation = chance.choice(sorted({r.operation for r in RECORDED}))
    return mutated(
        chance.choice([r for r in RECORDED if r.operation == operation]), chance
    )


def wrongs(mutant: Mutant, came: Any) -> list[str]:
    """Return what is wrong with a reply or an answer."""
    if isinstance(came, glmkit.Reply):
        return _wrong_reply(mutant, came)
    (value,) = mutant.events
    try:
        if isinstance(value, bytes):
            value = json.loads(value.decode("utf-8", "replace"), strict=False)
        if mutant.tail is not None:
            return ["half a body passed off as whole"]
        return _WRONG[mutant.recorded.operation](value, came)
    except (ValueError, KeyError, TypeError) as exc:
        return [f"made of what cannot be read: {exc!r}"]


def _wrong_reply(mutant: Mutant, reply: glmkit.Reply) -> list[str]:
    usage = reply.usage
    outcome = Outcome(
        text=reply.text,
        finish=reply.finish_reason,
        calls=[(call.name, call.arguments) for call in reply.tool_calls],
        usage=usage and (usage.prompt_tokens, usage.completion_tokens),
        complete=reply.complete,
    )
    found = faults(mutant, outcome, GLMError)
    if usage is None and reply.list_cost is not None:
        found.append(f"{reply.list_cost} for tokens that are not known")
    if usage is not None and reply.list_cost == glmkit.Money(0, "CNY"):
        found.append("nothing for tokens that were counted")
    return found


def _wrong_vectors(value: Any, came: Any) -> list[str]:
    sent = [[float(n) for n in item["embedding"]] for item in value["data"] if item]
    return [] if sorted(sent) == sorted(came) else [f"{[*came]} is not {sent}"]


def _wrong_ranking(value: Any, came: Any) -> list[str]:
    items = [item for item in value["results"] if item]
    sent = [_ranked(item, place) for place, item in enumerate(items)]
    got = [(one.relevance_score, one.index) for one in came.results]
    scores = [score for score, _ in got]
    right = sorted(sent) == sorted(got) and scores == sorted(scores, reverse=True)
    return [] if right else [f"{got} is not {sent}"]


def _ranked(item: Any, place: int) -> tuple[float, float]:
    """Return score and index of an entry; other servers name and number them less."""
    score, index = item.get("relevance_score"), item.get("index")
    score = item["score"] if score is None else score
    return float(score), float(place if index is None else index)


def _wrong_picture(value: Any, came: Any) -> list[str]:
    sent = next(item for item in value["data"] if item)
    encoded = sent.get("b64_json") or str(sent.get("url"))
    if encoded.startswith("data:"):
        encoded = encoded.partition(",")[2]
    if came.data:
        return [] if came.data == base64.b64decode(encoded) else ["another picture"]
    url = mended(str(sent["url"]))
    return [] if came.url == url else [f"{came.url} is not {url}"]


def _wrong_text(value: Any, came: Any) -> list[str]:
    text = value["text"]
    if isinstance(text, str | int | float) and not isinstance(text, bool):
        return [] if mended(str(text)) == came.text else [f"{came.text!r}"]
    return [f"{came.text!r} of {text!r}"]


_WRONG: dict[str, Callable[[Any, Any], list[str]]] = {
    "embeddings": _wrong_vectors,
    "rerank": _wrong_ranking,
    "images": _wrong_picture,
    "transcription": _wrong_text,
}


def judged(place: Place, client: glmkit.Client, seed: int) -> list[str]:
    mutant = mutant_of(seed)
    place.send(mutant.data)
    place.streams = mutant.recorded.streamed
    try:
        found = wrongs(mutant, asked(client, mutant.recorded.operation))
    except GLMError:
        found = []
    except Exception as exc:
        found = [f"a foreign exception: {exc!r}"]
    return [
        f"seed {seed}, {mutant.recorded}, {mutant.done}: {fault}" for fault in found
    ]


@pytest.fixture
def place() -> Iterator[Place]:
    with served(b"{}") as here:
        yield here


def rounds(place: Place, these: range) -> list[str]:
    with glmkit.Client(place.url, place.key, "glm-4-plus") as client:
        return [fault for seed in these for fault in judged(place, client, seed)]


def test_mutated_answers_are_right_or_typed_errors(place: Place) -> None:
    assert rounds(place, seeds(150)) == []
    assert {*rows("state")} <= {"done", "failed"}


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_many_mutated_answers_are_right_or_typed_errors(place: Place) -> None:
    assert rounds(place, seeds(5_000)) == []


def test_client_that_takes_any_number_of_vectors_is_found_out(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_methods, "fit", lambda *_: True)
    monkeypatch.setattr(client_methods, "in_order", lambda indexes: [0, 0])
    assert any("is not" in fault for fault in rounds(place, range(150)))


def test_recordings_come_back_as_they_were_sent() -> None:
    for recorded in RECORDED:
        assert Mutant(recorded, values_of(recorded)).events
