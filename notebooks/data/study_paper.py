"""Make study_paper.pdf, 51 pages with five planted flaws, and its truth as JSON.

    python notebooks/data/study_paper.py [FOLDER]

The study is invented, its streets and figures come from a seed. The JSON holds 48
questions with answer, quote and page, and the flaws with the words that show them.
"""

import io
import random
import textwrap
from collections.abc import Iterator

from fetch import save_bytes, save_json
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

SEED = 17
TREES = (
    *("Acacia", "Alder", "Almond", "Apple", "Ash", "Aspen", "Bay", "Beech", "Birch"),
    *("Blackthorn", "Box", "Cedar", "Cherry", "Chestnut", "Cork", "Cypress", "Elder"),
    *("Elm", "Fig", "Fir", "Hawthorn", "Hazel", "Holly", "Hornbeam", "Juniper"),
    *("Larch", "Laurel", "Lime", "Linden", "Maple", "Medlar", "Mulberry", "Oak"),
    *("Olive", "Pear", "Pine", "Plane", "Poplar", "Rowan"),
)
#: What is asked of the streets in turn: a question, and the sentence with its answer.
ASKED = (
    ("How many residents of {street} took part?", "{residents} residents took part."),
    (
        "How many per cent of the pavement of {street} lie in shade at noon?",
        "Shade at noon covers {shade} per cent of the pavement.",
    ),
    (
        "How loud was the night in {street}, in decibels?",
        "The night noise was {noise} decibels.",
    ),
    ("In which year was {street} planted?", "It was planted in {planted}."),
    (
        "How many hours a night was the sleep in {street} after the planting?",
        "They slept {after} hours a night after the planting.",
    ),
)
#: Pages 1 to 12. A question stands with the sentence that answers it.
MAIN: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "Shade and sleep: street trees and night rest in 39 streets",
        (
            "We asked whether people sleep longer where street trees give shade.",
            "1,248 residents of 39 streets took part.",
            "Sleep rose by 0.21 hours a night (95 % interval -0.04 to 0.46).",
            "Trees make people sleep longer.",
        ),
    ),
    (
        "1 Introduction",
        (
            "Heat at night is a burden in towns, and shade is the cheapest remedy.",
            "Earlier work measured 16 towns and found no difference.",
            "No study so far has followed the same streets before and after planting.",
        ),
    ),
    (
        "2 Streets and residents",
        (
            "Thirty-nine streets were planted between 2009 and 2018.",
            "1,284 residents of 39 streets took part.",
            "Their mean age was 43.5 years.",
            "Residents who wished to take part wrote to the town hall.",
        ),
    ),
    (
        "3 Measurement",
        (
            "Each resident wore a logger for 14 nights.",
            "The logger took a value every 5 minutes.",
            "Noise was measured on the window sill.",
        ),
    ),
    (
        "4 Design",
        (
            "Residents were assigned at random to streets with and without trees.",
            "Nobody who analysed the nights knew the street.",
            "62 residents left the study early.",
        ),
    ),
    (
        "5 Statistics",
        (
            "Differences were estimated by a model with a term for each street.",
            "Intervals are 95 % intervals by 2,000 resamples.",
            "A difference counts as shown where its interval leaves out zero.",
        ),
    ),
    (
        "6 Results: sleep",
        (
            "Sleep rose by 0.21 hours a night, a significant gain.",
            "The gain was largest in July, with 0.34 hours.",
            "It was smallest in February, with 0.06 hours.",
        ),
    ),
    (
        "7 Results: windows",
        (
            "In shaded streets 43 % of the residents slept with open windows.",
            "Elsewhere 29 % did.",
            "Table 1 lists open windows: shaded streets 34 %, others 29 %.",
        ),
    ),
    (
        "8 Results: groups",
        (
            "Of the residents 412 were under 30, 538 between 30 and 60, and 402 older.",
            "The three groups together are all residents who took part.",
            "The gain did not differ between the groups.",
        ),
    ),
    (
        "9 Costs",
        (
            "A tree cost 830 euros to plant and 41 euros a year to keep.",
            "The towns bore three quarters of the cost.",
        ),
    ),
    (
        "10 Discussion",
        (
            "Shade, noise and the habits of residents cannot be told apart here.",
            "A gain of a few minutes a night is small for one person.",
        ),
    ),
    (
        "11 Data",
        (
            "Appendix B describes each street on a page of its own.",
            "All nights are kept for 10 years by the towns' archive.",
        ),
    ),
)
QUESTIONS = (
    ("How many towns did earlier work measure?", 16, 2, "Earlier work measured 16"),
    ("What was the residents' mean age in years?", 43.5, 3, "mean age was 43.5"),
    ("How many nights did a resident wear the logger?", 14, 4, "for 14 nights"),
    ("Every how many minutes did it take a value?", 5, 4, "every 5 minutes"),
    ("How many residents left early?", 62, 5, "62 residents left"),
    ("How many resamples were made?", 2000, 6, "by 2,000 resamples"),
    ("What was the gain in July, in hours?", 0.34, 7, "with 0.34 hours"),
    ("What did it cost to plant a tree, in euros?", 830, 10, "cost 830 euros"),
    ("For how many years are the nights kept?", 10, 12, "for 10 years"),
)
FLAWS = (
    ("number", (1, 3), ("1,248 residents of 39 streets", "1,284 residents of 39")),
    ("significance", (7,), ("0.21 hours a night, a significant gain",)),
    ("design", (3, 5), ("wished to take part", "assigned at random")),
    ("table", (8,), ("43 % of the residents", "shaded streets 34 %")),
    ("sum", (9,), ("412 were under 30, 538 between 30 and 60, and 402 older",)),
)
FILLER = (
    "Houses stand close, with small gardens to the south.",
    "Buses pass on weekdays until eleven at night.",
    "The kerb was lowered in the same year.",
    "Leaves are collected twice in autumn.",
    "A school lies at the eastern end.",
)


def main() -> None:
    pages = [_main(title, lines) for title, lines in MAIN]
    questions = [
        {"question": asked, "answer": answer, "page": page, "quote": _around(page, key)}
        for asked, answer, page, key in QUESTIONS
    ]
    for number, tree in enumerate(TREES):
        page, question = _street(number, f"{tree} Street")
        pages.append(page)
        questions.append({**question, "page": len(pages)})
    flaws = [
        {"kind": kind, "pages": list(on), "quotes": list(quotes)}
        for kind, on, quotes in FLAWS
    ]
    save_json(__file__, {"questions": questions, "flaws": flaws})
    save_bytes(__file__, ".pdf", _drawn(pages))


def _main(title: str, lines: tuple[str, ...]) -> tuple[str, list[str]]:
    return title, list(lines)


def _around(page: int, key: str) -> str:
    """Return the sentence of a page that holds these words."""
    (line,) = (line for line in MAIN[page - 1][1] if key in line)
    return line


def _street(
    number: int, street: str
) -> tuple[tuple[str, list[str]], dict[str, object]]:
    """Return the page of a street, and what is asked of it."""
    chance = random.Random(f"{SEED}:{street}")
    facts = {
        "residents": chance.randint(18, 52),
        "shade": chance.randint(12, 88),
        "noise": chance.randint(340, 610) / 10,
        "planted": chance.randint(2009, 2018),
        "after": chance.randint(62, 81) / 10,
    }
    lines = [answer.format(**facts) for _, answer in ASKED]
    filler = chance.choice(FILLER)
    kind = number % len(ASKED)
    asked = {
        "question": ASKED[kind][0].format(street=street),
        "answer": facts[("residents", "shade", "noise", "planted", "after")[kind]],
        "quote": lines[kind],
    }
    title = f"Appendix B.{number + 1}: {street}"
    return (title, [f"{street} is one of the 39 streets.", *lines, filler]), asked


def _wrapped(lines: list[str]) -> Iterator[str]:
    for line in lines:
        yield from textwrap.wrap(line, 80)
        yield ""


def _drawn(pages: list[tuple[str, list[str]]]) -> bytes:
    """Return the pages as a PDF file, the same bytes each time."""
    file = io.BytesIO()
    canvas = Canvas(file, A4, invariant=1, pageCompression=1)
    canvas.setTitle(MAIN[0][0])
    for number, (title, lines) in enumerate(pages, 1):
        canvas.setFont("Helvetica-Bold", 14)
        canvas.drawString(60, 770, title)
        text = canvas.beginText(60, 735)
        text.setFont("Helvetica", 11, 17)
        text.textLines(list(_wrapped(lines)))
        canvas.drawText(text)
        canvas.setFont("Helvetica", 9)
        canvas.drawCentredString(A4[0] / 2, 40, str(number))
        canvas.showPage()
    canvas.save()
    return file.getvalue()


if __name__ == "__main__":
    main()
