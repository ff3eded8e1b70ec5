"""Shows a finished answer as Markdown, plain text, JSON, code or a table."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

from glmkit import render
from glmkit.render.answer.code_blocks import Block, Code, code_in
from glmkit.render.page import code, picked, table, wrapped
from glmkit.types.plain_text import plain
from glmkit.types.replies import Reply

#: Rows of a table that are shown, and characters of a cell.
_ROWS, _CELL = 200, 2_000


class Shown(msgspec.Struct, frozen=True):
    """The body of an output: safe HTML, and plain text where it is not the answer's."""

    html: str
    text: str | None = None


class View(msgspec.Struct, frozen=True):
    """How a cell asked to see its answer; `block` is the block of `code` it wants."""

    format: str = "markdown"
    structured: bool = False
    block: Block = ""

    @property
    def fence(self) -> str:
        """The language of the block in which the answer stands while it arrives."""
        if self.structured or self.format == "json":
            return "json"
        return "text" if self.format == "text" else ""

    def shown(self, reply: Reply) -> Shown | None:
        """Return how a reply stands at the end; None as Markdown."""
        if reply.schema is not None and reply.parsed is not None:
            return structured(reply.parsed)
        match self.format:
            case "text":
                return Shown(wrapped(reply.text))
            case "json":
                return _json(reply.text)
            case "code":
                return _code(code_in(reply.text, self.block))
            case _:
                return None


MARKDOWN = View()


def code_of(text: str) -> str:
    """Return the code of an answer: its Python, else its first block, else all of it.

    >>> code_of("So:\\n```python\\nx = 1\\n```\\nDone.")
    'x = 1'
    """
    return code_in(text).text


def _code(found: Code) -> Shown:
    """Return the code, and under it what else the answer holds."""
    rest = render.body(found.rest) if found.rest else ""
    return Shown(picked(render.body(_fenced(found.text))) + rest)


def _fenced(text: str) -> str:
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}python\n{text}\n{fence}"


def _json(text: str) -> Shown:
    try:
        indented = msgspec.json.format(plain(code_of(text)), indent=2)
    except msgspec.DecodeError as exc:
        why = render.escaped(f"This is not JSON: {exc}")
        return Shown(f'{code(text)}<p class="glmkit-partial">{why}</p>')
    return Shown(code(indented))


def structured(value: Any) -> Shown:
    """Return a typed value as a table: fields as rows, or a list's items as rows."""
    built = msgspec.to_builtins(value, enc_hook=_foreign)
    header: tuple[str, ...]
    rows: list[list[Any]]
    match built:
        case dict():
            header, rows = ("field", "value"), [[k, v] for k, v in built.items()]
        case [dict(), *_] if all(isinstance(item, dict) for item in built):
            names = list(dict.fromkeys(name for item in built for name in item))
            header = tuple(map(str, names))
            rows = [[item.get(name, "") for name in names] for item in built]
        case list():
            header, rows = ("value",), [[item] for item in built]
        case _:
            header, rows = ("value",), [[built]]
    cells = [[_cell(value) for value in row] for row in rows[:_ROWS]]
    left = len(rows) - len(cells)
    more = f"({left:,} more rows)" if left else ""
    html = table(header, cells) + (wrapped(more) if more else "")
    lines = [" | ".join(line) for line in (header, *cells)]
    return Shown(html, "\n".join([*lines, more] if more else lines))


def _foreign(value: Any) -> Any:
    """Return what a pydantic model holds; else how a value prints."""
    dump = getattr(value, "model_dump", None)
    return str(value) if dump is None else dump(mode="json")


def _cell(value: Any) -> str:
    if isinstance(value, dict | list):
        # In JSON proper, infinity and NaN would be null.
        value = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    text = "" if value is None else str(value)
    return text if len(text) <= _CELL else text[: _CELL - 1] + "…"
