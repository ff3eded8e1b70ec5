"""Interpolation: what is filled, and that all else stays byte for byte."""

import decimal
import re
import string
from typing import Any

import matplotlib.figure
import numpy as np
import pandas as pd
import PIL.Image
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import glmkit
from glmkit.client.prompts import values as digests
from glmkit.notebook import interpolation
from glmkit.notebook.interpolation import Filled

#: What stands for a value: other known names in braces must not be read again.
MARK = "⟦{beta}{{alpha}}⟧"

NAMES: dict[str, Any] = {
    "alpha": MARK,
    "beta": "b",
    "name": "Ada",
    "x": 3.14159,
    "i": 7,
    "a": 1,
    "b": 2,
    "n": 1234567,
    "row": {"k}": "v", "n": 5},
    "df": pd.DataFrame({"speed": [1.0, 2.0], "kind": ["a", "b"]}),
    "rows": ["one", "two"],
}


def fill(text: str, **more: Any) -> Filled:
    return interpolation.fill(text, NAMES | more, digests.tell)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Hi {name}!", "Hi Ada!"),
        ("{x:.2f} and {n:,} and {i:03} and {a / i:.1%}", "3.14 and 1,234,567 and 007"),
        ("{name!r} {name!r:>7}", "'Ada'   'Ada'"),
        ("{name:>5}|{name:^7}|{name:*<5}", "  Ada|  Ada  |Ada**"),
        ("{row['k}']} {row['n'] + 1}", "v 6"),
        ("{df.shape} {len(df)}", "(2, 2) 2"),
        ("{', '.join(f'<{r}>' for r in rows)}", "<one>, <two>"),
        ("{[r.upper() for r in rows]}", "['ONE', 'TWO']"),
        ("{name.upper()}{name}", "ADAAda"),
        ("file_{i}.csv", "file_7.csv"),
        ('{"key": {i}}', '{"key": 7}'),
        ("{rows[0][1:]}", "ne"),
        ("{name if i else x}", "Ada"),
        ("{decimal.Decimal(1)}", "1"),
        ("{i=} {name=} {i = } {x=:.1f} {name=!s}", "i=7 name='Ada' "),
        ("{x=:.1f} {name=!s}{i==7}", "x=3.1 name=AdaTrue"),
    ],
)
def test_field_over_existing_names_is_filled(text: str, told: str) -> None:
    assert fill(text, decimal=decimal).text.startswith(told)


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "Ada", "tags": ["a", "b"]}',
        '[{"a": 1}, {"b": {"c": null}}]',
        "{'a': 1, 'b': 2}",
        "{1, 2, 3}",
        "interface User { name: string; i: number }",
        "type A = {name: string}; const {a, b} = c;",
        "import { name } from 'x'; function f() { return x }",
        "const f = (x) => ({ ...x, name: 1 })",
        r"\frac{a}{b} \mathbf{x} \begin{name} \sqrt[i]{x}",
        r"x^{i} and $y_{i} = \{a, b\}$ and \(z_{i}\)",
        r"\left\{ x \right\} \text{name}",
        "{{ name }} {% for i in rows %} {{name}} {# x #}",
        "echo ${name} ${x:-1} $((a)) {a..b} {a,b}",
        "awk '{print $1}' | xargs -I {} mv {} {}.bak; find . -exec ls {} \\;",
        r"\d{2,3}[a-z]{1}(?P<x>\w+){i:1}",
        "{} {0} {1!r} {0:>10} {:.2f}",
        "{   }{\n}{\t}",
        "{{{name}}",
        "}{ }}{{ {",
        "{ {a ",
        "{unknown} {unknown.name} {unknown[i]} {f(unknown)}",
        "{lambda x: x} {i := 3} {*rows} {**row}",
        "{x:1} {a:b} {i: int}",
        "{print} {len} {exit} {1 + 1} {'name'} {\"x\"}",
        "body { color: red } .x{a:b;c:d} @media{}",
        "{(} {[)} {'} {\"} {a b} {a,} {,} {a'}",
        'fn main() { println!("{}", x); } Some { x }',
        "`${a}` #{b } %{ n} {{#if x}}{{/if}}",
    ],
)
def test_shapes_of_other_languages_stay_byte_for_byte(text: str) -> None:
    assert fill(text).text == text


_LINES = st.text(
    alphabet=st.sampled_from("{}{}{}()[]'\"\\$:!._,= \n\tabxi019é中%^&<>-+*/@#"),
    max_size=60,
)
_WORDS = st.sampled_from(
    [
        *(
            "{alpha}",
            "{alpha}",
            " {alpha} ",
            "{alpha!s}",
            "{beta",
            "alpha}",
            "{{alpha}}",
        ),
        *("${alpha}", "\\frac{alpha}", "{alpha:>3}", '{"a": {alpha}}', "{alpha.x}"),
        *("{'{alpha}'}", "{ alpha }", "{alpha, beta}", "{unknown}", "{f'{alpha}'}"),
    ]
)
_TEXTS = st.lists(st.one_of(_LINES, _WORDS, st.text(max_size=8)), max_size=12)


def marked(value: Any, conversion: str, spec: str) -> str:
    """Word every value as one that looks like fields again."""
    return MARK


def hold(parts: list[str]) -> None:
    """Hold both laws: unknown names change nothing, known ones only themselves."""
    text = "".join(parts)
    assert interpolation.fill(text, {"zzz": 1}, digests.tell).text == text
    filled = interpolation.fill(text, {"alpha": "a", "beta": "b"}, marked)
    between = map(re.escape, filled.text.split(MARK))
    assert re.fullmatch(r"\{[^\n]+?\}".join(between), text)
    assert filled.text.count(MARK) <= len(filled.sources)


@given(_TEXTS)
@settings(max_examples=1_000, deadline=None, database=None)
def test_no_byte_changes_outside_known_names(parts: list[str]) -> None:
    hold(parts)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@given(_TEXTS)
@settings(
    max_examples=100_000,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_no_byte_changes_in_a_hundred_thousand_texts(parts: list[str]) -> None:
    hold(parts)


@given(st.text(alphabet=string.printable, max_size=40))
@settings(max_examples=300, deadline=None, database=None)
def test_what_is_filled_in_is_never_read_again(value: str) -> None:
    told = interpolation.fill("<{alpha}>", {"alpha": value, "beta": 1}, digests.tell)
    assert told.text == f"<{value}>"


def test_expression_runs_once() -> None:
    ran: list[int] = []
    fill("{ran.append(1)}", ran=ran)
    assert ran == [1]


def test_field_that_fails_stays_and_says_why() -> None:
    told = fill("{x.foo} {a / 0} {df.haed()}")
    assert told.text == "{x.foo} {a / 0} {df.haed()}"
    assert len(told.notes) == 3
    assert "ZeroDivisionError" in told.notes[1]


def test_near_name_is_suggested() -> None:
    told = fill("{nmae} {rwos[0]} {surely_not}")
    assert told.notes == (
        "{nmae} is not a name here; did you mean {name}?",
        "{rwos[0]} is not a name here; did you mean {rows}?",
    )


def test_known_name_in_a_template_is_left_and_told() -> None:
    assert fill("${name}").notes == ("${name} was sent as it stands",)


@pytest.mark.parametrize("piece", ["{", "{'", "{x", "{((((", "\\a{", "{x.y}"])
def test_hostile_braces_take_bounded_time(piece: str) -> None:
    text = piece * 20_000
    assert fill(text).text == text


def test_frame_becomes_a_bounded_digest() -> None:
    rows = 100_000
    table = pd.DataFrame(
        {
            "speed": np.arange(rows) / 7,
            "note": ["long " * 100] * rows,
            "when": pd.date_range("2026-01-01", periods=rows, freq="s"),
            "gap": [None] * rows,
        }
    )
    told = fill("{table}", table=table).text
    assert "100,000 rows x 4 columns" in told
    assert "- speed: float64" in told
    assert "- gap: object, 100,000 missing" in told
    assert "| speed | 0 |" in told
    assert "(99,990 rows left out)" in told
    assert len(told) < 3_000


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame(),
        pd.DataFrame({"a": []}),
        pd.DataFrame([[1, 2]], columns=["a", "a"]),
        pd.DataFrame({("a", "b"): [1, 2]}),
        pd.DataFrame({"t": pd.to_timedelta(range(20), unit="s"), "c": [1j] * 20}),
        pd.DataFrame({"c": pd.Categorical(["a"] * 20), "i": [pd.NA] * 20}),
        pd.Series(range(50), name="s"),
        pd.DataFrame(np.zeros((30, 100))),
    ],
)
def test_every_table_has_a_digest(table: Any) -> None:
    told = fill("{table}", table=table)
    assert told.notes == ()
    assert told.text.startswith("DataFrame: ")


def test_pictures_stand_between_the_texts() -> None:
    image = PIL.Image.new("RGB", (2, 2))
    figure = matplotlib.figure.Figure()
    axes = figure.add_subplot()
    told = fill("What is {image}? And {axes}", image=image, axes=axes)
    assert told.pieces == ("What is ", image, "? And ", figure)
    assert told.text == "What is ? And "


KEY = "0123456789abcdef0123456789abcdef.AbCdEfGh12345678"


@pytest.mark.parametrize("value", [KEY, {"key": KEY}, glmkit.Key(KEY)])
def test_key_is_refused(value: Any) -> None:
    with pytest.raises(glmkit.ConfigError, match="API key") as caught:
        fill("{secret}", secret=value)
    assert KEY not in str(caught.value)


def test_hash_is_no_key() -> None:
    assert fill("{h}", h=KEY[:32] + ".txt").notes == ()


def test_a_note_shows_doubled_braces_as_they_were_written() -> None:
    noted = fill("{{x}}", x=1).notes
    assert noted == ("{{x}} was sent as it stands",)
