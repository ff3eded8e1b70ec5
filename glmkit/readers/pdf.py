"""PDF files: the text of their pages in reading order, by pdfium."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from glmkit.readers.page_layout import HYPHEN, Box, text_of, turned
from glmkit.readers.page_ranges import compact
from glmkit.readers.paged_text import PagedText, TextPage
from glmkit.readers.source import (
    FileSource,
    Reading,
    damaged,
    locked,
    no_reader,
    without_text,
)
from glmkit.types.errors import ConfigError
from glmkit.types.translation import _

#: pdfium is not safe for threads: hold this around every use of it.
LOCK = threading.RLock()

#: A word, and the hyphen of a line's end, which pdfium writes as \ufffe or \x02.
_WORD = re.compile("[^\\s\0\x02\ufffe\ufeff]+[\x02\ufffe]?")
#: The end of a whole file has this mark; what a transfer cut has not.
_END, _TAIL = b"%%EOF", 4096
#: Heights of a line that part the characters of one word, as in cells without spaces.
_APART = 0.8


def pdf(source: FileSource, encoding: str | None = None) -> Reading:
    """Return the pages of a PDF; a page without text is "" and stands in the notes."""
    try:
        import pypdfium2
    except ImportError as exc:
        raise no_reader("PDF") from exc
    _check_end(source)
    try:
        pages = list(_pages(pypdfium2, source))
    except (ConfigError, OSError):
        raise
    except Exception as exc:  # whatever a damaged file leads to
        if "password" in str(exc).lower():
            raise locked(source) from exc
        raise damaged(source, exc) from exc
    return _whole(source, pages), ""


def _check_end(source: FileSource) -> None:
    """Raise ConfigError for a file that was cut: pdfium would read what is left."""
    with source.open() as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - _TAIL))
        tail = file.read()
    if _END not in tail:
        raise damaged(source, _("its end is missing"))


def _whole(source: FileSource, pages: list[TextPage]) -> PagedText:
    blank = [page.number for page in pages if not page.text]
    if len(blank) == len(pages):
        raise without_text(
            source,
            _(
                "It may be scanned: client.documents.parse(path) reads it by OCR, "
                "--image sends its pages as pictures."
            ),
        )
    notes = [_("pages without text: {pages}", pages=compact(blank))] if blank else []
    return PagedText(pages, source.name, source.path, "page", notes)


def _pages(pypdfium2: Any, source: FileSource) -> Iterator[TextPage]:
    """Yield the pages; the lock is free between them."""
    with LOCK:
        document = pypdfium2.PdfDocument(source.origin)
        count = len(document)
    try:
        for number in range(count):
            with LOCK:
                words = _words(pypdfium2.raw, document[number])
            yield TextPage(number + 1, text_of(words))
    finally:
        with LOCK:
            document.close()


def _words(raw: Any, page: Any) -> list[Box]:
    """Return the words of a page with their places, and close the page."""
    try:
        text = page.get_textpage()
        try:
            boxes = _Boxes(raw, text.raw)
            found = list(boxes.words(_characters(raw, text)))
        finally:
            text.close()
        turn = page.get_rotation()
        if turn:
            width, height = page.get_size()
            if turn % 180:
                width, height = height, width
            found = [turned(word, turn, width, height) for word in found]
        return found
    finally:
        page.close()


def _characters(raw: Any, text: Any) -> str:
    """Return the characters of a page, one for each that has a place."""
    count = text.count_chars()
    found = str(text.get_text_range()) if count else ""
    if len(found) == count:
        return found
    codes = (raw.FPDFText_GetUnicode(text.raw, place) for place in range(count))
    return "".join(chr(code) if code < 0x110000 else "\0" for code in codes)


class _Boxes:
    """Reads the places of characters."""

    def __init__(self, raw: Any, text: Any) -> None:
        self._raw, self._text = raw, text
        self._box = raw.FS_RECTF()

    def words(self, characters: str) -> Iterator[Box]:
        """Yield the words of a page."""
        for found in _WORD.finditer(characters):
            begin, word = found.start(), found[0]
            hyphen = word[-1] in "\x02\ufffe"
            whole = self._joined(word[:-1] if hyphen else word, begin)
            if not hyphen:
                yield from whole
                continue
            *before, last = whole
            yield from before
            places = last.left, last.bottom, last.right, last.top
            yield Box(last.text + HYPHEN, *places)

    def _joined(self, word: str, begin: int) -> list[Box]:
        """Return a word, or its parts where its characters stand apart."""
        first, last = self._place(begin), self._place(begin + len(word) - 1)
        box = _around(word, first, last)
        height = box.top - box.bottom
        if box.right - box.left < height * (len(word) + _APART):
            return [box]
        places = [self._place(begin + place) for place in range(len(word))]
        cuts = [
            place
            for place in range(1, len(word))
            if places[place][0] - places[place - 1][2] > _APART * height
        ]
        ends = [0, *cuts, len(word)]
        return [_around(word[a:b], places[a], places[b - 1]) for a, b in pairwise(ends)]

    def _place(self, index: int) -> tuple[float, float, float, float]:
        box = self._box
        if not self._raw.FPDFText_GetLooseCharBox(self._text, index, box):
            return (0.0, 0.0, 0.0, 0.0)
        return box.left, box.bottom, box.right, box.top


def _around(
    text: str,
    a: tuple[float, float, float, float],
    b: tuple[float, float, float, float],
) -> Box:
    """Return the box of a word from those of its first and last character."""
    bottom, top = min(a[1], b[1]), max(a[3], b[3])
    if top <= bottom:
        top = bottom + 1.0
    return Box(text, min(a[0], b[0]), bottom, max(a[2], b[2]), top)
