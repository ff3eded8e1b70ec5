"""What comes back from a model: a stream of small frozen values.

What is shown, kept, priced and replayed are folds over these events. Consume them
with `match`; mypy names every consumer that a new event must visit.
"""

from __future__ import annotations

import msgspec


class Start(msgspec.Struct, frozen=True, gc=False, tag_field="event"):
    """The service took the request: its `id`, and the `model` that answers.

    `stand_in` names the small local model where one answers in GLM's place.
    """

    id: str = ""
    model: str = ""
    request_id: str = ""
    stand_in: str = ""


class Text(msgspec.Struct, frozen=True, gc=False, tag_field="event"):
    """A piece of the answer."""

    text: str


class Thinking(msgspec.Struct, frozen=True, gc=False, tag_field="event"):
    """A piece of the model's reasoning, which comes before the answer."""

    text: str


class ToolCall(msgspec.Struct, frozen=True, gc=False, tag_field="event"):
    """A call that the model asks for, or a fragment of one.

    Fragments of one call share `index`; only the first carries `id` and `name`, and
    `arguments` (JSON text) are joined.
    """

    index: int
    id: str
    name: str
    arguments: str
    type: str = "function"


class ToolResult(msgspec.Struct, frozen=True, tag_field="event"):
    """What a tool returned to the model; `failed` where that is an error's text."""

    id: str
    name: str
    content: str
    failed: bool = False


class Source(msgspec.Struct, frozen=True, gc=False):
    """A page that a web search found; empty texts where the service sends none."""

    title: str = ""
    link: str = ""
    content: str = ""
    media: str = ""
    icon: str = ""
    refer: str = ""
    publish_date: str = ""


class Search(msgspec.Struct, frozen=True, tag_field="event"):
    """The pages that the service searched and put into the prompt."""

    results: tuple[Source, ...]


class Usage(msgspec.Struct, frozen=True, gc=False, tag_field="event"):
    """Tokens of one call. `None`: the service does not tell.

    `cached_tokens` are part of `prompt_tokens`, `reasoning_tokens` part of
    `completion_tokens`.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None


class Repair(msgspec.Struct, frozen=True, gc=False, tag_field="event"):
    """The answer did not fit its schema: it is dropped, and asked for anew."""

    reason: str


class Finish(msgspec.Struct, frozen=True, gc=False, tag_field="event"):
    """The end of an answer: "stop", "length", "tool_calls", "sensitive", ..."""

    reason: str


Event = (
    Start | Text | Thinking | ToolCall | ToolResult | Search | Usage | Repair | Finish
)
