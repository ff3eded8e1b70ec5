"""The one filter: what a terminal, a warning or a traceback may get of others' text."""

from __future__ import annotations

import io
import re
import traceback
import unicodedata
import warnings

import pytest

from glmkit.types.errors import APIError, ConfigError, GLMError, MediaWarning
from glmkit.types.plain_text import escaped, one_line, plain, say, warn, write

CLIPBOARD = "\x1b]52;c;cHduZWQ=\x07"
EVERY = "".join(map(chr, range(0x3000))) + "\ud83d \ude00"


def test_no_control_character_passes() -> None:
    left = {letter for letter in plain(EVERY) if unicodedata.category(letter) == "Cc"}
    assert left == {"\t", "\n"}


def test_no_direction_override_passes() -> None:
    overrides = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    assert not overrides & {unicodedata.bidirectional(one) for one in plain(EVERY)}


def test_half_a_surrogate_pair_is_replaced() -> None:
    assert plain("a\ud83db") == "a\N{REPLACEMENT CHARACTER}b"
    plain(EVERY).encode()


def test_text_of_any_script_stays_as_it_is() -> None:
    text = "Grüße, 你好, שלום, नमस्ते, 😀\n\ttabbed"
    assert plain(text) == text


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x85", "\u2028", "\n\n  "])
def test_one_line_stays_one_line(end: str) -> None:
    assert one_line(f"No{end}such{end}model") == "No such model"


def test_escaped_text_is_plain_too() -> None:
    assert escaped('<b a="\x1b">', quote=True) == "&lt;b a=&quot;&quot;&gt;"


def test_an_error_of_a_server_is_plain_wherever_it_is_shown() -> None:
    hostile = f"no{CLIPBOARD}\nsuch model"
    error = APIError(hostile, hint=hostile, code=CLIPBOARD, request_id=CLIPBOARD)
    error.add_note(hostile)
    shown = [
        *traceback.format_exception(error),
        repr(error),
        error.code,
        error.request_id,
        *error._render_traceback_(),
    ]
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", "".join(shown))


def test_a_line_break_does_not_break_the_two_lines_of_an_error() -> None:
    lines = GLMError("first\nsecond\u2028third", hint="a\r\nb")._render_traceback_()
    assert lines == ["GLMError: first second third", "→ a b"]


def test_the_default_hint_stays() -> None:
    assert ConfigError("x").hint == GLMError.hint


def test_a_warning_is_one_plain_line_and_points_to_its_caller() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn(f"cat{CLIPBOARD}\n.png is smaller", MediaWarning)
    assert str(caught[0].message) == "cat]52;c;cHduZWQ= .png is smaller"
    assert caught[0].filename == __file__


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "gbk", "utf-8"])
def test_what_a_console_cannot_encode_is_replaced(encoding: str) -> None:
    console = io.TextIOWrapper(io.BytesIO(), encoding, write_through=True)
    say("¥0.0001 😀", "\x1b[31mred", file=console)
    write("€ end", console)
    shown = console.buffer.getvalue().decode(encoding)  # type: ignore[attr-defined]
    assert shown.endswith(" end")
    assert "[31mred\n" in shown
    assert ("😀" in shown) == (encoding == "utf-8")
