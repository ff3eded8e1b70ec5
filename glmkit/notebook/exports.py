"""A conversation on the page, and as a file: Markdown, JSON, or a notebook."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from IPython.display import display as _display

from glmkit import render
from glmkit.errors import ConfigError
from glmkit.messages import Message, TextPart
from glmkit.render.page import folded, wrapped

if TYPE_CHECKING:
    from glmkit.notebook.chats import Chat

display: Any = _display

_WHO = {"system": "System", "user": "You", "assistant": "Model", "tool": "Tool"}


def show(chat: Chat) -> None:
    """Show a conversation in the cell."""
    said = [(_WHO[message.role], message) for message in chat.messages]
    html = "".join(
        f'<h5 class="jp-toc-ignore">{who}</h5>{_html(message)}' for who, message in said
    )
    text = "\n\n".join(f"{who}: {_text(message)}" for who, message in said)
    shown = {
        "text/html": render.static(render.page(html)),
        "text/plain": render.plain(text),
    }
    display(shown, raw=True)


def write(chat: Chat, file: Path) -> None:
    """Write a conversation to a new file; its suffix chooses .md, .json or .ipynb."""
    writer = _WRITERS.get(file.suffix.lower())
    if writer is None:
        raise ConfigError(
            f"a chat can not be written as {file.suffix or 'a file without suffix'}",
            hint=f"Use one of {', '.join(_WRITERS)}.",
        )
    try:
        with file.open("x", encoding="utf-8") as out:
            out.write(writer(chat))
    except OSError as exc:
        raise ConfigError(
            f"{file} can not be written: {exc.strerror}",
            hint="Name a new file: nothing is written over.",
        ) from exc


def _html(message: Message) -> str:
    calls = "".join(
        folded(f"Calls {call.function.name}", wrapped(call.function.arguments))
        for call in message.tool_calls
    )
    text = _text(message, calls=False)
    body = render.body(text) if message.role == "assistant" else wrapped(text)
    return body + calls


def _text(message: Message, *, calls: bool = True) -> str:
    content = message.content
    parts = (TextPart(content),) if isinstance(content, str) else content or ()
    said = [_of_part(part) for part in parts]
    if calls:
        said += [
            f"(calls {call.function.name}: {call.function.arguments})"
            for call in message.tool_calls
        ]
    return "\n".join(said)


def _of_part(part: Any) -> str:
    if isinstance(part, TextPart):
        return part.text
    return f"[{type(part).__name__.removesuffix('Part').lower()}]"


def _markdown(chat: Chat) -> str:
    parts = [f"# {chat.name}"]
    for message in chat.messages:
        parts += [f"## {_WHO[message.role]}", _text(message)]
    return "\n\n".join(parts) + "\n"


def _json(chat: Chat) -> str:
    """Return the messages as the service takes them: `history=` reads them again."""
    written = msgspec.json.encode(chat.messages)
    return msgspec.json.format(written, indent=2).decode() + "\n"


def _notebook(chat: Chat) -> str:
    """Return a notebook in which each question is a cell with its answer below."""
    metadata = {
        "kernelspec": {
            "display_name": "Python 3",
            "language": "python",
            "name": "python3",
        }
    }
    cells = list(_cells(chat))
    book = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(book, ensure_ascii=False, indent=1) + "\n"


def _cells(chat: Chat) -> Iterator[dict[str, Any]]:
    yield _cell(0, "%load_ext glmkit", [])
    line = f"%%glm --chat {json.dumps(chat.name, ensure_ascii=False)}"
    question: Message | None = None
    answers: list[Message] = []
    for message in (*chat.messages, Message("user", "")):
        if message.role != "user":
            answers += [message] if message.role != "system" else []
            continue
        if question is not None:
            source = f"{line}\n{_text(question)}"
            yield _cell(chat.messages.index(question) + 1, source, answers)
        question, answers = message, []


def _cell(number: int, source: str, answers: list[Message]) -> dict[str, Any]:
    html = "".join(_html(answer) for answer in answers)
    text = "\n\n".join(_text(answer) for answer in answers)
    shown = {"text/html": render.static(render.page(html)), "text/plain": text}
    output = {"output_type": "display_data", "data": shown, "metadata": {}}
    return {
        "cell_type": "code",
        "id": f"cell-{number}",
        "execution_count": None,
        "metadata": {},
        "source": source,
        "outputs": [output] if answers else [],
    }


_WRITERS: dict[str, Callable[[Chat], str]] = {
    ".md": _markdown,
    ".json": _json,
    ".ipynb": _notebook,
}
