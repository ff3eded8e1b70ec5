"""Builds the HTML of an output: body, thinking, tools, sources, badge, style."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from glmkit.render import markdown
from glmkit.render.style_sheet import style_for
from glmkit.types.events import Source
from glmkit.types.plain_text import escaped, plain

#: The typesetters of JupyterLab and its exports leave what is in here alone, but
#: for formulas that are marked.
FRAME = "glmkit-answer mathjax_ignore tex2jax_ignore"

#: Empty lines: in Markdown, HTML ends at one.
_EMPTY_LINE = re.compile(r"\n(?=[ \t]*\n)")

#: Characters of HTML that a page lays out at once without being held up.
_LONG = 20_000


class Badge(msgspec.Struct, frozen=True, kw_only=True):
    """The line under an answer; empty texts and None are left out.

    `cost` and `list_cost` are written as the user reads them ("¥0.000486");
    `note` says what is unusual ("cut off at max_tokens"); `source` is one of
    "service", "stand-in", "cassette", "illustration"; `request` is what was sent, to
    be unfolded.
    """

    model: str
    stand_in: str = ""
    prompt_tokens: int | None = None
    cached: int | None = None
    completion_tokens: int | None = None
    reasoning: int | None = None
    cost: str = ""
    list_cost: str = ""
    seconds: float | None = None
    first_token_s: float | None = None
    note: str = ""
    source: str = "service"
    request: str = ""

    def parts(self) -> list[str]:
        """Return the facts of the line, one text each."""
        parts = [self.model, self._who(), self._tokens(), self._money(), self._time()]
        return [part for part in [*parts, self.note] if part]

    def line(self) -> str:
        """Return the badge as plain text.

        >>> Badge(model="glm-4-flash", prompt_tokens=9, cost="¥0", seconds=1.25).line()
        'glm-4-flash · 9 tokens in · ¥0 · 1.2 s'
        """
        return plain(" · ".join(self.parts()))

    def _who(self) -> str:
        how = {
            "cassette": "replayed",
            "illustration": "illustration, not a model's answer",
        }
        said = [how[self.source]] if self.source in how else []
        if self.stand_in:
            said.append(f"answered by the stand-in {self.stand_in}")
        return ", ".join(said)

    def _tokens(self) -> str:
        said = []
        about = "about " if self.source == "illustration" else ""
        if self.prompt_tokens is not None:
            cached = f" ({self.cached:,} cached)" if self.cached else ""
            said.append(f"{about}{self.prompt_tokens:,}{cached} tokens in")
        if self.completion_tokens is not None:
            thought = f" ({self.reasoning:,} thinking)" if self.reasoning else ""
            said.append(f"{self.completion_tokens:,}{thought} out")
        return ", ".join(said)

    def _money(self) -> str:
        if self.list_cost and self.list_cost != self.cost:
            if self.source == "cassette" and not self.stand_in:
                return f"saved {self.list_cost}"
            if self.source == "illustration":
                return f"{self.cost or 'cost unknown'} (list about {self.list_cost})"
            return f"{self.cost or 'cost unknown'} (list {self.list_cost})"
        return self.cost

    def _time(self) -> str:
        if self.seconds is None:
            return ""
        first = self.first_token_s
        return f"{self.seconds:.1f} s" + (
            f", first token {first:.2f} s" if first is not None else ""
        )


def page(
    body: str,
    *,
    thinking: str = "",
    thought: str = "",
    notes: str = "",
    badge: Badge | None = None,
    partial: str = "",
) -> str:
    """Return the inside of an answer's frame.

    `body`, `thinking` and `notes` are HTML of glmkit; `badge`, `thought` (how much
    thinking it was) and `partial` (why the answer is not whole) are plain and escaped
    here.
    """
    return "".join(
        [
            folded(f"Thinking{thought}", thinking) if thinking else "",
            f'<div class="glmkit-body">{body}</div>',
            notes,
            f'<p class="glmkit-partial">{escaped(partial)}</p>' if partial else "",
            _badge(badge) if badge else "",
        ]
    )


def static(inside: str) -> str:
    """Return a self-contained output: a frame with its style and no empty line."""
    frame = f"{FRAME} glmkit-long" if len(inside) > _LONG else FRAME
    inside = _EMPTY_LINE.sub("&#10;", inside)
    style = style_for(f"{frame}{inside}")
    return f'<div class="{frame}"><style>{style}</style>{inside}</div>'


def folded(title: str, inside: str) -> str:
    """Return a closed fold with a plain title round HTML of glmkit."""
    return (
        f'<details class="glmkit-fold"><summary>{escaped(title)}</summary>'
        f'<div class="glmkit-folded">{inside}</div></details>'
    )


def code(text: str) -> str:
    """Return plain text as a block of code."""
    return f"<pre><code>{escaped(text)}</code></pre>"


def picked(html: str) -> str:
    """Return code of which a click selects all: a static output has no buttons."""
    return f'<div class="glmkit-pick" title="A click selects all of it">{html}</div>'


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return plain texts as a table."""
    head = "".join(f"<th>{escaped(name)}</th>" for name in header)
    lines = "".join(
        "<tr>" + "".join(f"<td>{escaped(cell)}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"


def wrapped(text: str) -> str:
    """Return plain text with its line breaks, wrapped where a line is too long."""
    return f'<div class="glmkit-plain">{escaped(text)}</div>'


def sources(results: tuple[Source, ...]) -> str:
    """Return the pages of a web search as a fold of links that show their host."""
    items = "".join(f"<li>{_source(result)}</li>" for result in results)
    return folded(f"Sources ({len(results)})", f"<ol>{items}</ol>")


def _source(result: Source) -> str:
    title = result.title or result.link or result.media
    about = f" · {result.media}" if result.media and result.media != title else ""
    return markdown.link(result.link, title) + escaped(about)


def _badge(badge: Badge) -> str:
    spans = " · ".join(f"<span>{escaped(part)}</span>" for part in badge.parts())
    if not badge.request:
        return f'<p class="glmkit-badge">{spans}</p>'
    return (
        f'<details class="glmkit-badge"><summary>{spans}</summary>'
        f"{code(badge.request)}</details>"
    )
