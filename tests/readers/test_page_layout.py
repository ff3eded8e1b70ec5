"""Reading order from boxes alone."""

import random

import pytest

from glmkit.readers.page_layout import dehyphenated, text_of
from glmkit.readers.page_rows import Box, rows_of, turned


def word(text: str, left: float, bottom: float, size: float = 10) -> Box:
    return Box(text, left, bottom, left + len(text) * size / 2, bottom + size)


def row(y: float, *words: tuple[str, float]) -> list[Box]:
    return [word(text, x, y) for text, x in words]


def prose(mark: str, x: float, count: int, top: float = 700) -> list[Box]:
    """Return lines of four words, 113 points wide."""
    return [
        word(text, x + at, top - 12 * line)
        for line in range(count)
        for at, text in zip(
            (0, 20, 59, 88),
            (f"{mark}{line:02}", "someone", "wrote", "words"),
            strict=True,
        )
    ]


def shuffled(words: list[Box]) -> list[Box]:
    return random.Random(7).sample(words, len(words))


def test_words_of_one_baseline_are_a_line_from_left_to_right() -> None:
    words = [word("one", 0, 100), word("two", 18, 100), word("below", 0, 86)]
    assert text_of(shuffled(words)) == "one two\nbelow"


def test_a_raised_note_number_stays_in_its_line() -> None:
    words = [word("profit", 0, 100), word("3", 31, 103, 6), word("rose", 40, 100)]
    assert [[w.text for w in line] for line in rows_of(words)] == [
        ["profit", "3", "rose"]
    ]


@pytest.mark.parametrize("offset", [0, 3, 6, 9])
def test_two_columns_of_prose_are_read_one_after_the_other(offset: float) -> None:
    words = prose("L", 50, 12) + prose("R", 230, 10, 700 - offset)
    marks = [line.split()[0] for line in text_of(shuffled(words)).split("\n") if line]
    assert marks == [f"L{n:02}" for n in range(12)] + [f"R{n:02}" for n in range(10)]


def test_headings_across_columns_stay_above_them() -> None:
    across = [word(f"across{n}", 50 + 39 * n, 730) for n in range(9)]
    below = [word(f"below{n}", 50 + 35 * n, 400) for n in range(9)]
    words = prose("L", 50, 10) + prose("R", 230, 10) + across + below
    text = text_of(shuffled(words))
    order = [text.index(mark) for mark in ("across0", "L00", "L09", "R00", "below0")]
    assert order == sorted(order)


def test_three_columns_are_read_one_after_the_other() -> None:
    words = prose("A", 30, 9) + prose("B", 210, 9) + prose("C", 390, 9)
    marks = [line[0] for line in text_of(shuffled(words)).split("\n") if line]
    assert "".join(marks) == "A" * 9 + "B" * 9 + "C" * 9


def test_a_tables_row_is_one_line_with_its_cells_apart() -> None:
    rows = [
        ("Revenue", "1,234", "1,100"),
        ("Cost", "(900)", "(800)"),
        ("Tax", "-", "5"),
    ]
    words = [
        word(text, 50 + 150 * place, 700 - 14 * line)
        for line, cells in enumerate(rows)
        for place, text in enumerate(cells)
    ]
    assert text_of(shuffled(words)) == "\n".join(" | ".join(cells) for cells in rows)


def test_rows_of_long_cells_with_gaps_between_them_stay_rows() -> None:
    words: list[Box] = []
    for n in range(5):
        top = 700 - 40 * n
        words += prose(f"L{n}", 50, 2, top) + prose(f"R{n}", 230, 2, top)
    lines = [line for line in text_of(shuffled(words)).split("\n") if line]
    assert all(" | R" in line for line in lines)
    assert len(lines) == 10


def test_a_table_across_two_columns_keeps_its_rows() -> None:
    cells = ("Item", "2023", "Sum", "Rest")
    words = prose("L", 50, 8) + prose("R", 230, 8)
    words += prose("M", 50, 8, 500) + prose("S", 230, 8, 500)
    for n in range(4):
        row_ = [
            word(f"{c}{n}", 50 + 70 * at, 580 - 14 * n) for at, c in enumerate(cells)
        ]
        words += row_
    found = [line for line in text_of(shuffled(words)).split("\n") if line]
    assert found[16:20] == [" | ".join(f"{c}{n}" for c in cells) for n in range(4)]
    marks = [line.split()[0][0] for line in found[:16] + found[20:]]
    assert "".join(marks) == "L" * 8 + "R" * 8 + "M" * 8 + "S" * 8


def test_a_table_inside_a_column_keeps_its_rows() -> None:
    words = prose("L", 50, 20) + prose("R", 230, 8) + prose("S", 230, 8, 700 - 144)
    for n in range(4):
        words += [word("cell", 230, 604 - 12 * n), word(f"{n}00", 310, 604 - 12 * n)]
    found = [line for line in text_of(shuffled(words)).split("\n") if line]
    assert [line.split()[0][0] for line in found[:20]] == ["L"] * 20
    assert found[28:32] == [f"cell | {n}00" for n in range(4)]


def test_a_bullet_and_a_justified_line_are_not_cells() -> None:
    bullet = row(100, ("•", 50), ("point", 75), ("one", 105))
    wide = [word("word", 50 + 31 * n, 84) for n in range(8)]  # 11 points between
    assert text_of(bullet + wide) == "• point one\n" + " ".join(["word"] * 8)


def test_paragraphs_have_an_empty_line_between_them() -> None:
    words = [word("first", 0, 100), word("line", 30, 100), word("second", 0, 70)]
    assert text_of(words) == "first line\n\nsecond"


def test_a_heading_inside_a_table_is_no_paragraph() -> None:
    words = [
        *row(100, ("Assets", 0)), *row(82, ("cash", 0), ("1", 90)),
        *row(64, ("Other", 0)), *row(46, ("goods", 0), ("2", 90)),
    ]  # fmt: skip
    assert text_of(words) == "Assets\ncash | 1\nOther\ngoods | 2"


def test_narrow_columns_of_numbers_are_cells() -> None:
    words = [word(f"1,23{n}", 36 * n, 0) for n in range(8)]  # 11 points between
    assert text_of(words) == " | ".join(f"1,23{n}" for n in range(8))


def test_han_characters_are_joined_without_a_space() -> None:
    words = [Box("营业", 0, 0, 20, 10), Box("收入", 21, 0, 41, 10)]
    assert text_of(words) == "营业收入"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("exam\ufffe\nple", "example"),
        ("exam\u00ad\nple", "example"),
        ("GLM\ufffe\n4", "GLM-4"),
        ("well\ufffe\nknown, well-known", "well-known, well-known"),
        ("co\u00adoperation", "cooperation"),
        ("Anglo\ufffe\nSaxon", "Anglo-Saxon"),
        ("net | n\ufffe\nsum | 5", "net | n-\nsum | 5"),
        ("a \ufffe\nb", "a -\nb"),
    ],
)
def test_a_word_that_a_line_cuts_is_joined(text: str, read: str) -> None:
    assert dehyphenated(text) == read


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_turned_page_is_read_as_it_is_shown(turn: int) -> None:
    upright = row(100, ("first", 50), ("cell", 90)) + row(80, ("second", 50))
    back = [
        Box(box.text, *turned(turned(place, -turn), turn))
        for box in upright
        for place in [(box.left, box.bottom, box.right, box.top)]
    ]
    assert text_of(back) == text_of(upright) == "first | cell\n\nsecond"


def test_no_words_are_no_text() -> None:
    assert text_of([]) == ""
