"""Pages of PDF files as pictures, with the places of a quote on them."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Sequence
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

from glmkit.readers.page_rows import Box as Word, rows_of
from glmkit.readers.pdf import LOCK
from glmkit_widgets.review.quote_marks import span_of

_WORD = re.compile("[^\\s\u00ad]+")

#: A rectangle in points: left, bottom, right, top.
Rect = tuple[float, float, float, float]

#: A box on a page, in thousandths of its width and height: left, top, width, height.
Box = tuple[float, float, float, float]

#: Pixels of a picture's width, and of its area at most; units of a place on a page.
_NARROW, _WIDE, _AREA, _FINE = 300, 2400, 12_000_000, 100_000
#: Characters of a page in which a quote is looked for; boxes of a quote.
_CHARACTERS, _BOXES = 200_000, 400


class PagePicture(NamedTuple):
    """A page as PNG, its width and height in points, and where a quote stands on it.

    `key` tells the picture from others.
    """

    key: str
    png: bytes
    width: float
    height: float
    boxes: list[Box]


class PdfPages:
    """Draws pages of PDF files; the last file stays open, and the last pictures.

    A page that cannot be drawn (no such file, damaged, encrypted, without pypdfium2)
    is None.
    """

    def __init__(self, kept: int = 12) -> None:
        self._kept = kept
        self._pictures: dict[Any, tuple[bytes, float, float]] = {}
        self._open: tuple[Any, Any] | None = None

    def draw(
        self, path: str, number: int, quote: str, pixels: int
    ) -> PagePicture | None:
        """Return page `number` (from 1), `pixels` wide, with the quote's place."""
        with LOCK:
            try:
                document, mark = self._document(path)
                page = document[_index(document, number)]
                try:
                    wide = max(_NARROW, min(_WIDE, pixels))
                    picture = (*mark, number, wide)
                    png, width, height = self._png(page, picture, wide)
                    boxes = _boxes(document, page, number, quote)
                finally:
                    page.close()
                return PagePicture(key_of(picture), png, width, height, boxes)
            except (ImportError, OSError, RuntimeError, ValueError, MemoryError):
                self.close()
                return None

    def close(self) -> None:
        """Close the file that is open, and forget the pictures."""
        with LOCK:
            held, self._open = self._open, None
            self._pictures.clear()
            if held is not None:
                held[1].close()

    def _document(self, path: str) -> tuple[Any, tuple[Any, ...]]:
        """Return an open file, and what tells it from others and its own changes."""
        state = Path(path).stat()
        mark = (path, state.st_mtime_ns, state.st_size)
        if self._open is None or self._open[0] != mark:
            import pypdfium2

            self.close()
            self._open = mark, pypdfium2.PdfDocument(Path(path))
        return self._open[1], mark

    def _png(self, page: Any, mark: Any, wide: int) -> tuple[bytes, float, float]:
        if mark not in self._pictures:
            width, height = page.get_size()
            if min(width, height) <= 0:
                raise ValueError(mark)
            scale = min(wide / width, (_AREA / (width * height)) ** 0.5)
            bitmap = page.render(scale=scale)
            data = BytesIO()
            bitmap.to_pil().save(data, "PNG", compress_level=3)
            bitmap.close()
            while len(self._pictures) >= self._kept:
                del self._pictures[next(iter(self._pictures))]
            self._pictures[mark] = data.getvalue(), width, height
        return self._pictures[mark]


def key_of(picture: tuple[Any, ...]) -> str:
    """Return a short name of a picture, which holds no path."""
    return blake2b(repr(picture).encode("utf-8", "replace"), digest_size=8).hexdigest()


def _index(document: Any, number: int) -> int:
    if not 1 <= number <= len(document):
        raise ValueError(number)
    return number - 1


def _boxes(document: Any, page: Any, number: int, quote: str) -> list[Box]:
    """Return a box for each line of a quote on a page; none where it is not found."""
    if not quote.strip():
        return []
    text = page.get_textpage()
    try:
        characters = _characters(text)
        span = span_of(characters, quote)
        if span is None and number < len(document):
            span = span_of(characters, quote, _text(document[number]))
        if span is None:
            rects = _in_rows(text, characters, quote)
        else:
            lines = text.count_rects(span.start, span.end - span.start)
            rects = [text.get_rect(n) for n in range(min(lines, _BOXES))]
    finally:
        text.close()
    return [_box(page, rect) for rect in rects]


def _in_rows(text: Any, characters: str, quote: str) -> list[Rect]:
    """Return the places of a quote by rows, where a file has its words out of order."""
    words = []
    for found in _WORD.finditer(characters):
        first, last = (text.get_charbox(n) for n in (found.start(), found.end() - 1))
        (left, low, _, high), (_, bottom, right, top) = first, last
        words.append(Word(found[0], left, min(low, bottom), right, max(high, top)))
    rows = rows_of(words)
    joined = " ".join(word.text for row in rows for word in row)
    span = span_of(joined, quote)
    rects: list[Rect] = []
    place = 0
    for row in rows:
        inside = []
        for word in row:
            if span and place < span.end and place + len(word.text) > span.start:
                inside.append(word)
            place += len(word.text) + 1
        if inside:
            rects.append(_around(inside))
    return rects


def _around(words: Sequence[Word]) -> Rect:
    return (
        min(word.left for word in words),
        min(word.bottom for word in words),
        max(word.right for word in words),
        max(word.top for word in words),
    )


def _text(page: Any) -> str:
    text = page.get_textpage()
    try:
        return _characters(text)
    finally:
        text.close()
        page.close()


def _characters(text: Any) -> str:
    """Return a page's text with one character for each place on the page."""
    import pypdfium2.raw as pdfium

    count = min(text.count_chars(), _CHARACTERS)
    codes = (pdfium.FPDFText_GetUnicode(text, n) for n in range(count))
    return "".join(map(_character, codes))


def _character(code: int) -> str:
    """Return a character; PDFium's mark of a hyphen at a line's end is a soft one."""
    odd = code < 32 and chr(code) not in "\t\n\r"
    return "\u00ad" if odd or 0xD800 <= code < 0xE000 or code > 0x10FFFF else chr(code)


def _box(page: Any, rect: Rect) -> Box:
    """Return a rectangle of PDF coordinates as the page shows it, turned or cut."""
    left, bottom, right, top = rect
    corners = [_place(page, left, top), _place(page, right, bottom)]
    (x0, x1), (y0, y1) = (sorted(values) for values in zip(*corners, strict=True))
    return x0, y0, round(x1 - x0, 2), round(y1 - y0, 2)


def _place(page: Any, x: float, y: float) -> tuple[float, float]:
    import pypdfium2.raw as pdfium

    across, down = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDF_PageToDevice(page, 0, 0, _FINE, _FINE, 0, x, y, across, down)
    share = 1000 / _FINE
    return round(across.value * share, 2), round(down.value * share, 2)
