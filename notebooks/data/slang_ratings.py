"""Make slang_ratings.csv: 200 tokens of social media with ten human ratings each.

    python notebooks/data/slang_ratings.py [FOLDER]

Ratings go from -4 (extremely negative) to 4 (extremely positive). The label is that of
their mean: neutral between -0.5 and 0.5. Each label has 66 or 67 tokens: emoticons,
slang and words (few slang tokens are neutral). The lexicon does not name its raters:
`rating_3` of two tokens need not be by the same one.
"""

import json
import random
import re
from statistics import mean

from fetch import Archive, keep_licence, only, opened, save_csv

PACKAGE = Archive(
    "vaderSentiment",
    "3.3.2",
    "3bf1d243b98b1afad575b9f22bc2cb1e212b94ff89ca74f8a23a588d024ea311",
)
SEED = 4
KINDS = ("emoticon", "slang", "word")
COUNTS = {"negative": (22, 22, 22), "neutral": (20, 13, 34), "positive": (22, 22, 23)}
#: In the lexicon slang stands before this word, ordinary words after it.
FIRST_WORD = "abandon"
_WORD = re.compile(r"(?=.*[a-z].*[a-z])[a-z0-9]+('[a-z]+|-[a-z]{2,})*")
#: Symbols with one letter at most, or eyes such as o_O.
_FACE = re.compile(r"(?!.*[^\W\d_].*[^\W\d_]).*[^\w\s].*|[oO][._][oO]")
FACES_OF_LETTERS = {"xd", "xp", "dx"}

Row = dict[str, object]


def token(line: str, after: str) -> Row:
    text, _, _, ratings = line.split("\t")
    numbers = json.loads(ratings)
    return {
        "token": text,
        "kind": kind(text, after),
        "label": label(mean(numbers)),
        "mean": mean(numbers),
        **{f"rating_{n}": number for n, number in enumerate(numbers, 1)},
    }


def kind(text: str, after: str) -> str:
    """Return the kind of a token; "" for what mixes them, as `h8`, `j/k`, `sweet<3`."""
    if _FACE.fullmatch(text) or text in FACES_OF_LETTERS:
        return "emoticon"
    return after if _WORD.fullmatch(text) else ""


def label(rating: float) -> str:
    """Return the class of a mean rating.

    >>> label(-0.5), label(0.4)
    ('negative', 'neutral')
    """
    if abs(rating) < 0.5:
        return "neutral"
    return "positive" if rating > 0 else "negative"


def tokens(lexicon: str) -> list[Row]:
    """Return the tokens that the lexicon has once, in its order."""
    after = "slang"
    rows: dict[object, Row] = {}
    twice = set()
    for line in lexicon.splitlines():
        if line.startswith(f"{FIRST_WORD}\t"):
            after = "word"
        row = token(line, after)
        if row["token"] in rows:
            twice.add(row["token"])
        rows[row["token"]] = row
    return [row for name, row in rows.items() if name not in twice]


def main() -> None:
    with opened(PACKAGE) as files:
        rows = tokens(only(files, "vader_lexicon.txt").read_text("utf-8"))
        own = only(files, "*.dist-info/LICENSE.txt")
        keep_licence("vadersentiment", own.read_text("utf-8"))
    draw = random.Random(SEED)
    kept = []
    for name, counts in COUNTS.items():
        for sort, count in zip(KINDS, counts, strict=True):
            here = [row for row in rows if (row["label"], row["kind"]) == (name, sort)]
            kept += draw.sample(here, count)
    draw.shuffle(kept)
    save_csv(__file__, kept)


if __name__ == "__main__":
    main()
