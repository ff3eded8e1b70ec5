"""Word documents: their body in order, as pages where Word saved them, or sections."""

from __future__ import annotations

from typing import Any

from glmkit.readers import office_archive
from glmkit.readers.paged_text import PagedText, TextPage
from glmkit.readers.sections import sections
from glmkit.readers.source import FileSource, Reading, faults, no_reader, without_text
from glmkit.readers.word_body import PAGE, Heading, WordBody
from glmkit.types.translation import _


def word(source: FileSource, encoding: str | None = None) -> Reading:
    """Return a document's text, with tracked changes as if they were accepted.

    The pages are Word's own where it saved them, else sections by headings 1 and 2
    and page breaks.
    """
    try:
        import docx
    except ImportError as exc:
        raise no_reader("Word") from exc
    with faults(source):
        office_archive.check(source)
        with source.open() as file:
            document = docx.Document(file)
        body = WordBody(document)
        blocks = body.blocks()
        notes = [*_notes(body), *_aside(document)]
    if not any(block for block in blocks if block != PAGE):
        raise without_text(source)
    if body.paged:
        pages = _pages(blocks)
        return PagedText(pages, source.name, source.path, "page", notes), ""
    return PagedText(_sections(blocks), source.name, source.path, "section", notes), ""


def _pages(blocks: list[str]) -> list[TextPage]:
    parts: list[list[str]] = [[]]
    for block in blocks:
        first, *rest = block.split(PAGE)
        parts[-1].append(first)
        parts += [[part] for part in rest]
    texts = ("\n\n".join(b for b in map(str.strip, part) if b) for part in parts)
    return [TextPage(number, text) for number, text in enumerate(texts, 1)]


def _sections(blocks: list[str]) -> list[TextPage]:
    parts: list[tuple[str, list[str]]] = [("", [])]
    for block in blocks:
        if isinstance(block, Heading):
            parts.append((block.replace(PAGE, ""), []))
        first, *rest = block.split(PAGE)
        parts[-1][1].append(first)
        parts += [("", [part]) for part in rest]
    texts = (
        (title, "\n\n".join(b.strip() for b in part if b.strip()))
        for title, part in parts
    )
    return sections(texts)


def _notes(body: WordBody) -> list[str]:
    notes = []
    if body.tracked:
        notes.append(_("tracked changes are read as if they were accepted"))
    if body.drawings:
        notes.append(_("charts and diagrams are not read"))
    return notes


def _aside(document: Any) -> list[str]:
    """Return notes of what stands beside the body."""
    notes = []
    if any(
        str(part.partname).endswith("/comments.xml")
        for part in document.part.package.iter_parts()
    ):
        notes.append(_("comments are not read"))
    heads = {
        text
        for section in document.sections
        for part in (section.header, section.footer)
        if not part.is_linked_to_previous
        for text in (" ".join(p.text.strip() for p in part.paragraphs).strip(),)
        if text
    }
    if heads:
        notes.append(_("headers and footers are not read"))
    return notes
