"""Illustrations: answers that a script writes into a cassette, marked as such."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from glmkit.catalog import tokens
from glmkit.client.prompts.media import prompt_of
from glmkit.client.replay import lines
from glmkit.client.replay.file import Cassette
from glmkit.client.replay.lines import Recording
from glmkit.config.endpoints import SERVICES, default_model
from glmkit.tools.schema import form_of
from glmkit.types.answers import Fold
from glmkit.types.events import Event, Finish, Start, Text, Usage
from glmkit.types.messages import Request
from glmkit.types.replies import Call
from glmkit.types.requests import Prompt, request_of


def illustrate(
    cassette: str | Path,
    prompt: Prompt | Request,
    answer: str | Sequence[Event],
    options: Mapping[str, Any] | None = None,
    *,
    cell: str = "",
    repeat: int = 0,
) -> Recording:
    """Write an illustration into a cassette: an answer that no model gave.

    It is the answer to `client.chat(prompt, **options)`, the `repeat`-th in one run of
    a cell (0 the first), in mode `auto` where there is no key, and in mode `only`. Its
    reply has `source` "illustration", and its badge says so. `answer` is the text, or
    the events of the answer; where these hold no Usage, the tokens are estimated. An
    earlier illustration of the same request, `repeat` and `cell` is replaced; answers
    of models are kept, and come first.

        illustrate("lesson.glm.jsonl", "Why is the sky blue?", "Air scatters ...",
                   {"model": "glm-4-plus"})
    """
    request = _request(prompt, options or {})
    model = request.model or default_model(SERVICES["bigmodel"])
    call = Call(at=0, endpoint="illustration", model=model, request=request)
    recording = Recording(
        cell=cell,
        repeat=repeat,
        request=msgspec.Raw(lines.asked(call)),
        events=lines.pieces(_whole(answer, request, model)),
        model=model,
        endpoint="illustration",
        at="",
        rank="illustration",
    )
    Cassette.at(Path(cassette)).add(recording, drop=("illustration",))
    return recording


def _request(prompt: Prompt | Request, options: Mapping[str, Any]) -> Request:
    """Return the request that a client makes of the prompt and options."""
    if isinstance(prompt, Request):
        return prompt
    schema = options.get("schema")
    form = None if schema is None else form_of(schema)
    return request_of(prompt_of(prompt), {**options, "schema": form})


def _whole(
    answer: str | Sequence[Event], request: Request, model: str
) -> Sequence[Event]:
    """Return the events of an answer, with Start, Usage and Finish where they lack."""
    events: list[Event] = [Text(answer)] if isinstance(answer, str) else list(answer)
    kinds = {type(event) for event in events}
    fold = Fold()
    fold.add(events)
    if Start not in kinds:
        events.insert(0, Start(model=model))
    if Usage not in kinds:
        events.append(_estimated(request, fold))
    if Finish not in kinds:
        reason = "tool_calls" if fold.answer().tool_calls else "stop"
        events.append(Finish(reason))
    return events


def _estimated(request: Request, fold: Fold) -> Usage:
    """Estimate the tokens of a request and its answer."""
    answer = fold.answer()
    thinking = tokens.estimate(answer.thinking).tokens
    written = [answer.text, *(c.name + c.arguments for c in answer.tool_calls)]
    output = thinking + sum(tokens.estimate(text).tokens for text in written)
    prompt = tokens.estimate_request(request).tokens
    return Usage(prompt, output, prompt + output, None, thinking or None)


def marked(recordings: Iterable[Recording]) -> list[Recording]:
    """Return recordings as illustrations: without cell, date, times and ids, in order.

    For answers that a script gave on the wire while a notebook ran. Of equal requests
    with equal `repeat` the last is kept; the order is that of keys, whatever finished
    first.
    """
    found = {(one.key, one.repeat): _marked(one) for one in recordings}
    return [found[take] for take in sorted(found)]


def _marked(recording: Recording) -> Recording:
    return msgspec.structs.replace(
        recording,
        cell="",
        endpoint="illustration",
        at="",
        seconds=None,
        first_token_s=None,
        events=tuple(map(_without_id, recording.events)),
        rank="illustration",
    )


def _without_id(piece: str | Event) -> str | Event:
    """Return a piece of an answer without what names one exchange alone."""
    match piece:
        case Start(model=model):
            return Start(model=model)
        case _:
            return piece
