"""Renders streamed Markdown incrementally: each finished piece of HTML once.

The state changes only at the end of a line, and at each STRIDE-th character of a
long one, so any split of a text gives the same pieces. The text that is kept and
read again is bounded: finished blocks leave it, and so do the finished lines of a
fence, items of a list, rows of a table, and sentences of a long paragraph.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal, NamedTuple

from glmkit.render import markdown
from glmkit.render.fences import Fence
from glmkit.render.markdown import Top
from glmkit.types.plain_text import plain

#: Characters of one line after which the state may change.
STRIDE = 256
#: Characters after which a paragraph is cut at the next good place, and at any.
_PARAGRAPH = 600
_LONGEST_PARAGRAPH = markdown.LONGEST_INLINE - 2 * STRIDE
#: Characters of an open block that can not be cut otherwise.
_LONGEST = 32_768

#: Marks that open and close, and the places between sentences.
_MARKS = re.compile(
    r"\\[()]|\\.|`+|\$\$|\*\*|\*|~~|(?<!\w)_|_(?!\w)|[\[\]]"
    r"|(?P<place>(?<=[.!?;:,]) (?=\S)|(?<=[。!?;,])(?=\S))|(?P<space>(?<=\S) (?=\S))"
)
_PAIRS = {r"\(": (r"\)", 1), r"\)": (r"\)", -1), "[": ("]", 1), "]": ("]", -1)}

#: The block that the rest continues.
Mode = Literal["", "list", "table", "paragraph"]


class Piece(NamedTuple):
    """Safe HTML: `html` inside a new block, `open` to `close`.

    Where `open` is empty it goes to the end of the last block's innermost element.
    """

    open: str
    html: str
    close: str = ""


class Blocks:
    """Incremental renderer: takes Markdown piece by piece, returns safe HTML.

    >>> blocks = Blocks()
    >>> blocks.feed("One *line*.\\n\\nAnd\\nan")
    [Piece(open='<p>', html='One <em>line</em>.', close='</p>')]
    >>> blocks.tail()
    [Piece(open='<p>', html='And\\nan', close='</p>')]
    """

    def __init__(self) -> None:
        self._unread = ""
        self._rest = ""
        self._mode: Mode = ""
        self._header = ""
        self._fence: Fence | None = None
        self._due = 0
        self._carriage = False

    def feed(self, text: str) -> list[Piece]:
        """Add text and return the pieces that it completes."""
        self._unread += self._normal(text)
        pieces: list[Piece] = []
        start = 0
        while (end := self._checkpoint(start)) is not None:
            self._rest += self._unread[start:end]
            pieces += self._settle()
            start = end
        self._unread = self._unread[start:]
        return pieces

    def tail(self) -> list[Piece]:
        """Return the unfinished rest as it looks now; it is rendered again later."""
        source = self._rest + self._unread
        if self._fence is not None:
            code = self._fence.written(source)
            return [Piece("", code)] if code else []
        return self._rendered(source, under_way=bool(self._unread))

    @property
    def open_size(self) -> int:
        """The number of characters that each `tail` renders again."""
        return len(self._rest) + len(self._unread)

    def close(self) -> list[Piece]:
        """End the text and return the last pieces."""
        self._rest += self._unread
        self._unread = ""
        pieces = self._code() if self._fence is not None else []
        pieces += self._rendered(self._rest)
        self._leave("")
        return pieces

    def _normal(self, text: str) -> str:
        """Return the text with plain line ends; a carriage return awaits its pair."""
        if self._carriage:
            text = "\r" + text
        self._carriage = text.endswith("\r")
        if self._carriage:
            text = text[:-1]
        return plain(text.replace("\r\n", "\n").replace("\r", "\n"))

    def _checkpoint(self, start: int) -> int | None:
        """Return the next place in the unread text where the state may change."""
        line = self._unread.find("\n", start, start + STRIDE)
        if line >= 0:
            return line + 1
        return start + STRIDE if len(self._unread) >= start + STRIDE else None

    def _settle(self) -> list[Piece]:
        """Render and drop what later text cannot change."""
        pieces: list[Piece] = []
        if self._fence is not None:
            pieces += self._code()
            if self._fence is not None:
                return pieces
        if len(self._rest) < self._due:
            return pieces
        if self._rest.endswith("\n"):
            pieces += self._finished()
        while cut := self._cut():
            pieces += cut
        if len(self._rest) > _LONGEST:
            pieces += self._rendered(self._rest)
            self._leave("")
        # Reading a long rest again at each line would cost the square of it.
        size = len(self._rest)
        self._due = size + size // 4
        return pieces

    def _leave(self, rest: str, mode: Mode = "", header: str = "") -> None:
        self._rest, self._mode, self._header = rest, mode, header

    def _finished(self) -> list[Piece]:
        """Render and drop all blocks but the last, and the finished parts of that."""
        pieces: list[Piece] = []
        blocks, lines = self._read(self._rest)
        if len(blocks) > 1:
            pieces += self._written(blocks[:-1], lines)
            self._leave("".join(lines[blocks[-1].start :]))
            blocks, lines = self._read(self._rest)
        if not blocks:
            self._leave("")
            return pieces
        match blocks[-1].kind:
            case "fence":
                pieces += self._begin_fence(blocks[-1], lines)
            case "list":
                pieces += self._finished_items(blocks[-1], lines)
            case "table":
                pieces += self._finished_rows(blocks[-1], lines)
            case "heading" | "hr" | "formula":
                pieces += self._written(blocks, lines)
                self._leave("")
            case _:
                pass
        return pieces

    def _begin_fence(self, block: Top, lines: list[str]) -> list[Piece]:
        opening = lines[block.start]
        fence = self._fence = Fence(block.tokens[0], opening)
        self._leave("".join(lines[block.start + 1 :]))
        return [Piece(fence.open, "", fence.close), *self._code()]

    def _code(self) -> list[Piece]:
        """Render and drop the lines of an open fence, and the fence if it ends."""
        assert self._fence is not None
        code, rest = self._fence.take(self._rest)
        self._leave(rest or "")
        if rest is not None:
            self._fence, self._due = None, 0
        return [Piece("", code)] if code else []

    def _finished_items(self, block: Top, lines: list[str]) -> list[Piece]:
        if len(block.items) < 2:
            return []
        last = block.items[-1]
        piece = _items(block, lines[block.start : last], self._mode == "list")
        self._leave("".join(lines[last:]), "list")
        return [piece]

    def _finished_rows(self, block: Top, lines: list[str]) -> list[Piece]:
        if block.end - block.start < 4:
            return []
        header = "".join(lines[block.start : block.start + 2])
        piece = _rows(lines[block.start : block.end - 1], self._mode == "table")
        self._leave("".join(lines[block.end - 1 :]), "table", header)
        return [piece]

    def _cut(self) -> list[Piece]:
        """Render and drop the first sentences of a long paragraph."""
        if len(self._rest) < _PARAGRAPH:
            return []
        blocks, lines = self._read(self._rest)
        if len(blocks) != 1 or blocks[0].kind != "paragraph":
            return []
        if not self._mode:
            self._rest = "".join(lines[blocks[0].start :]).lstrip()
        place = _place(self._rest)
        if not place:
            return []
        open = "" if self._mode == "paragraph" else "<p>"
        piece = Piece(open, markdown.inline(self._rest[:place]), "</p>")
        self._leave(self._rest[place:], "paragraph")
        return [piece]

    def _read(
        self, source: str, *, under_way: bool = False
    ) -> tuple[list[Top], list[str]]:
        """Return the top-level blocks of the rest, and the lines they count.

        What the rest continues is put before it, so that it is read as such: the
        head of a table, or a word in place of a paragraph's line that was cut.
        """
        lines = _lines(self._header + source)
        read = lines
        if self._mode == "paragraph" and lines:
            read = ["x\n", *lines[1:]]
            under_way = True
        return markdown.tops("".join(read), under_way=under_way), lines

    def _rendered(self, source: str, *, under_way: bool = False) -> list[Piece]:
        blocks, lines = self._read(source, under_way=under_way)
        return self._written(blocks, lines, under_way=under_way)

    def _written(
        self, blocks: Iterable[Top], lines: list[str], *, under_way: bool = False
    ) -> list[Piece]:
        """Return the pieces of the blocks; the first continues what is shown."""
        pieces = []
        mode = self._mode
        for block in blocks:
            source = lines[block.start : block.end]
            pieces.append(_piece(block, source, mode, under_way))
            mode = ""
        return [piece for piece in pieces if any(piece)]


def joined(pieces: Iterable[Piece]) -> str:
    """Return the pieces of one answer as one HTML text."""
    parts: list[str] = []
    close = ""
    for piece in pieces:
        if piece.open:
            parts += [close, piece.open]
            close = piece.close
        parts.append(piece.html)
    return "".join([*parts, close])


def _piece(block: Top, source: list[str], mode: Mode, under_way: bool) -> Piece:
    """Write one block, or, if `mode` is its kind, the continuation of one."""
    going_on = block.kind == mode
    if block.kind == "paragraph":
        text = "".join(source).rstrip()
        html = markdown.inline(text if going_on else text.lstrip())
        return Piece("" if going_on else "<p>", html, "</p>")
    if block.kind == "list":
        return _items(block, source, going_on, under_way)
    if block.kind == "table":
        return _rows(source, going_on)
    return Piece(markdown.fragment("".join(source), under_way=under_way), "")


def _items(
    block: Top, source: list[str], going_on: bool, under_way: bool = False
) -> Piece:
    """Write the items of a list that the lines of `source` hold."""
    starts = [start - block.start for start in block.items]
    starts = [start for start in starts if start < len(source)]
    items = []
    for start, end in zip(starts, [*starts[1:], len(source)], strict=True):
        html = markdown.fragment("".join(source[start:end]), under_way=under_way)
        items.append(html[html.index("<li>") : html.rindex("</")])
    first = markdown.fragment(source[starts[0]])
    open = first[: first.index("<li>")].rstrip()
    return Piece("" if going_on else open, "".join(items), f"</{open[1:3]}>")


def _rows(source: list[str], going_on: bool) -> Piece:
    """Write the rows of a table; the first two lines are its head."""
    html = markdown.fragment("".join(source))
    head, body, rows = html.partition("<tbody>")
    if not body:
        head = head.rstrip().removesuffix("</table>")
    rows = rows.rpartition("</tbody>")[0]
    return Piece("" if going_on else f"{head}<tbody>", rows, "</tbody></table>")


def _lines(source: str) -> list[str]:
    """Return the lines with their ends; only a line feed ends one."""
    lines = [line + "\n" for line in source.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


def _place(text: str) -> int:
    """Return where a long paragraph may be cut: not within marks; 0 if nowhere."""
    if len(text) < _PARAGRAPH:
        return 0
    open: dict[str, int] = {}
    code = ""
    for match in _MARKS.finditer(text):
        mark = match[0]
        if match.lastgroup:
            least = 2 * _PARAGRAPH if match["space"] else _PARAGRAPH
            if match.end() >= least and not code and not any(open.values()):
                return match.end()
        elif mark[0] == "`":
            code = "" if mark == code else code or mark
        elif code:
            continue
        elif mark in _PAIRS:
            name, step = _PAIRS[mark]
            open[name] = max(0, open.get(name, 0) + step)
        elif mark[0] != "\\":
            open[mark] = 1 - open.get(mark, 0)
    if len(text) < _LONGEST_PARAGRAPH:
        return 0
    return text.rfind(" ", 1, _LONGEST_PARAGRAPH) + 1 or _LONGEST_PARAGRAPH
