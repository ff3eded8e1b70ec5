"""Renders an open code fence line by line."""

from __future__ import annotations

from html import escape

from markdown_it.token import Token

from glmkit.render import markdown


class Fence:
    """An open fence: its HTML, and its code line by line until it closes."""

    def __init__(self, token: Token, opening: str) -> None:
        self._mark = token.markup
        self._indent = len(opening) - len(opening.lstrip(" "))
        self._line_start = True
        language = (token.info.split() or [""])[0]
        classes = f' class="language-{escape(language)}"' if language else ""
        shell = markdown.clean(f"<pre><code{classes}></code></pre>")
        self.open = shell.removesuffix("</code></pre>")
        self.close = "</code></pre>"

    def take(self, source: str) -> tuple[str, str | None]:
        """Return the code of the source as HTML, and what follows the fence's end.

        The second is None as long as the fence is open.
        """
        code: list[str] = []
        start = 0
        while start < len(source):
            end = source.find("\n", start) + 1 or len(source)
            line = source[start:end]
            if self._closes(line):
                return "".join(code), source[end:]
            code.append(self._written(line))
            self._line_start = line.endswith("\n")
            start = end
        return "".join(code), None

    def written(self, source: str) -> str:
        """Return the HTML of a part of a line that is not finished."""
        return "" if self._closes(source) else self._written(source)

    def _closes(self, line: str) -> bool:
        text = line.rstrip("\n\t ")
        bare = text.lstrip(" ")
        return (
            self._line_start
            and len(text) - len(bare) < 4
            and len(bare) >= len(self._mark)
            and not bare.strip(self._mark[0])
        )

    def _written(self, line: str) -> str:
        if self._line_start and self._indent:
            spaces = len(line) - len(line.lstrip(" "))
            line = line[min(spaces, self._indent) :]
        return escape(line, quote=False)
