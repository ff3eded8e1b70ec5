"""The filter for text that others wrote: models, servers, files, names, titles.

What goes to a terminal, a `text/plain` output, a warning or a traceback passes `plain`
or `one_line`; a page gets `escaped` text, or HTML that `glmkit.render` made.
"""

from __future__ import annotations

import re
import sys
import warnings
from html import escape
from typing import TextIO

#: Control characters move a terminal's cursor, bidirectional overrides disguise an
#: address, and half of a surrogate pair cannot be encoded. Tab and line feed stay.
_FILTERED: dict[int, str | None] = {
    **dict.fromkeys((*range(9), *range(11, 32), *range(127, 160))),
    **dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A))),
    **dict.fromkeys(range(0xD800, 0xE000), "\N{REPLACEMENT CHARACTER}"),
}
_BREAKS = re.compile("[\n\r\x0b\x0c\x85\u2028\u2029]+")


def plain(text: str) -> str:
    """Return the text without control characters and direction overrides.

    >>> plain("red: \\x1b[31m!")
    'red: [31m!'
    """
    return text.translate(_FILTERED)


def one_line(text: str) -> str:
    r"""Return the plain text on one line.

    >>> one_line("No such\n  model\x07\n")
    'No such model'
    """
    parts = (plain(part).strip() for part in _BREAKS.split(text))
    return " ".join(part for part in parts if part)


def escaped(text: str, *, quote: bool = False) -> str:
    """Return the plain text as HTML that shows just it; `quote` for an attribute.

    >>> escaped("<b> & \\x1b")
    '&lt;b&gt; &amp; '
    """
    return escape(plain(text), quote)


def encodable(text: str) -> bool:
    """Whether UTF-8 can hold a text: half of a surrogate pair it cannot.

    >>> encodable("天"), encodable("\\ud83d")
    (True, False)
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def warn(message: str, category: type[Warning], stacklevel: int = 1) -> None:
    """Warn the user with a plain message; `stacklevel` counts from the caller."""
    warnings.warn(one_line(message), category, stacklevel=stacklevel + 1)


def say(*lines: str, file: TextIO | None = None) -> None:
    """Print plain lines, on stdout unless a `file` is named."""
    write(plain("\n".join(lines)) + "\n", file)


def write(text: str, file: TextIO | None = None) -> None:
    """Write a text that is plain already; `?` stands for what the file cannot encode.

    A console may know neither ¥ nor an emoji, and a paid answer must not end there.
    """
    out = sys.stdout if file is None else file
    try:
        out.write(text)
    except UnicodeEncodeError:
        encoding = getattr(out, "encoding", None) or "ascii"
        out.write(text.encode(encoding, "replace").decode(encoding))
    out.flush()
