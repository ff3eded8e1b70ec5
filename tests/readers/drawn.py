"""PDF files drawn for tests, on pages of A4, measured in points."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

CHINESE = "STSong-Light"
pdfmetrics.registerFont(UnicodeCIDFont(CHINESE))

_WORDS = ["the", "of", "and", "market", "revenue", "growth", "customers", "operations"]
_WORDS += [
    "results",
    "financial",
    "year",
    "quarter",
    "demand",
    "a",
    "margin",
    "increase",
]

Draw = Callable[[Canvas], None]


def pdf(*pages: Draw) -> bytes:
    """Return a PDF of these pages; None of them need draw anything."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(595, 842))
    for draw in pages:
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def lines(*texts: str, font: str = "Helvetica", x: float = 72) -> Draw:
    """Return what draws lines below each other."""

    def draw(canvas: Canvas) -> None:
        canvas.setFont(font, 10)
        for place, text in enumerate(texts):
            canvas.drawString(x, 760 - 14 * place, text)

    return draw


def table(
    rows: Sequence[Sequence[str]], columns: bool, font: str = CHINESE, top: float = 700
) -> Draw:
    """Return what draws cells row by row, or column by column; numbers to the right."""
    cells = [(r, c) for r in range(len(rows)) for c in range(len(rows[r]))]

    def draw(canvas: Canvas) -> None:
        canvas.setFont(font, 10)
        for r, c in sorted(cells, key=lambda cell: cell[::-1] if columns else cell):
            y = top - 16 * r
            if c == 0:
                canvas.drawString(60, y, rows[r][c])
            else:
                canvas.drawRightString(220 + 90 * c, y, rows[r][c])

    return draw


def column(
    canvas: Canvas,
    marks: Iterable[str],
    x: float,
    width: float,
    top: float,
    justified: bool,
    seed: int,
) -> None:
    """Draw lines of prose that begin with their marks."""
    chosen = random.Random(seed)
    marks = list(marks)
    for place, mark in enumerate(marks):
        words = [mark]
        while pdfmetrics.stringWidth(" ".join(words), "Times-Roman", 10) < width:
            words.append(chosen.choice(_WORDS))
        words.pop()
        rest = width - pdfmetrics.stringWidth(" ".join(words), "Times-Roman", 10)
        last = place == len(marks) - 1
        text = canvas.beginText(x, top - 12 * place)
        text.setFont("Times-Roman", 10)
        text.setWordSpace(rest / (len(words) - 1) if justified and not last else 0)
        text.textOut(" ".join(words))
        canvas.drawText(text)


def write(folder: Path, data: bytes, name: str = "a.pdf") -> Path:
    """Write a file and return its path."""
    path = folder / name
    path.write_bytes(data)
    return path
