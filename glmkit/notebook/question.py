"""The question of a cell: its prompt and options, prepared to be sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from glmkit.client.call.streams import Stream
from glmkit.client.clients import Client
from glmkit.client.conversation import Conversation
from glmkit.client.prompts import values as digests
from glmkit.client.prompts.media import prompt_of
from glmkit.client.replay import Mode
from glmkit.config.privacy import private
from glmkit.notebook import interpolation, schemas, window
from glmkit.notebook.conversations import Chats, NamedChat
from glmkit.readers import files as texts
from glmkit.render.answer.badge import About
from glmkit.render.answer.code_blocks import Block
from glmkit.render.answer.request_summary import Typed, sized, sized_part
from glmkit.render.answer.views import View
from glmkit.types.attached_text import packed
from glmkit.types.errors import ConfigError
from glmkit.types.messages import Message, Request, TextPart
from glmkit.types.replies import Reply
from glmkit.types.requests import turns_of
from glmkit.types.translation import _

#: What a model is told where the form of its answer matters.
_ORDERS = {
    "code": "Answer with Python code in one fenced block, and nothing else.",
    "json": "Answer with JSON only: no fence, no comment.",
}
#: Filled fields that the badge names.
_FIELDS = 5
#: Characters of a value that is shown in the badge's request.
_SHORT_VALUE = 80


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A parsed `%%glm` cell; None means the notebook's setting.

    `options` are parameters of `Client.chat`; `tools` names of the notebook,
    `images` names or paths, `files` paths, `schema` a name or fields. A `literal`
    prompt has no fields to fill. `each` names a table, `to` the column of its answers,
    `labels` what they choose from, `all` asks every row; `document` names a file or
    a text that it is about; `filled` are the fields of the line that were filled in.
    """

    prompt: str
    options: dict[str, Any] = {}
    out: str | None = None
    stream: bool = True
    quiet: bool = False
    format: str = "markdown"
    block: Block = ""
    chat: str | None = None
    fresh: bool = False
    schema: str | None = None
    tools: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    tag: str = ""
    dry_run: bool = False
    replay: Mode | None = None
    literal: bool = False
    each: str | None = None
    to: str | None = None
    labels: str | None = None
    all: bool = False
    document: str | None = None
    filled: tuple[str, ...] = ()


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """A question that can be sent, whole or streamed: nothing has been sent yet.

    `turns` are the messages of its prompt. `sent` lists, a line for each, what leaves
    the kernel beside the prompt's own words, `filled` its fields, `notes` what the user
    may have meant otherwise. `talk` is the conversation that asks: that of `chat`, or
    one made for the question's `tools`.
    """

    question: Question
    client: Client
    turns: tuple[Message, ...]
    options: dict[str, Any]
    tools: tuple[Any, ...] = ()
    sent: tuple[str, ...] = ()
    filled: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    typed: Typed | None = None
    chat: NamedChat | None = None
    talk: Conversation | None = None

    @property
    def model(self) -> str:
        """The model that is asked."""
        return str(self.options.get("model") or self.client.model)

    @property
    def view(self) -> View:
        """How the answer is shown."""
        question = self.question
        return View(question.format, question.schema is not None, question.block)

    def request(self) -> Request:
        """Return the request with the conversation so far."""
        options = dict(self.options)
        if self.tools:
            options["tools"] = self.tools
        request, _ = self.client.request((*self._before(), *self.turns), options)
        return request

    def check(self) -> None:
        """Raise ContextLengthError for what surely exceeds the model's window."""
        window.check(Request(messages=(*self._before(), *self.turns)), self.model)

    def _before(self) -> tuple[Message, ...]:
        return self.talk.messages if self.talk else ()

    def stream(self) -> Stream:
        """Ask and read the answer while it arrives."""
        if self.talk is not None:
            return self.talk.stream(self.turns, **self.options)
        return self.client.stream(self.turns, **self.options)

    def whole(self) -> Reply:
        """Ask and wait for the whole reply."""
        if self.talk is not None:
            return self.talk.ask(self.turns, **self.options)
        return self.client.chat(self.turns, **self.options)

    def again(self, client: Client, model: str | None) -> Prepared | None:
        """Return the same question with its tools, beside its chat.

        None where it used none, or was another client's: then its request is all.
        """
        tools = self.tools or (self.chat.tools if self.chat else ())
        if not tools or self.talk is None or client is not self.client:
            return None
        talk = self.talk.fork()
        talk.undo()
        options = {**self.options, **({"model": model} if model else {})}
        return msgspec.structs.replace(
            self, options=options, tools=(), chat=None, talk=talk
        )

    def about(self, warned: tuple[str, ...] = ()) -> About:
        """Return what the badge says of the cell, as it stands now."""
        notes = (*_filled(self.filled), *self.notes, *warned)
        if self.chat is None:
            return About(notes=notes, typed=self.typed)
        return About(self.chat.name, self.chat.turns, notes, self.typed)


def prepare(
    question: Question,
    names: Mapping[str, Any],
    client: Callable[[], Client],
    chats: Chats,
) -> Prepared:
    """Fill in the prompt, read its files, look up its names, take its conversation.

    Raises ConfigError for what is missing, does not fit, or looks like a key. `client`
    is called once all that is known.
    """
    filled = interpolation.Filled((question.prompt,))
    if not question.literal:
        filled = interpolation.fill(question.prompt, names, digests.tell)
    sent = [f"value of {{{source}}}" for source in filled.sources]
    documents = [_document(path, sent) for path in question.files]
    images = [_image(name, names, sent) for name in question.images]
    options = _options(question, names)
    if question.options.get("web_search"):
        sent.append("the prompt, to the service's web search")
    # A chat's system prompt holds for all of it, the form only for this turn.
    order = _order(question) if question.chat else None
    closing = [f"\n\n{order}"] if order else []
    attached = [packed("document", name, text) for name, text in documents]
    pieces = _pieces([*attached, *filled.pieces, *closing], images)
    _refuse_keys(pieces, options)
    tools = tuple(_tool(name, names, sent) for name in question.tools)
    prompt = pieces[0] if len(pieces) == 1 and isinstance(pieces[0], str) else pieces
    turns = turns_of(prompt_of(prompt))
    prepared = Prepared(
        question=question,
        client=client(),
        turns=turns,
        options=options,
        tools=tools,
        sent=tuple(sent),
        filled=(*question.filled, *filled.sources),
        notes=filled.notes,
        typed=_typed(question, filled, documents, turns),
    )
    prepared = _in_conversation(prepared, chats)
    prepared.check()
    return prepared


def _typed(
    question: Question,
    filled: interpolation.Filled,
    documents: Sequence[tuple[str, str]],
    turns: Sequence[Message],
) -> Typed:
    """Return the prompt as it was typed, with sizes and hashes of what was put in."""
    lines = [sized(name, text) for name, text in documents]
    for source, value in zip(filled.sources, filled.values, strict=True):
        if not isinstance(value, str):
            continue
        short = len(value) <= _SHORT_VALUE and "\n" not in value and not private()
        name = f"{{{source}}}"
        lines.append(f"{name} = {value}" if short else sized(name, value))
    for turn in turns:
        parts = turn.content if isinstance(turn.content, tuple) else ()
        lines += [sized_part(one) for one in parts if not isinstance(one, TextPart)]
    return Typed(question.prompt, tuple(lines))


def _filled(sources: tuple[str, ...]) -> list[str]:
    """Return the fields that were filled in, for the badge."""
    if not sources:
        return []
    names = [f"{{{source}}}" for source in dict.fromkeys(sources)]
    more = f" and {len(names) - _FIELDS} more" if len(names) > _FIELDS else ""
    return [_("filled in {fields}", fields=", ".join(names[:_FIELDS]) + more)]


def _order(question: Question) -> str | None:
    """Return what the model is asked about the form of its answer."""
    return _ORDERS.get(question.format) if question.schema is None else None


def _options(question: Question, names: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of the call."""
    options = dict(question.options)
    if (order := _order(question)) and not question.chat:
        system = options.get("system")
        options["system"] = f"{system}\n\n{order}" if system else order
    if question.schema is not None:
        options["schema"] = schemas.schema(question.schema, names)
    elif question.format == "json":
        options["response_format"] = "json_object"
    return options


def _in_conversation(prepared: Prepared, chats: Chats) -> Prepared:
    """Return the question in its chat; its tools need a conversation, in rounds."""
    question, options = prepared.question, dict(prepared.options)
    if question.chat is not None:
        chat = chats.take(
            question.chat,
            prepared.client,
            system=options.pop("system", None),
            tools=prepared.tools,
            fresh=question.fresh,
        )
        return msgspec.structs.replace(
            prepared, options=options, chat=chat, talk=chat.talk
        )
    if not prepared.tools:
        return prepared
    system = options.pop("system", None)
    talk = Conversation(prepared.client, system, tools=prepared.tools)
    return msgspec.structs.replace(prepared, options=options, talk=talk)


def _pieces(parts: list[Any], images: list[Any]) -> list[Any]:
    """Join neighbouring texts; pictures named in the line come before the words."""
    joined: list[Any] = [*images]
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        else:
            joined.append(part)
    return joined or [""]


def _document(path: str, sent: list[str]) -> tuple[str, str]:
    text = texts.read(path)
    name = Path(path).name
    sent.append(f"text of {name} ({len(text):,} characters)")
    return name, text


def _image(name: str, names: Mapping[str, Any], sent: list[str]) -> Any:
    sent.append(f"picture {name}")
    if name in names:
        value = names[name]
        if digests.is_picture(value):
            return digests.picture(value)
        if isinstance(value, bytes | Path):
            return value
        raise ConfigError(
            f"{name} is not a picture but a {type(value).__name__}",
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
