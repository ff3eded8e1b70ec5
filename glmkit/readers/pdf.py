"""PDF files: the text of their pages in reading order, by pdfium."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

from glmkit.readers.page_layout import HYPHEN, text_of
from glmkit.readers.page_ranges import compact
from glmkit.readers.page_rows import Box, Place, turned
from glmkit.readers.paged_text import PagedText, TextPage
from glmkit.readers.source import (
    FileSource,
    Reading,
    damaged,
    fault_of,
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
_HYPHENS = "\x02\ufffe"
#: Heights of a line that part the characters of one word, as in cells without spaces:
#: beside each other, and below.
_APART, _LOWER = 0.8, 0.7


def pdf(source: FileSource, encoding: str | None = None) -> Reading:
    """Return the pages of a PDF; a page without text is "" and stands in the notes."""
    try:
        import pypdfium2
    except ImportError as exc:
        raise no_reader("PDF") from exc
    _check_end(source)
    notes: list[str] = []
    try:
        pages = list(_pages(pypdfium2, source, notes))
    except ConfigError:
        raise
    except Exception as exc:  # whatever a damaged file leads to
        if "password" in str(exc).lower():
            raise locked(source) from exc
        raise fault_of(source, exc) from exc
    return _whole(source, pages, notes), ""


def part_of(path: str, numbers: Iterable[int]) -> bytes:
    """Return a PDF of some pages of another."""
    import pypdfium2

    with LOCK:
        whole, part = pypdfium2.PdfDocument(path), pypdfium2.PdfDocument.new()
        try:
            part.import_pages(whole, [number - 1 for number in numbers])
            buffer = io.BytesIO()
            part.save(buffer)
        finally:
            part.close()
            whole.close()
    return buffer.getvalue()


def _check_end(source: FileSource) -> None:
    """Raise ConfigError for a file that was cut: pdfium would read what is left."""
    with source.open() as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - _TAIL))
        tail = file.read()
    _before, found, after = tail.rpartition(_END)
    # After the end of an older state, objects of the next one would be lost.
    if not found or b" obj" in after:
        raise damaged(source, _("its end is missing"))


def _whole(source: FileSource, pages: list[TextPage], notes: list[str]) -> PagedText:
    blank = [page.number for page in pages if not page.text]
    if len(blank) == len(pages):
        error = without_text(
            source,
            _(
                "It may be scanned: glmkit.read_scans(path) reads it by OCR, --image "
                "sends its pages as pictures."
            ),
        )
        error.pages = PagedText(pages, source.name, source.path)
        raise error
    if blank:
        notes.append(_("pages without text: {pages}", pages=compact(blank)))
    return PagedText(pages, source.name, source.path, "page", notes)


def _pages(pypdfium2: Any, source: FileSource, notes: list[str]) -> Iterator[TextPage]:
    """Yield the pages; the lock is free between them. Adds to the notes."""
    with LOCK:
        document = pypdfium2.PdfDocument(source.origin)
        count = len(document)
        if document.get_formtype():
            notes.append(_("what is filled into the fields of a form is not read"))
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
            characters = _characters(raw, text)
            boxes = _Boxes(raw, text.raw, page.get_rotation())
            found = list(boxes.words(characters))
            if abs(boxes.upward) > boxes.long / 2:  # a table drawn along the side
                turn = boxes.turn + (90 if boxes.upward > 0 else 270)
                found = list(_Boxes(raw, text.raw, turn).words(characters))
        finally:
            text.close()
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
    """Reads the places of characters, on a page turned clockwise by `turn`.

    `long` counts the words of several characters, `upward` those that go up, less those
    that go down.
    """

    def __init__(self, raw: Any, text: Any, turn: int) -> None:
        self._read, self._text = raw.FPDFText_GetLooseCharBox, text
        self._box = raw.FS_RECTF()
        self.turn, self.long, self.upward = turn, 0, 0

    def words(self, characters: str) -> Iterator[Box]:
        """Yield the words of a page."""
        for found in _WORD.finditer(characters):
            begin, word = found.start(), found[0]
            hyphen = HYPHEN if word[-1] in _HYPHENS else ""
            spaced = begin > 0 and characters[begin - 1] == " "
            yield from self._boxes(word[:-1] if hyphen else word, begin, spaced, hyphen)

    def _boxes(self, word: str, begin: int, spaced: bool, hyphen: str) -> Iterable[Box]:
        """Return a word, or its parts where its characters stand apart."""
        first = last = self._place(begin)
        if len(word) > 1:
            last = self._place(begin + len(word) - 1)
            self.long += 1
        height = first[3] - first[1]
        wide = last[2] - first[0] > height * (len(word) + _APART)
        rise = last[1] - first[1]
        if wide or abs(rise) > _LOWER * height:
            if abs(rise) > abs(last[0] - first[0]):
                self.upward += 1 if rise > 0 else -1
            return self._parts(word, begin, spaced, hyphen)
        return (_around(word + hyphen, first, last, spaced),)

    def _parts(self, word: str, begin: int, spaced: bool, hyphen: str) -> list[Box]:
        """Cut a word where there is a gap, or where the next line begins."""
        places = [self._place(begin + place) for place in range(len(word))]
        cuts = [
            at
            for at, (a, b) in enumerate(pairwise(places), 1)
            if b[0] - a[2] > _APART * (a[3] - a[1])
            or a[1] - b[1] > _LOWER * (a[3] - a[1])
        ]
        ends = [0, *cuts, len(word)]
        return [
            _around(
                word[a:b] + (hyphen if b == len(word) else ""),
                places[a],
                places[b - 1],
                spaced and not a,
            )
            for a, b in pairwise(ends)
        ]

    def _place(self, index: int) -> Place:
        box = self._box
        if not self._read(self._text, index, box):
            return (0.0, 0.0, 0.0, 0.0)
        place = box.left, box.bottom, box.right, box.top
        return turned(place, self.turn) if self.turn else place


def _around(text: str, a: Place, b: Place, spaced: bool) -> Box:
    """Return the box of a word from those of its first and last character."""
    bottom = a[1] if a[1] < b[1] else b[1]
    top = a[3] if a[3] > b[3] else b[3]
    if top <= bottom:
        top = bottom + 1.0
    left = a[0] if a[0] < b[0] else b[0]
    return Box(text, left, bottom, a[2] if a[2] > b[2] else b[2], top, spaced)
