"""The parts of an answer, in the order in which they come."""

from __future__ import annotations

from typing import Any

import msgspec


class Thought(msgspec.Struct, frozen=True, gc=False):
    """A piece of the thinking before an answer."""

    text: str


class AnswerPiece(msgspec.Struct, frozen=True, gc=False):
    """A piece of the answer."""

    text: str


class CallBegun(msgspec.Struct, frozen=True, gc=False):
    """The beginning of a function call; its arguments follow."""

    id: str
    name: str


class Argument(msgspec.Struct, frozen=True, gc=False):
    """A piece of the arguments (JSON) of the call begun last."""

    text: str


class SourcesFound(msgspec.Struct, frozen=True):
    """The results of a search, in the service's shape."""

    sources: list[dict[str, Any]]


class Using(msgspec.Struct, frozen=True, gc=False):
    """A piece of the input of a hosted tool: code, or a search."""

    id: str
    kind: str
    text: str


class Outcome(msgspec.Struct, frozen=True):
    """The output of a hosted tool, in the service's shape."""

    kind: str
    outputs: list[dict[str, Any]]


class Ended(msgspec.Struct, frozen=True, gc=False):
    """The end: why, and the tokens; `thinking` are counted in `completion` too.

    `cached` are the prompt's tokens that the engine still had of an earlier one, None
    for a model that counts none. `own_cap` is the stand-in's limit that cut it.
    """

    reason: str
    prompt: int
    completion: int
    thinking: int | None = None
    cached: int | None = None
    own_cap: int | None = None


Part = (
    Thought
    | AnswerPiece
    | CallBegun
    | Argument
    | SourcesFound
    | Using
    | Outcome
    | Ended
)
