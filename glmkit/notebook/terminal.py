"""Writes an answer on a terminal while it streams, its Markdown as styles.

Only our own style codes are written: the text is bare of control characters before.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable

from IPython.core.interactiveshell import InteractiveShell

from glmkit.types.plain_text import plain, write

#: Characters that wait for the end of a mark, and the longest text between two.
_PATIENCE = 300

_BOLD, _DIM, _ITALIC, _CODE = ("1", "22"), ("2", "22"), ("3", "23"), ("36", "39")

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})\s*([\w+#.-]*)[^`]*")
_HEADING = re.compile(r" {0,3}#{1,6}[ \t]+")
_ITEM = re.compile(r"(\s*)(?:[-*+]|(\d{1,9}[.)]))[ \t]+")
_QUOTE = re.compile(r" {0,3}> ?")
#: What a line may begin with before it is known what it is.
_UNSURE = re.compile(r"\s*(?:[#>|+*-]{1,6}|\d{0,9}[.)]?|[`~]{1,2})?")
_MOST = f"{{1,{_PATIENCE}}}?"
_SPAN = re.compile(
    r"\\(?P<bare>[!-'*-/:-@^-`{-~])"
    rf"|(?<!`)(?P<tick>`{{1,8}}+)(?P<code>.{_MOST})(?<!`)(?P=tick)(?!`)"
    rf"|\*\*(?=\S)(?P<bold>.{_MOST})(?<=\S)\*\*"
    rf"|(?<![\w*])\*(?=[^\s*])(?P<star>[^*]{_MOST})(?<=\S)\*(?![\w*])"
    rf"|(?<![\w_])_(?=[^\s_])(?P<line>[^_]{_MOST})(?<=\S)_(?![\w_])"
)
_MARK = re.compile(r"\\|`|\*|(?<!\w)_")


def wanted(shell: InteractiveShell) -> bool:
    """Whether what is written is seen on a terminal by someone who wants styles."""
    return (
        sys.stdout.isatty()
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM") != "dumb"
        and str(shell.colors).lower() != "nocolor"
    )


def wipe_prompt() -> None:
    """Clear the cursor's line: IPython's `Out[3]:` of a value that was shown."""
    write("\r\x1b[K")


def dim(text: str) -> str:
    """Return our own text in the quiet style."""
    return _in(_DIM, text) if text else ""


def _in(style: tuple[str, str], text: str) -> str:
    begin, end = style
    return f"\x1b[{begin}m{text}\x1b[{end}m"


class Styler:
    """Folds the pieces of a Markdown text to what is written next.

    A line of text is written as it comes, but for an open mark; a line of code or of
    a table when it ends.

    >>> styler = Styler()
    >>> styler.feed("A *blue") + styler.feed("* sky\\n") + styler.close()
    'A \\x1b[3mblue\\x1b[23m sky\\n'
    """

    def __init__(self, *, light: bool = False) -> None:
        self._light = light
        self._held = ""
        self._begun: Callable[[str], str] | None = None
        self._fence = ""
        self._colour: Callable[[str], str] = dim

    def feed(self, text: str) -> str:
        """Take the next text; return what can be written."""
        *lines, last = (self._held + plain(text)).split("\n")
        written = []
        for line in lines:
            written += [self._end(line), "\n"]
        self._held = last
        written.append(self._growing())
        return "".join(written)

    def close(self) -> str:
        """Return the rest: the text ends here."""
        rest, self._held = self._held, ""
        return self._end(rest)

    def _growing(self) -> str:
        """Return what is certain of a line that is not whole, and hold the rest."""
        if self._fence or (self._begun is None and _UNSURE.fullmatch(self._held)):
            return ""
        opening = ""
        if self._begun is None:
            if self._held.lstrip().startswith(("`" * 3, "~" * 3, "|")):
                return ""
            opening = self._begin()
        ready, self._held = _settled(self._held)
        return opening + self._begun(ready) if self._begun else ""

    def _begin(self) -> str:
        """Note what the line is, and return what stands before its text."""
        self._begun = _inline
        line = self._held
        if found := _HEADING.match(line):
            self._begun = _bold
            opening = ""
        elif found := _ITEM.match(line):
            opening = f"{found[1]}{found[2] or '•'} "
        elif found := _QUOTE.match(line):
            opening = dim("│ ")
        else:
            return ""
        self._held = line[found.end() :]
        return opening

    def _end(self, line: str) -> str:
        """Return a line that is whole, or the rest of one that has begun."""
        if self._fence:
            return self._code(line)
        if self._begun is None:
            if found := _FENCE.fullmatch(line):
                self._fence, self._colour = found[1], _coloured(found[2], self._light)
                return dim(found[2])
            if line.lstrip().startswith("|"):
                return line
        self._held, opening = line, ""
        if self._begun is None:
            opening = self._begin()
        style, self._begun = self._begun or _inline, None
        return opening + style(self._held)

    def _code(self, line: str) -> str:
        bare = line.strip()
        if len(bare) >= len(self._fence) and not bare.strip(self._fence[0]):
            self._fence = ""
            return ""
        return f"    {self._colour(line)}" if bare else ""


def _settled(text: str) -> tuple[str, str]:
    """Return what no further text can change, and the rest."""
    at = 0
    while (mark := _MARK.search(text, at)) is not None:
        span = _SPAN.match(text, mark.start())
        open_end = span is None or span.end() == len(text)
        if open_end and len(text) - mark.start() <= _PATIENCE:
            if span is None and text[mark.end() : mark.end() + 1] == " ":
                at = mark.end()
                continue
            return text[: mark.start()], text[mark.start() :]
        at = span.end() if span else mark.end()
    return text, ""


def _inline(text: str) -> str:
    return _SPAN.sub(_span, text)


def _bold(text: str) -> str:
    """Write a part of a heading: it is bold already, so no mark may end that."""
    inside = _inline(text).replace("\x1b[1m", "").replace("\x1b[22m", "")
    return _in(_BOLD, inside) if inside else ""


def _span(found: re.Match[str]) -> str:
    if found["bare"]:
        return found["bare"]
    if found["code"]:
        return _in(_CODE, found["code"])
    if found["bold"]:
        return _in(_BOLD, _inline(found["bold"]))
    return _in(_ITALIC, _inline(found["star"] or found["line"]))


def _coloured(language: str, light: bool) -> Callable[[str], str]:
    """Return what colours a line of code; it is dim where nobody knows its language."""
    from pygments import highlight
    from pygments.formatters import TerminalFormatter
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return dim
    formatter = TerminalFormatter(bg="light" if light else "dark")
    return lambda line: highlight(line, lexer, formatter).rstrip("\n")
