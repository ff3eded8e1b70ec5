"""Make annual_reports.json: twenty years of reports of eleven firms, with six faults.

    python notebooks/data/annual_reports.py [FOLDER]

The figures are Grunfeld's (grunfeld.csv); letters and notes are written here from a
seed. Six reports contradict themselves or the year before, each in its own way.
"""

import csv
import random
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

from fetch import HERE, save_json

SEED = 16
#: Firm, year and kind of what is wrong, one of each kind.
FAULTS = {
    ("General Motors", 1938): "direction",
    ("US Steel", 1942): "figure",
    ("General Electric", 1947): "unit",
    ("IBM", 1951): "prior year",
    ("Goodyear", 1944): "date",
    ("Westinghouse", 1949): "sum",
}
LETTERS = (
    "The year asked much of our people, and they gave it.",
    "Prices of materials were uneven, and deliveries came late in the spring.",
    "The board met nine times and visited two of the works.",
    "We thank our customers, many of whom have been with us for decades.",
    "A new line for smaller orders was opened in the autumn.",
    "The pension fund was reviewed and found to be in order.",
    "Two members of the board retire and do not stand again.",
    "Research went on in the directions that were named a year ago.",
)
NOTES = (
    "Inventories are carried at cost or market, whichever is lower.",
    "Depreciation is charged by the straight-line method.",
    "The auditors have examined the books and have no remarks.",
    "Contingent liabilities are small and are not shown.",
    "Shares are counted at the average price of December.",
)


def main() -> None:
    with (HERE / "grunfeld.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    firms = groupby(rows, key=itemgetter("firm"))
    reports = [
        {"firm": firm, "text": "\n".join(_reports(list(of)))} for firm, of in firms
    ]
    faults = [
        {"firm": firm, "year": year, "kind": kind}
        for (firm, year), kind in FAULTS.items()
    ]
    save_json(__file__, {"reports": reports, "faults": faults})


def _reports(rows: list[dict[str, str]]) -> Iterator[str]:
    before: dict[str, str] | None = None
    for row in rows:
        yield _report(row, before)
        before = row


def _report(row: dict[str, str], before: dict[str, str] | None) -> str:
    """Return three pages: the letter, the accounts, the notes."""
    firm, year = row["firm"], int(float(row["year"]))
    kind = FAULTS.get((firm, year), "")
    chance = random.Random(f"{SEED}:{firm}:{year}")
    letter = [*_picked(chance, LETTERS, 3), _investment(row, before, kind)]
    dated = year + 1 if kind == "date" else year
    unit = "thousands" if kind == "unit" else "millions"
    capital = round(float(row["capital"]), 2)
    plant = round(capital * chance.choice((0.61, 0.64, 0.67)), 2)
    rest = capital - plant + (9 if kind == "sum" else 0)
    accounts = (
        f"Accounts for {dated} (in {unit} of dollars of 1947)",
        f"Gross investment | {_shown(row['invest'])}",
        f"Market value of the firm | {_shown(row['value'])}",
        f"Stock of plant and equipment | {_shown(row['capital'])}",
        f"  of which plant {plant:,.2f} and equipment {rest:,.2f}",
    )
    pages = (
        f"{firm}: annual report {year}\nTo the shareholders\n{' '.join(letter)}",
        "\n".join(accounts),
        f"Notes to the accounts of {year}\n{' '.join(_picked(chance, NOTES, 3))}",
    )
    return "".join(f"{page}\n\f" for page in pages)


def _investment(row: dict[str, str], before: dict[str, str] | None, kind: str) -> str:
    """Return the sentence on the year's investment, wrong where a fault is planted."""
    now = row["invest"]
    if before is None:
        return f"Gross investment was {_shown(now)} million dollars."
    last = before["invest"]
    rose = float(now) >= float(last)
    if kind == "direction":
        rose = not rose
    if kind == "figure":
        now = f"{float(now) + 54:.2f}"
    if kind == "prior year":
        last = f"{float(last) + 11:.2f}"
    word = "rose" if rose else "fell"
    return (
        f"Gross investment {word} to {_shown(now)} million dollars "
        f"from {_shown(last)} in the year before."
    )


def _shown(number: str) -> str:
    """Return a figure as a report prints it: 3078.5 as 3,078.50."""
    return f"{float(number):,.2f}"


def _picked(chance: random.Random, sentences: tuple[str, ...], count: int) -> list[str]:
    left = list(sentences)
    return [left.pop(chance.randrange(len(left))) for _ in range(count)]


if __name__ == "__main__":
    main()
