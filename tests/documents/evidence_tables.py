"""Tables as an extraction with evidence returns them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from glmkit.readers.paged_text import PagedText, TextPage

STATES = ("exact", "normalised", "value differs", "not found")


def document(
    name: str = "report.pdf", pages: Sequence[str] = (), path: str = ""
) -> PagedText:
    texts = pages or ("Income statement", "Revenue was 1,234 thousand.")
    numbered = [TextPage(n, text) for n, text in enumerate(texts, 1)]
    return PagedText(numbered, name=name, path=path)


def draw_pdf(path: Path, pages: Sequence[Sequence[str]]) -> Path:
    """Write a PDF file with lines of text on pages of A5."""
    from reportlab.lib.pagesizes import A5
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(path), pagesize=A5)
    for lines in pages:
        canvas.setFont("Helvetica", 11)
        for n, line in enumerate(lines):
            canvas.drawString(40, 540 - 22 * n, line)
        canvas.showPage()
    canvas.save()
    return path


#: A statement of two pages, as `draw_pdf` takes it.
STATEMENT = (
    ("Annual report", "Ada Engines plc", "for the year 2025"),
    (
        "Income statement", "in thousands", "",
        "Revenue 1,234", "Cost of sales (567)", "Gross profit 667",
        *(f"Note {n}: words about this and that" for n in range(1, 14)),
        "Net income (12)",
    ),
)  # fmt: skip


def statement(path: Path) -> pd.DataFrame:
    """Return a table of six rows over a PDF file that it writes."""
    draw_pdf(path, STATEMENT)
    text = document(path.name, ["\n".join(page) for page in STATEMENT], str(path))
    quotes = ["Revenue 1,234", "Cost of sales", "Gross  profit 667",
              "Net income (12)", "Dividends 90", "Revenue 1234"]  # fmt: skip
    found = ["exact", "value differs", "normalised", "exact", "not found", "normalised"]
    return pd.DataFrame(
        {
            "document": pd.Series([text] * 6, dtype=object),
            "amount": [1234, 567, 667, -12, 90, 1234],
            "amount_quote": quotes,
            "amount_page": pd.array([2, 2, 2, 2, None, 2], dtype="Int64"),
            "amount_found": pd.Categorical(found, STATES),
        }
    )


def table(rows: int = 4, **columns: Sequence[Any]) -> pd.DataFrame:
    """Return rows with two fields, revenue (a number) and company (a text).

    The found-states take turns; the last row of ten has no company.
    """
    states = [STATES[n % 4] for n in range(rows)]
    found = pd.Categorical(states, categories=STATES)
    pages = [None if state == "not found" else 2 for state in states]
    held = [document(f"report-{n}.pdf") for n in range(min(rows, 5))]
    frame = pd.DataFrame(
        {
            "document": pd.Series([held[n % 5] for n in range(rows)], dtype=object),
            "revenue": [1000 + n for n in range(rows)],
            "revenue_quote": ["Revenue was 1,234 thousand."] * rows,
            "revenue_page": pd.array(pages, dtype="Int64"),
            "revenue_found": found,
            "company": [None if n % 10 == 9 else f"Firm {n}" for n in range(rows)],
            "company_quote": [None if n % 10 == 9 else "Income" for n in range(rows)],
            "company_page": pd.array([1] * rows, dtype="Int64"),
            "company_found": pd.Categorical(
                [None if n % 10 == 9 else "exact" for n in range(rows)], STATES
            ),
            "extract_status": ["ok"] * rows,
        }
    )
    return frame.assign(**columns)
