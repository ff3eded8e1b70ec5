"""What a cell asks: its prompt and options, made ready to be sent."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any, Literal

import msgspec

from glmkit.catalog import cards, tokens
from glmkit.client.prompts import files as texts, values as digests
from glmkit.client.replay import Mode
from glmkit.notebook import interpolation, schemas
from glmkit.types.errors import ConfigError, ContextLengthError
from glmkit.types.messages import Request, TextPart

Format = Literal["markdown", "text", "json", "code"]

#: What a model is told where the form of its answer matters.
_ORDERS = {
    "code": "Answer with Python code in one fenced block, and nothing else.",
    "json": "Answer with JSON only: no fence, no comment.",
}
#: Characters of a prompt that fits any model's window.
_SURELY_FITS = 4_000


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """A cell as the person wrote it; None leaves a choice to the settings.

    `options` are parameters of `Client.chat`; `tools` names of the notebook,
    `images` names or paths, `files` paths, `schema` a name or fields. A `literal`
    prompt has no fields to fill.
    """

    prompt: str
    options: dict[str, Any] = {}
    out: str | None = None
    stream: bool = True
    quiet: bool = False
    format: Format = "markdown"
    chat: str | None = None
    fresh: bool = False
    schema: str | None = None
    tools: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    web: bool = False
    tag: str = ""
    dry_run: bool = False
    replay: Mode | None = None
    literal: bool = False


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """A prompt and options as a client takes them.

    `sent` says, a line for each, what leaves the kernel beside the prompt's own words;
    `notes` what the person may have meant otherwise.
    """

    prompt: Any
    options: dict[str, Any]
    tools: tuple[Any, ...] = ()
    sent: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def ready(asking: Asking, names: Mapping[str, Any]) -> Ready:
    """Fill in the prompt, read its files, and look up what it names.

    Raises ConfigError for what is missing, does not fit, or looks like a key.
    """
    filled = interpolation.Filled((asking.prompt,))
    if not asking.literal:
        filled = interpolation.fill(asking.prompt, names, digests.tell)
    sent = [f"value of {{{source}}}" for source in filled.sources]
    documents = [_document(path, sent) for path in asking.files]
    images = [_image(name, names, sent) for name in asking.images]
    options = dict(asking.options)
    order = _ORDERS.get(asking.format) if asking.schema is None else None
    if order and not asking.chat:
        system = options.get("system")
        options["system"] = f"{system}\n\n{order}" if system else order
    if asking.schema is not None:
        options["schema"] = schemas.schema(asking.schema, names)
    elif asking.format == "json":
        options["response_format"] = "json_object"
    if asking.web:
        options["web_search"] = True
        sent.append("the prompt, to the service's web search")
    # A chat's system prompt holds for all of it, the form only for this turn.
    closing = [f"\n\n{order}"] if order and asking.chat else []
    pieces = _pieces([*documents, *filled.pieces, *closing], images)
    _refuse_keys(pieces, options)
    return Ready(
        prompt=pieces[0] if len(pieces) == 1 and isinstance(pieces[0], str) else pieces,
        options=options,
        tools=tuple(_tool(name, names, sent) for name in asking.tools),
        sent=tuple(sent),
        notes=filled.notes,
    )


def _pieces(parts: list[Any], images: list[Any]) -> list[Any]:
    """Join neighbouring texts; pictures named in the line come before the words."""
    joined: list[Any] = [*images]
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        else:
            joined.append(part)
    return joined or [""]


def _document(path: str, sent: list[str]) -> str:
    text = texts.read(path)
    name = Path(path).name
    sent.append(f"text of {name} ({len(text):,} characters)")
    return f'<document name="{escape(name)}">\n{text}\n</document>\n\n'


def _image(name: str, names: Mapping[str, Any], sent: list[str]) -> Any:
    sent.append(f"picture {name}")
    if name in names:
        value = names[name]
        if digests.is_picture(value):
            return digests.picture(value)
        if isinstance(value, bytes | Path):
            return value
        raise ConfigError(
            f"{name} is no picture but a {type(value).__name__}",
            hint="--image takes a PIL image, a figure, or the path of a file.",
        )
    path = Path(name).expanduser()
    if not path.is_file():
        raise ConfigError(
            f"there is no picture {name}: no variable and no file of that name",
            hint=f"Paths start from {Path.cwd()}.",
        )
    return path


def _tool(name: str, names: Mapping[str, Any], sent: list[str]) -> Any:
    if name not in names:
        raise ConfigError(
            f"there is no tool {name!r} in this notebook",
            hint="Define a function with @glmkit.tool and name it: --tools name,other",
        )
    sent.append(f"definition of the tool {name}; what it returns, when it is called")
    return names[name]


def _refuse_keys(pieces: list[Any], options: Mapping[str, Any]) -> None:
    for text in (*pieces, options.get("system")):
        if isinstance(text, str):
            digests.refuse_keys(text)


def check(request: Request, model: str) -> None:
    """Raise ContextLengthError for a prompt that surely exceeds the model's window."""
    card = cards.card(model)
    if card is None or not card.context_window:
        return
    size = sum(_length(message.content) for message in request.messages)
    if size <= _SURELY_FITS:
        return
    estimate = tokens.estimate_request(request)
    if estimate.low >= card.context_window:
        raise ContextLengthError(
            f"the prompt has about {estimate.tokens:,} tokens, and {card.id} takes "
            f"{card.context_window:,}"
        )


def _length(content: Any) -> int:
    parts = (TextPart(content),) if isinstance(content, str) else content or ()
    return sum(len(part.text) for part in parts if isinstance(part, TextPart))
