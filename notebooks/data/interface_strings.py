"""Make interface_strings.json: strings of JupyterLab in English and in Chinese.

    python notebooks/data/interface_strings.py [FOLDER]

Forty have placeholders (`%1`, `{name}`), half of those more than one; twelve have none.
Left out: strings under three words, plural forms, and translations that lost a
placeholder or were not translated.
"""

import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fetch import Archive, keep_licence, only, opened, read_json, save_json

PACKAGE = Archive(
    "jupyterlab-language-pack-zh-CN",
    "4.5.post3",
    "47cdb0c41c6b066e795c867786c9c29fde527e2bf15aa6b3e9b2bab9929304b5",
)
SEED = 1
#: How many strings, and how many placeholders they have at least and at most.
DRAWN = ((20, 1, 1), (20, 2, 9), (12, 0, 0))
PLACEHOLDER = re.compile(r"%\d|%[sd]|\{\{?\w+\}\}?")
CHINESE = re.compile(r"[\u4e00-\u9fff]")

Row = dict[str, Any]


def strings(files: Path) -> Iterator[Row]:
    """Yield what is fit to be translated, each English text once."""
    seen = set()
    for path in sorted(files.rglob("zh_CN/LC_MESSAGES/*.json")):
        for english, forms in read_json(path).items():
            text = english.rpartition("\x04")[2]  # a context may stand before it
            if text in seen or len(forms) != 1 or not fit(text, forms[0]):
                continue
            seen.add(text)
            yield {
                "english": text,
                "chinese": forms[0],
                "placeholders": PLACEHOLDER.findall(text),
                "from": path.stem,
            }


def fit(english: str, chinese: str) -> bool:
    words = re.findall(r"[A-Za-z]{2,}", english)
    kept = sorted(PLACEHOLDER.findall(english)) == sorted(PLACEHOLDER.findall(chinese))
    return (
        kept
        and english == english.strip()
        and 3 <= len(words) <= 40
        and len(CHINESE.findall(chinese)) >= len(words)
        and english.count("\n") == chinese.count("\n")
        and not re.search(r"[<>`]", english)
    )


def main() -> None:
    with opened(PACKAGE) as files:
        rows = list(strings(files))
        own = only(files, "LICENSE.txt").read_text("utf-8")
    draw = random.Random(SEED)
    kept = []
    for count, fewest, most in DRAWN:
        here = [row for row in rows if fewest <= len(row["placeholders"]) <= most]
        kept += draw.sample(here, count)
    save_json(__file__, kept)
    keep_licence("jupyterlab", own)


if __name__ == "__main__":
    main()
