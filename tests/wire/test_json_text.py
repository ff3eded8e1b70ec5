"""JSON as servers write it: whatever the bytes, a value or a ValueError."""

import json
from contextlib import suppress

from hypothesis import given, strategies as st

from glmkit.wire.json_text import Halves, decoded, decoded_whole, mended

ANY_TEXT = st.text(st.characters(codec="utf-8") | st.sampled_from("\ud83d\ude00\udcaf"))


@given(st.binary(max_size=60) | st.binary(max_size=30).map(lambda b: b'"' + b + b'"'))
def test_any_bytes_are_a_value_or_a_value_error(data: bytes) -> None:
    with suppress(ValueError):
        json.dumps(decoded_whole(data)).encode()


def test_what_is_nested_too_deep_is_a_value_error() -> None:
    with suppress(ValueError):
        decoded(b"[" * 100_000)


@given(st.lists(ANY_TEXT, max_size=6))
def test_text_in_pieces_is_the_whole_text_mended(pieces: list[str]) -> None:
    halves = Halves()
    joined = "".join(halves.joined("text", piece) for piece in pieces)
    joined += "\ufffd" * len(halves.rest())
    assert joined == mended("".join(pieces))
    joined.encode()


@given(ANY_TEXT)
def test_mended_text_is_what_json_makes_of_its_halves(text: str) -> None:
    escaped = json.dumps(text)
    assert decoded_whole(escaped) == mended(json.loads(escaped))
