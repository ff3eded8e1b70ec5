"""What comes back from a model: a stream of small frozen values.

What is shown, kept, priced and replayed are folds over these events. Consume them
with `match`; mypy names every consumer that a new event must visit.
"""

from __future__ import annotations

from typing import Literal

import msgspec


class Start(msgspec.Struct, frozen=True, gc=False, tag_field="event"):
    """The service accepted the request: its `id`, and the `model` that answers.

    `stand_in` names the small local model that answers in GLM's place.
    """

    id: str = ""
    model: str = ""
    request_id: str = ""
    stand_in: str = ""


class Waiting(msgspec.Struct, frozen=True, gc=False, tag_field="event"):
    """The call waits, and nothing of it is in flight.

    `seconds` is the time until it is sent again after the error in `reason`, with the
    service's `code` ("" for a lost connection); None if it waits for a free slot. A
    `notice` is a sentence about what takes time before the request is sent.

    >>> print(Waiting("1302: too many requests", 12.0, "1302"))
    Waiting 12 s: 1302: too many requests
    """

    reason: str = "all of this key are in use"
    seconds: float | None = None
    code: str = ""
    notice: bool = False

    def __str__(self) -> str:
        if self.notice:
            return self.reason
        if self.seconds is None:
            return f"Waiting for a slot: {self.reason}"
        return f"Waiting {max(1, round(self.seconds))} s: {self.reason}"


class Text(msgspec.Struct, frozen=True, gc=False, tag_field="event"):
    """A piece of the answer."""

    text: str


class Thinking(msgspec.Struct, frozen=True, gc=False, tag_field="event"):
    """A piece of the model's reasoning, which comes before the answer."""

    text: str


class ToolCall(msgspec.Struct, frozen=True, gc=False, tag_field="event"):
    """A tool call of the model, or a fragment of one.

    Fragments of one call share `index`; the first carries `id` and `name`, and the
    `arguments` (JSON text) of all are joined. `type` is "function" for the user's own
    functions; tools that the service runs have another ("code_interpreter", "mcp",
    ...), and `server` is the mcp server's label.
    """

    index: int
    id: str
    name: str
    arguments: str
    type: str = "function"
    server: str = ""


class Output(msgspec.Struct, frozen=True, gc=False):
    """One output of a tool that the service ran; fields it does not send are "".

    Code has `logs` or a `file` (URL), a drawing an `image` (URL), a page `title`,
    `link` and `content`, a retrieved passage `text` and `document`.
    """

    type: str = ""
    logs: str = ""
    file: str = ""
    image: str = ""
    title: str = ""
    link: str = ""
    content: str = ""
    text: str = ""
    document: str = ""
    error_msg: str = ""


class ToolResult(msgspec.Struct, frozen=True, tag_field="event"):
    """The result of a tool; `failed` if `content` is the text of an error.

    `outputs` are those of a tool that the service ran.
    """

    id: str
    name: str
    content: str
    failed: bool = False
    outputs: tuple[Output, ...] = ()


class Source(msgspec.Struct, frozen=True, gc=False):
    """A page that a web search found; fields the service does not send are ""."""

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
    """Tokens of one call; None for a detail that the service does not report.

    `cached_tokens` are part of `prompt_tokens`, `reasoning_tokens` part of
    `completion_tokens`.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None


class Repair(msgspec.Struct, frozen=True, gc=False, tag_field="event"):
    """The answer did not fit its schema: it is dropped, and the model asked again."""

    reason: str


class Finish(msgspec.Struct, frozen=True, gc=False, tag_field="event"):
    """The end of an answer: "stop", "length", "tool_calls", "sensitive", ..."""

    reason: str


class ContentReview(
    msgspec.Struct, frozen=True, gc=False, tag_field="event", tag="Review"
):
    """The content review of a part: "user", "assistant" or "history".

    `level` is 0 (most severe) to 3.
    """

    role: str
    level: int


class Media(msgspec.Struct, frozen=True, gc=False, tag_field="event"):
    """A sound (base64 `data`), or a piece of one, or a video (`url`, `cover`)."""

    kind: Literal["audio", "video"]
    id: str = ""
    data: str = ""
    url: str = ""
    cover: str = ""
    expires_at: int | None = None


Event = (
    Start
    | Waiting
    | Text
    | Thinking
    | ToolCall
    | ToolResult
    | Search
    | ContentReview
    | Media
    | Usage
    | Repair
    | Finish
)
