"""PowerPoint presentations: each slide a page, with its tables and notes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from glmkit.readers import office_archive
from glmkit.readers.page_ranges import compact
from glmkit.readers.paged_text import PagedText, TextPage
from glmkit.readers.source import FileSource, Reading, faults, no_reader, without_text
from glmkit.types.translation import _

_DEEPEST = 20


def slides(source: FileSource, encoding: str | None = None) -> Reading:
    """Return the slides: title, texts, rows of tables, and the speaker's notes."""
    try:
        import pptx
    except ImportError as exc:
        raise no_reader("PowerPoint") from exc
    with faults(source):
        office_archive.check(source)
        with source.open() as file:
            presentation = pptx.Presentation(file)
            pages = [_page(n, slide) for n, slide in enumerate(presentation.slides, 1)]
            notes = _notes(presentation)
    if not any(page.text for page in pages):
        raise without_text(
            source,
            _(
                "Its slides may be pictures: save it as PDF and have it read by OCR: "
                "client.documents.parse(path)."
            ),
        )
    return PagedText(pages, source.name, source.path, "slide", notes), ""


def _page(number: int, slide: Any) -> TextPage:
    title = slide.shapes.title
    name = _text(title.text_frame) if title is not None else ""
    parts = [name]
    for shape in _flat(slide.shapes):
        if title is not None and shape.shape_id == title.shape_id:
            continue
        if getattr(shape, "has_table", False):
            parts.append("\n".join(_rows(shape.table)))
        elif shape.has_text_frame:
            parts.append(_text(shape.text_frame))
    frame = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
    if frame is not None and (spoken := _text(frame)):
        parts.append(_("Notes: {text}", text=spoken))
    text = "\n\n".join(part for part in parts if part)
    return TextPage(number, text, " ".join(name.split()))


def _flat(shapes: Any, depth: int = 0) -> Iterator[Any]:
    """Yield shapes, and in the place of a group what it holds."""
    for shape in shapes:
        inside = getattr(shape, "shapes", None)
        if inside is None:
            yield shape
        elif depth < _DEEPEST:
            yield from _flat(inside, depth + 1)


def _text(frame: Any) -> str:
    lines = (paragraph.text.replace("\v", "\n") for paragraph in frame.paragraphs)
    return "\n".join(line.strip() for line in lines if line.strip())


def _rows(table: Any) -> Iterator[str]:
    """Yield rows as lines; the cells that a merged one covers are empty."""
    for row in table.rows:
        texts = ("" if c.is_spanned else " ".join(c.text.split()) for c in row.cells)
        line = " | ".join(texts)
        if line.strip(" |"):
            yield line


def _notes(presentation: Any) -> list[str]:
    notes = []
    hidden, drawn = [], []
    for number, slide in enumerate(presentation.slides, 1):
        if slide._element.get("show") == "0":
            hidden.append(number)
        if any(_is_drawing(shape) for shape in _flat(slide.shapes)):
            drawn.append(number)
    if hidden:
        notes.append(_("hidden slides: {slides}", slides=compact(hidden)))
    if drawn:
        notes.append(
            _(
                "charts and diagrams are not read: slides {slides}",
                slides=compact(drawn),
            )
        )
    return notes


def _is_drawing(shape: Any) -> bool:
    """Whether a shape is a frame that holds neither text nor a table."""
    return shape._element.tag.endswith("}graphicFrame") and not shape.has_table
