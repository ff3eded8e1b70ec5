"""Renders and exports a conversation: HTML, text, Markdown, JSON, notebook."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from glmkit import render
from glmkit.config.privacy import private
from glmkit.render.answer.markdown_file import escaped_line, harmless
from glmkit.render.answer.request_summary import sized, sized_part
from glmkit.render.page import code, folded, wrapped
from glmkit.types.attached_text import unpacked
from glmkit.types.errors import ConfigError
from glmkit.types.magic_line import quoted
from glmkit.types.messages import Message, Part, TextPart
from glmkit.types.plain_text import one_line, plain
from glmkit.types.translation import _

History = tuple[Message, ...]

_WHO = {"system": "System", "user": "You", "assistant": "Model", "tool": "Tool"}


def html(messages: History) -> str:
    """Return a conversation as safe HTML, with the role above each message.

    With GLMKIT_PRIVACY, size and hash stand for all but the answers, here as in `text`.
    """
    messages = _shown(messages)
    return "".join(
        f'<h5 class="jp-toc-ignore">{_WHO[message.role]}</h5>{_html(message)}'
        for message in messages
    )


def inside(messages: History) -> str:
    """Return the answer to one question as HTML, with its tool calls."""
    return render.page(
        "".join(
            folded("Result", code(text_of(message)))
            if message.role == "tool"
            else _html(message)
            for message in messages
        )
    )


def text(messages: History) -> str:
    """Return a conversation as plain text."""
    messages = _shown(messages)
    parts = [f"{_WHO[message.role]}: {text_of(message)}" for message in messages]
    return plain("\n\n".join(parts))


def written(name: str, messages: History, form: str) -> str:
    """Return a conversation as the text of a file: ".md", ".json" or ".ipynb".

    The JSON is what `history=` reads again. With GLMKIT_PRIVACY, size and hash stand
    for what was attached. Raises ConfigError for another form.
    """
    writer = _WRITERS.get(form.lower())
    if writer is None:
        raise ConfigError(
            _("a chat cannot be written as {form!r}", form=form),
            hint=_("Use one of {forms}.", forms=", ".join(_WRITERS)),
        )
    kept = tuple(map(_without_attachments, messages)) if private() else messages
    return writer(name, kept)


def _shown(messages: History) -> History:
    """Return what an output may show of a conversation: a notebook keeps it."""
    if not private():
        return messages
    return tuple(
        message
        if message.role == "assistant"
        else Message(message.role, sized(_WHO[message.role], text_of(message)))
        for message in messages
    )


def _without_attachments(message: Message) -> Message:
    content = message.content
    if message.role != "user" or content is None:
        return message
    parts = (TextPart(content),) if isinstance(content, str) else content
    return Message("user", "\n".join(map(_named, parts)))


def _named(part: Part) -> str:
    """Return the text of a part, with sizes and hashes for what is attached."""
    if not isinstance(part, TextPart):
        return sized_part(part)
    attached, question = unpacked(part.text)
    return "\n".join([*(sized(one.name, one.text) for one in attached), question])


def write(name: str, messages: History, file: Path) -> None:
    """Write a conversation to a new file in the form of its suffix."""
    text = written(name, messages, file.suffix)
    try:
        with file.open("x", encoding="utf-8") as out:
            out.write(text)
    except OSError as exc:
        raise ConfigError(
            _("cannot write {file}: {reason}", file=file, reason=exc.strerror),
            hint=_("Name a new file: an existing one is not overwritten."),
        ) from exc


def _html(message: Message) -> str:
    calls = "".join(
        folded(f"Calls {call.function.name}", wrapped(call.function.arguments))
        for call in message.tool_calls
    )
    words = text_of(message, calls=False)
    body = render.body(words) if message.role == "assistant" else wrapped(words)
    return body + calls


def text_of(message: Message, *, calls: bool = True) -> str:
    """Return the text of a message; media and calls of tools are named."""
    content = message.content
    parts = (TextPart(content),) if isinstance(content, str) else content or ()
    lines = [_of_part(part) for part in parts]
    if calls:
        lines += [
            f"(calls {call.function.name}: {call.function.arguments})"
            for call in message.tool_calls
        ]
    return "\n".join(lines)


def _of_part(part: Any) -> str:
    if isinstance(part, TextPart):
        return part.text
    return f"[{type(part).__name__.removesuffix('Part').lower()}]"


def _markdown(name: str, messages: History) -> str:
    parts = [f"# {escaped_line(one_line(name))}"]
    for message in messages:
        parts += [f"## {_WHO[message.role]}", harmless(text_of(message))]
    return "\n\n".join(parts) + "\n"


def _json(name: str, messages: History) -> str:
    """Return the messages as the service takes them: `history=` reads them again."""
    written = msgspec.json.encode(messages)
    return msgspec.json.format(written, indent=2).decode() + "\n"


def _notebook(name: str, messages: History) -> str:
    """Return a notebook in which each question is a cell with its answer below."""
    metadata = {
        "kernelspec": {
            "display_name": "Python 3",
            "language": "python",
            "name": "python3",
        }
    }
    cells = list(_cells(name, messages))
    book = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(book, ensure_ascii=False, indent=1) + "\n"


def _cells(name: str, messages: History) -> Iterator[dict[str, Any]]:
    yield _cell(0, "%load_ext glmkit", [])
    name = " ".join(name.split())
    mark = "=" if name.startswith("-") else " "  # else it would be an option
    line = f"--literal --chat{mark}{quoted(name)}"
    system = next((text_of(m) for m in messages if m.role == "system"), "")
    once = f" -s {quoted(system)}" if system else ""  # it holds for the whole chat
    question: Message | None = None
    answers: list[Message] = []
    for number, message in enumerate((*messages, Message("user", ""))):
        if message.role != "user":
            answers += [message] if message.role != "system" else []
            continue
        if question is not None:
            yield _cell(number, _magic(line + once, text_of(question)), answers)
            once = ""
        question, answers = message, []


def _magic(line: str, prompt: str) -> str:
    """Return a cell that asks a prompt as it is: nothing in it is filled in.

    IPython takes the prompts of a console (`>>>`) out of a cell; the line of a cell
    ends at a line break.
    """
    if _CONSOLE.search(prompt) or "\n" in line:
        return f"get_ipython().run_cell_magic('glm', {line!r}, {prompt!r})"
    last = "\n" if prompt.endswith("\n") else ""  # a cell's last line break is not sent
    return f"%%glm {line}\n{prompt}{last}"


#: What IPython takes for the prompt of a console.
_CONSOLE = re.compile(r"^\s*(>>>|\.{3}|(\[\w+\] )?In ?\[)", re.M)


def _cell(number: int, source: str, answers: list[Message]) -> dict[str, Any]:
    html = "".join(_html(answer) for answer in answers)
    text = "\n\n".join(text_of(answer) for answer in answers)
    shown = {"text/html": render.static(render.page(html)), "text/plain": plain(text)}
    output = {"output_type": "display_data", "data": shown, "metadata": {}}
    return {
        "cell_type": "code",
        "id": f"cell-{number}",
        "execution_count": None,
        "metadata": {},
        "source": source,
        "outputs": [output] if answers else [],
    }


_WRITERS: dict[str, Callable[[str, History], str]] = {
    ".md": _markdown,
    ".json": _json,
    ".ipynb": _notebook,
}
