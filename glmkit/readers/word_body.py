"""The body of a Word document as blocks of text: paragraphs, tables, footnotes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_NAMES = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_W = f"{{{_NAMES}}}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
#: Ends of the addresses by which drawings are named that are not pictures.
_CHARTS = ("/chart", "/diagram")
#: Elements that hold text, and those that stand for it.
_TEXTS = {f"{_W}t", f"{_MATH}t"}
_SIGNS = {
    "tab": "\t", "ptab": "\t", "cr": "\n", "noBreakHyphen": "-",
    "lastRenderedPageBreak": "\f",
}  # fmt: skip

#: Stands in a block where Word began a new page, or where a page break is.
PAGE = "\f"
#: Children that hold what was deleted, properties, or a second form of the same.
_SKIPPED = {
    *(f"{_W}{name}" for name in (
        "del", "moveFrom", "pPr", "rPr", "sdtPr", "sdtEndPr", "instrText", "delText",
        "delInstrText", "rt", "tblPr", "tblGrid", "trPr", "tcPr", "sectPr", "rubyPr",
        "annotationRef", "footnoteRef", "endnoteRef",
    )),
    f"{_MC}Fallback",
}  # fmt: skip
_DELETED = {f"{_W}del", f"{_W}moveFrom"}
_TRACKED = ("ins", "del", "moveFrom", "moveTo", "cellIns", "cellDel")
_LEVELS = re.compile(r"(heading|标题)\s*[12]", re.I)


class Heading(str):
    """A block that begins a section."""

    __slots__ = ()


class WordBody:
    """Reads a document's body; knows afterwards what it met there."""

    def __init__(self, document: Any) -> None:
        self._body = document.element.body
        self._notes = {name: _part(document, name) for name in ("footnote", "endnote")}
        self._headings = _heading_styles(document)
        self.paged = self._has("lastRenderedPageBreak")
        self.tracked = self._has(*_TRACKED)
        self.drawings = False
        #: Text boxes and notes of the block that is being read.
        self._after: list[str] = []

    def blocks(self) -> list[str]:
        """Return the blocks in order; those of text boxes and notes follow theirs."""
        return list(self._blocks(self._body))

    def _blocks(self, parent: Any) -> Iterator[str]:
        held = ""
        for block in _children(parent):
            if block.tag == f"{_W}tbl":
                yield from self._drained(self._table(block))
                continue
            text = held + self._inline(block)
            held = text if _is_joined(block) else ""
            if held:
                continue
            text = text.strip(" \t\n")
            level = self._is_heading(block) and text.strip(f"{PAGE} ")
            yield from self._drained(Heading(text) if level else text)

    def _drained(self, text: str) -> Iterator[str]:
        after, self._after = self._after, []
        yield text
        yield from after

    def _is_heading(self, paragraph: Any) -> bool:
        style = paragraph.find(f"{_W}pPr/{_W}pStyle")
        level = paragraph.find(f"{_W}pPr/{_W}outlineLvl")
        if level is not None:
            return level.get(f"{_W}val") in {"0", "1"}
        return style is not None and style.get(f"{_W}val") in self._headings

    def _inline(self, element: Any) -> str:
        """Return the text of a paragraph or of what stands in it."""
        return "".join(self._piece(child) for child in element)

    def _piece(self, child: Any) -> str:
        tag = child.tag
        if tag in _SKIPPED or not isinstance(tag, str):
            return ""
        if tag in _TEXTS:
            return child.text or ""
        name = tag.removeprefix(_W)
        if name in _SIGNS:
            return _SIGNS[name]
        match name:
            case "br":
                return self._break(child)
            case "footnoteReference" | "endnoteReference":
                return self._note(name.removesuffix("Reference"), child)
            case "txbxContent":
                self._after += [text for text in self._inside(child) if text]
                return ""
            case "sym":
                return _symbol(child)
            case _:
                if tag.endswith("}graphicData"):
                    self.drawings |= str(child.get("uri")).endswith(_CHARTS)
                return self._inline(child)

    def _has(self, *names: str) -> bool:
        found = self._body.iter(*(f"{_W}{name}" for name in names))
        return next(found, None) is not None

    def _break(self, child: Any) -> str:
        if child.get(f"{_W}type") != "page":
            return "\n"
        return "" if self.paged else PAGE

    def _inside(self, element: Any) -> list[str]:
        """Return the blocks in a box, a cell or a note, with their own boxes."""
        outer, self._after = self._after, []
        found = list(self._blocks(element))
        self._after = outer
        return found

    def _note(self, kind: str, reference: Any) -> str:
        number = reference.get(f"{_W}id")
        note = self._notes[kind].get(number)
        if note is not None:
            text = " ".join(self._inside(note)).strip()
            self._after.append(f"[{kind} {number}] {text}")
        return f"[{number}]"

    def _table(self, table: Any) -> str:
        return "\n".join(self._rows(table))

    def _rows(self, table: Any) -> Iterator[str]:
        """Yield rows as lines; a row that goes over a page is on its first one."""
        due = ""
        for row in _children(table, "tr"):
            if _is_deleted(row):
                continue
            texts, cells = [], []
            for cell in _children(row, "tc"):
                texts.append(self._cell(cell))
                cells += [" ".join(texts[-1].replace(PAGE, " ").split())]
                cells += [""] * (_span(cell) - 1)
            breaks = max((text.count(PAGE) for text in texts), default=0)
            before = min(breaks, any(text.startswith(PAGE) for text in texts))
            yield f"{due}{PAGE * before}| {' | '.join(cells)} |"
            due = PAGE * (breaks - before)
        if due:
            yield due

    def _cell(self, cell: Any) -> str:
        merge = cell.find(f"{_W}tcPr/{_W}vMerge")
        if merge is not None and merge.get(f"{_W}val") != "restart":
            return ""
        parts = []
        for block in self._inside(cell):
            rows = block.split("\n")
            inner = (row.strip("| ").replace(" | ", ", ") for row in rows)
            parts.append("; ".join(inner) if block.startswith("| ") else block)
        return " ".join(part for part in parts if part)


def _children(parent: Any, *names: str) -> Iterator[Any]:
    """Yield paragraphs and tables (or `names`), also from inside of controls."""
    wanted = {f"{_W}{name}" for name in names or ("p", "tbl")}
    for child in parent:
        if child.tag in wanted:
            yield child
        elif isinstance(child.tag, str) and child.tag not in _SKIPPED:
            yield from _children(child, *names)


def _is_joined(paragraph: Any) -> bool:
    """Whether the end of a paragraph was deleted, so that the next one goes on."""
    return any(paragraph.find(f"{_W}pPr/{_W}rPr/{tag}") is not None for tag in _DELETED)


def _is_deleted(row: Any) -> bool:
    return row.find(f"{_W}trPr/{_W}del") is not None


def _span(cell: Any) -> int:
    span = cell.find(f"{_W}tcPr/{_W}gridSpan")
    text = span.get(f"{_W}val") if span is not None else "1"
    return max(1, min(100, int(text))) if str(text).isdecimal() else 1


def _symbol(child: Any) -> str:
    code = int(child.get(f"{_W}char") or "0", 16)
    return "" if 0xE000 <= code < 0xF900 or not code else chr(code)


def _heading_styles(document: Any) -> set[str]:
    """Return the ids of the styles of headings 1 and 2, and of those based on them."""
    found: set[str] = set()
    for style in document.styles.element.iter(f"{_W}style"):
        name = style.find(f"{_W}name")
        based = style.find(f"{_W}basedOn")
        level = style.find(f"{_W}pPr/{_W}outlineLvl")
        text = name.get(f"{_W}val") if name is not None else ""
        if (
            _LEVELS.fullmatch(text or "")
            or (level is not None and level.get(f"{_W}val") in {"0", "1"})
            or (level is None and based is not None and based.get(f"{_W}val") in found)
        ):
            found.add(style.get(f"{_W}styleId"))
    return found


def _part(document: Any, kind: str) -> dict[str, Any]:
    """Return the notes of a kind by their id."""
    from docx.oxml import parse_xml

    for part in document.part.package.iter_parts():
        if str(part.partname).endswith(f"/{kind}s.xml"):
            root = parse_xml(part.blob)
            return {note.get(f"{_W}id"): note for note in root.iter(f"{_W}{kind}")}
    return {}
