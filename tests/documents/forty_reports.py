"""Forty annual reports as PDF files, seeded, with numbers that are known.

Page by page: a cover; prose in two columns; a table of amounts in 万元 that goes over a
page break, with negative amounts in brackets and full-width digits in every third
report; prose that names the staff. One is a picture of a page, one has a password.
"""

from __future__ import annotations

import io
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pypdf import PdfReader, PdfWriter
from reportlab.pdfgen.canvas import Canvas

from tests.readers.drawn import CHINESE, column, lines, pdf, table, write

COUNT = 40
SCANNED, LOCKED = 17, 29
FULL_WIDTH = {ord(sign): ord(sign) + 0xFEE0 for sign in "0123456789,.()"}


@dataclass(frozen=True)
class Truth:
    """What a report says: amounts in yuan, and the page and words that say it."""

    revenue: int
    net_profit: int
    staff: int
    growth: float
    quotes: dict[str, tuple[str, int]]


def made(folder: Path, seed: int = 7) -> dict[str, Truth]:
    """Write the reports, and return what those that can be read say, by name."""
    seeded = random.Random(seed)
    found = {}
    for number in range(COUNT):
        name = f"report_{number:02}.pdf"
        truth, data = _report(number, seeded)
        if number == SCANNED:
            data = _scanned()
        elif number == LOCKED:
            data = _locked(data)
        else:
            found[name] = truth
        write(folder, data, name)
    return found


def _report(number: int, seeded: random.Random) -> tuple[Truth, bytes]:
    wide = number % 3 == 0
    revenue = seeded.randrange(10_000, 900_000)  # in 万元, two decimals
    decimals = seeded.randrange(1, 100)
    profit = seeded.randrange(100, 9_000) * (-1 if number % 4 == 1 else 1)
    staff, growth = seeded.randrange(200, 90_000), seeded.randrange(-300, 400) / 10
    shown_revenue = f"{revenue:,}.{decimals:02}"
    shown_profit = f"({-profit:,})" if profit < 0 else f"{profit:,}"
    if wide:
        shown_revenue = shown_revenue.translate(FULL_WIDTH)
        shown_profit = shown_profit.translate(FULL_WIDTH)
    rows = [[f"项目{n}", f"{seeded.randrange(10**6):,}", "1,000"] for n in range(36)]
    revenue_row = ["营业收入", shown_revenue, f"{seeded.randrange(9_000):,}"]
    profit_row = ["净利润", shown_profit, f"{seeded.randrange(9_000):,}"]
    at = seeded.randrange(2, 30)
    rows.insert(at, revenue_row)
    head = ["项目", "本年", "上年"]
    said = f"The group had {staff:,} employees; sales grew by {growth}% in the year."
    pages = (
        lines(f"Annual report {number}", "Example Holdings Ltd"),
        _prose(number),
        _titled("单位：万元", [head, *rows[:20]], number),
        _titled("", [*rows[20:], profit_row], number),
        lines("People", said),
    )
    page_of_revenue = 3 if at < 20 else 4
    return (
        Truth(
            revenue * 10_000 + decimals * 100,
            profit * 10_000,
            staff,
            growth,
            {
                "revenue": (" | ".join(revenue_row), page_of_revenue),
                "net_profit": (" | ".join(profit_row), 4),
                "staff": (f"The group had {staff:,} employees", 5),
                "growth": (f"sales grew by {growth}% in the year", 5),
            },
        ),
        pdf(*pages),
    )


def _prose(seed: int) -> Any:
    def draw(canvas: Canvas) -> None:
        for side, x in (("L", 60), ("R", 320)):
            marks = [f"{side}{n}" for n in range(40)]
            column(canvas, marks, x, 220, 780, True, seed)

    return draw


def _titled(title: str, rows: list[list[str]], seed: int) -> Any:
    """Return what draws a table, by columns in every second report."""

    def draw(canvas: Canvas) -> None:
        canvas.setFont(CHINESE, 10)
        if title:
            canvas.drawString(60, 730, title)
        table(rows, columns=seed % 2 == 1)(canvas)

    return draw


def _scanned() -> bytes:
    from PIL import Image
    from reportlab.lib.utils import ImageReader

    picture = ImageReader(Image.new("L", (400, 560), 200))
    return pdf(lambda canvas: canvas.drawImage(picture, 60, 120, 400, 560))


def _locked(data: bytes) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(data)))
    writer.encrypt("secret", algorithm="AES-256")
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()
