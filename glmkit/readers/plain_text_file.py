"""Text files: their encoding, their pages by form feeds, Markdown's sections."""

from __future__ import annotations

from glmkit.readers.paged_text import PagedText, TextPage, Unit
from glmkit.readers.sections import of_markdown
from glmkit.readers.source import FileSource, Reading
from glmkit.types import encodings
from glmkit.types.encodings import Decoded
from glmkit.types.errors import ConfigError
from glmkit.types.translation import _

_MARKDOWN = {".md", ".markdown"}


def text_of(source: FileSource, encoding: str | None = None) -> Decoded:
    """Return a file's text in an encoding, by default the one that fits."""
    data = source.read()
    if encoding is not None:
        return Decoded(_named(source, data, encoding))
    found = encodings.decode(data)
    if found is None:
        raise ConfigError(
            _(
                "{file} is not text: tried {encodings}",
                file=source.name,
                encodings=encodings.TRIED,
            ),
            hint=_(
                "Save it as UTF-8, or name its encoding: glmkit.read(path, "
                "encoding='shift_jis'). .pdf, .docx, .xlsx, .pptx, .html and .ipynb "
                "can be read too; pictures go by --image."
            ),
        )
    return found


def plain_text(source: FileSource, encoding: str | None = None) -> Reading:
    """Return a text file, and the guess of its encoding."""
    text, guess = text_of(source, encoding)
    if source.ending in _MARKDOWN:
        pages = of_markdown(text)
        return PagedText(pages, source.name, source.path, "section"), guess
    pages = [TextPage(number, part) for number, part in enumerate(text.split("\f"), 1)]
    if len(pages) > 1 and not pages[-1].text.strip():
        pages.pop()  # a form feed ends the last page too
    unit: Unit = "page" if "\f" in text else "section"
    return PagedText(pages, source.name, source.path, unit), guess


def _named(source: FileSource, data: bytes, encoding: str) -> str:
    """Return the text in the encoding that the caller names."""
    try:
        return data.decode(encoding)
    except LookupError as exc:
        raise ConfigError(
            _("{encoding} is not an encoding", encoding=repr(encoding)),
            hint=_("Use a name that Python knows: 'gb18030', 'big5', 'shift_jis'."),
        ) from exc
    except UnicodeError as exc:
        raise ConfigError(
            _("{file} is not text in {encoding}", file=source.name, encoding=encoding),
            hint=_("Leave `encoding` out to have it guessed."),
        ) from exc
