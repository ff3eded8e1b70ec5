"""A review as one HTML file that needs nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from glmkit.documents.cell_values import text_of
from glmkit.documents.review_rows import ReviewRow, review_rows
from glmkit.documents.review_store import ReviewStore
from glmkit.documents.review_table import ReviewTable
from glmkit.documents.whole_file import write_whole
from glmkit.readers.paged_text import PagedText
from glmkit.readers.quotes import Quotes
from glmkit.types.plain_text import escaped, one_line
from glmkit.types.translation import _

_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
)
_STYLE = """
:root { color-scheme: light dark; --line: color-mix(in srgb, CanvasText 20%, Canvas);
  --quiet: color-mix(in srgb, CanvasText 70%, Canvas); }
body { background: Canvas; color: CanvasText; font: 15px/1.5 system-ui, sans-serif;
  margin: 0 auto; max-width: 80rem; padding: 1.5rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.15rem; margin-top: 2.5rem; }
h3 { font-size: 1rem; margin: 1.5rem 0 .4rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .35rem .7rem .35rem 0;
  text-align: start; vertical-align: top; }
th { color: var(--quiet); font-size: .85rem; font-weight: 600; }
td { overflow-wrap: anywhere; }
td.value { font-weight: 600; min-width: 6rem; } td.quote { min-width: 14rem; }
td.number { font-variant-numeric: tabular-nums; text-align: end; }
.odd { border-inline-start: 3px solid #c62828; padding-inline-start: .4rem; }
del { color: var(--quiet); font-weight: 400; }
small, .quiet { color: var(--quiet); }
a { color: LinkText; }
pre { border: 1px solid var(--line); border-radius: 4px; font: inherit; margin: 0;
  overflow-wrap: anywhere; padding: .8rem 1rem; white-space: pre-wrap; }
mark { background: #ffe27a; border-radius: 2px; color: #1a1a1a; }
:target + mark { outline: 3px solid #b26a00; }
"""
_COLUMNS = ("Row", "Field", "Value", "Found", "Page", "Quote", "Review", "Note")
_ODD = ("not found", "value differs")


class _Page:
    """A page that items lead to, with the places of their quotes."""

    def __init__(self, document: PagedText, at: int, mark: str) -> None:
        self.document, self.page, self.mark = document, document.pages[at], mark
        # A quote may end on the next page.
        self.quotes = Quotes(PagedText(document.pages[at : at + 2]))
        self.spans: list[tuple[int, int, str]] = []


def write_html(path: Path, table: ReviewTable, store: ReviewStore) -> None:
    """Write all items, and below them the pages that they lead to, quotes marked.

    The file has no script and asks for nothing. Raises ConfigError.
    """
    rows = [*review_rows(table, store)]
    pages, links = _pages(rows)
    parts = [
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escaped(_('Review'))}</title><style>{_STYLE}</style></head><body>",
        f"<main><h1>{escaped(_('Review'))}</h1>",
        f"<p>{escaped(_summary(rows))}</p>",
        *_table(rows, links),
        f"<h2>{escaped(_('Pages'))}</h2>" if pages else "",
        *map(_section, pages),
        "</main></body></html>\n",
    ]
    data = "".join(parts).encode("utf-8")
    write_whole(path, lambda file: file.write(data))


def _summary(rows: Sequence[ReviewRow]) -> str:
    states = [row.outcome.state for row in rows]
    found = [row.item.found for row in rows]
    return _(
        "{done:,} of {all:,} values reviewed: {confirmed:,} confirmed, {corrected:,} "
        "corrected, {rejected:,} rejected. {missing:,} not found, {differs:,} disagree "
        "with their quote.",
        done=len(states) - states.count("untouched"),
        all=len(states),
        missing=found.count("not found"),
        differs=found.count("value differs"),
        **{name: states.count(name) for name in ("confirmed", "corrected", "rejected")},
    )


def _pages(rows: Sequence[ReviewRow]) -> tuple[list[_Page], dict[int, str]]:
    """Return the pages that items lead to, and for each item where it leads."""
    pages: dict[tuple[str, str, str, int], _Page] = {}
    links: dict[int, str] = {}
    for row in rows:
        document, number = row.document, row.item.page
        if document is None or number is None:
            continue
        numbers = [page.number for page in document.pages]
        if number not in numbers:
            continue
        at = numbers.index(number)
        key = (document.name, document.path, document.pages[at].text, number)
        if key not in pages:
            pages[key] = _Page(document, at, f"page-{len(pages) + 1}")
        held = pages[key]
        links[row.item.number] = held.mark
        place = held.quotes.find(row.item.quote, number)
        if place is not None and place.page == number:
            mark = f"quote-{row.item.number}"
            held.spans.append((place.start, place.end, mark))
            links[row.item.number] = mark
    return [*pages.values()], links


def _table(rows: Sequence[ReviewRow], links: dict[int, str]) -> Iterator[str]:
    heads = "".join(f'<th scope="col">{escaped(_(name))}</th>' for name in _COLUMNS)
    yield f'<div class="scroll"><table><thead><tr>{heads}</tr></thead><tbody>'
    for row in rows:
        yield _line(row, links.get(row.item.number, ""))
    yield "</tbody></table></div>"


def _line(row: ReviewRow, link: str) -> str:
    item = row.item
    place = "" if item.page is None else str(item.page)
    name = row.document.name if row.document is not None else ""
    label = " ".join(filter(None, [one_line(name), place]))
    page = f'<a href="#{link}">{escaped(label)}</a>' if link else escaped(label)
    odd = ' class="odd"' if item.found in _ODD else ""
    cells = [
        f'<td class="number">{item.row}</td>',
        f"<td>{escaped(item.field)}</td>",
        f'<td class="value">{_value(row)}</td>',
        f"<td><span{odd}>{escaped(item.found)}</span></td>",
        f"<td>{page}</td>",
        f'<td class="quote">{escaped(item.quote)}</td>',
        f"<td>{_review(row)}</td>",
        f"<td>{escaped(row.notes)}</td>",
    ]
    return f"<tr>{''.join(cells)}</tr>"


def _value(row: ReviewRow) -> str:
    before = escaped(text_of(row.item.value))
    match row.outcome.state:
        case "corrected":
            after = escaped(text_of(row.corrected)) or "—"
            return f"<del>{before}</del> {after}" if before else after
        case "rejected":
            return f"<del>{before}</del>"
        case _:
            return before


def _review(row: ReviewRow) -> str:
    if not row.decisions:
        return ""
    state = row.outcome.state
    what = _("reviewers differ") if state == "differs" else state
    who = f"{row.reviewers}, {row.at}"
    return f"{escaped(what)}<br><small>{escaped(who)}</small>"


def _section(page: _Page) -> str:
    unit = f"{page.document.unit} {page.page.number}"
    words = filter(None, [page.document.name, unit, page.page.title])
    title = escaped(" · ".join(map(one_line, words)))
    text = _marked(page.page.text, page.spans)
    head = f'<h3 id="{page.mark}">{title}</h3>'
    return f"<section>{head}<pre>{text}</pre></section>"


def _marked(text: str, spans: Sequence[tuple[int, int, str]]) -> str:
    """Return a text with its spans marked; they may overlap.

    >>> _marked("a<b", [(0, 2, "q")])
    '<span id="q"></span><mark>a&lt;</mark>b'
    """
    steps = Counter[int]()  # of the number of quotes that a place is in
    ids: dict[int, list[str]] = {}
    for first, last, mark in spans:
        steps[first] += 1
        steps[last] -= 1
        ids.setdefault(first, []).append(mark)
    parts, depth = [], 0
    for start, end in pairwise(sorted({0, len(text), *steps})):
        depth += steps[start]
        parts += [f'<span id="{mark}"></span>' for mark in ids.get(start, ())]
        piece = escaped(text[start:end])
        parts.append(f"<mark>{piece}</mark>" if depth else piece)
    return "".join(parts)
