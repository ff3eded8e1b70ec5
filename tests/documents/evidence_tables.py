"""Tables as an extraction with evidence returns them."""

from __future__ import annotations

from collections.abc import Sequence
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
