"""Make macro_faults.json: faults to damage macrodata.csv with.

    python notebooks/data/macro_faults.py [FOLDER]

Ten series are cut into ten blocks of five years each. In six of ten, by a seeded draw,
some quarters are in another unit, have the other sign, or hold the values of each
other. Only what can be seen is damaged: values change places where the series rises
from quarter to quarter.
"""

from itertools import pairwise
from random import Random

from fetch import HERE, read_csv, save_json

SEED, QUARTERS, DAMAGED = 9, 20, 0.6
#: What each series is, and by which factors its unit may be mistaken.
SERIES = {
    "realgdp": ("real gross domestic product", (1000, 0.001)),
    "realcons": ("real personal consumption expenditures", (1000, 0.001)),
    "realinv": ("real gross private domestic investment", (1000, 0.001)),
    "realgovt": ("real federal consumption and investment", (1000, 0.001)),
    "realdpi": ("real disposable personal income", (1000, 0.001)),
    "cpi": ("consumer price index", (100, 0.01)),
    "m1": ("money stock M1", (1000, 0.001)),
    "tbilrate": ("rate of three-month treasury bills", (100, 0.01)),
    "unemp": ("unemployment rate", (100, 0.01)),
    "pop": ("population", (1000, 0.001)),
}


def block(name: str, rows: list[dict[str, str]], chance: Random) -> dict[str, object]:
    """Return a block of a series, and its fault."""
    quarters = [f"{row['year']}Q{row['quarter']}" for row in rows]
    values = [float(row[name]) for row in rows]
    rises = all(one < two for one, two in pairwise(values))
    kind = "none"
    if chance.random() < DAMAGED:
        kind = chance.choice(["unit", "sign", *(["swapped"] * 2 if rises else [])])
    length = {"none": 0, "unit": 4, "sign": 2, "swapped": 6}[kind]
    first = chance.randint(2, len(rows) - 3 - length)
    return {
        "series": name,
        "start": quarters[0],
        "end": quarters[-1],
        "kind": kind,
        "first": quarters[first] if length else None,
        "last": quarters[first + length - 1] if length else None,
        "factor": chance.choice(SERIES[name][1]) if kind == "unit" else None,
    }


def main() -> None:
    rows = read_csv(HERE / "macrodata.csv")
    starts = range(0, len(rows) - QUARTERS, QUARTERS)
    blocks = [
        block(name, rows[start : start + QUARTERS], Random(f"{SEED}:{name}:{start}"))
        for name in SERIES
        for start in starts
    ]
    described = {name: text for name, (text, _) in SERIES.items()}
    save_json(__file__, {"series": described, "blocks": blocks})


if __name__ == "__main__":
    main()
