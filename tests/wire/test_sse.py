"""The event stream, to the letter, in every way that a network cuts it."""

import base64
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from glmkit.types.errors import StreamError
from glmkit.wire.sse import Decoder

CORPUS = Path(__file__).parents[1] / "data/corpora" / "wpt_eventsource.json"
CASES = json.loads(CORPUS.read_text("utf-8"))["cases"]

Seen = tuple[list[tuple[str, str, str]], int | None, str]


def decoded(pieces: list[bytes], decoder: Decoder | None = None) -> Seen:
    decoder = decoder or Decoder()
    events = [event for piece in pieces for event in decoder.feed(piece)]
    return (
        [(e.type, e.data.decode(errors="replace"), e.last_event_id) for e in events],
        decoder.retry_ms,
        decoder.last_event_id,
    )


def expected(case: dict[str, Any]) -> Seen:
    events = [
        (event["type"], event["data"], event["lastEventId"])
        for event in case["expected_events"]
    ]
    return events, case["expected_retry_ms"], case["last_event_id_after"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_standard_case_at_every_split(case: dict[str, Any]) -> None:
    body = base64.b64decode(case["body_b64"])
    assert decoded([body]) == expected(case)
    assert decoded([body[i : i + 1] for i in range(len(body))]) == expected(case)
    for cut in range(len(body)):
        assert decoded([body[:cut], body[cut:]]) == expected(case), cut


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
@pytest.mark.parametrize(
    "inside", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e"]
)
def test_only_cr_and_lf_end_a_line(inside: str, end: str) -> None:
    body = f"data: a{inside}b{end}{end}".encode()
    assert decoded([body])[0] == [("message", f"a{inside}b", "")]
    assert body.decode().splitlines()[0] != f"data: a{inside}b"  # what others split by


def slow_reading(body: bytes) -> list[str]:
    """Read the data of a stream line by line, the way the standard tells it."""
    text = body.decode(errors="replace").removeprefix("\ufeff")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[:-1]
    out: list[str] = []
    data: list[str] = []
    for line in lines:
        if not line:
            if data:
                out.append("\n".join(data))
            data = []
        elif line == "data" or line.startswith("data:"):
            data.append(line[5:].removeprefix(" "))
    return out


LINES = st.sampled_from(
    [b"data: a", b"data:b", b"data", b"data:  c", b":x", b"", b"", b"id: 1", b"\xff"]
)


@given(
    st.lists(st.tuples(LINES, st.sampled_from([b"\n", b"\r", b"\r\n"]))),
    st.lists(st.integers(0, 200), max_size=6),
)
def test_any_split_reads_like_the_plain_reading(
    lines: list[tuple[bytes, bytes]], cuts: list[int]
) -> None:
    body = b"".join(line + end for line, end in lines)
    places = sorted({0, len(body), *(cut for cut in cuts if cut < len(body))})
    pieces = [body[a:b] for a, b in pairwise(places)]
    assert [data for _, data, _ in decoded(pieces)[0]] == slow_reading(body)


@pytest.mark.parametrize("body", [b"data: " + b"x" * 200 + b"\n\n", b"data: " * 60])
def test_event_above_the_cap_is_an_error(body: bytes) -> None:
    with pytest.raises(StreamError, match="more than 100 bytes"):
        decoded([body], Decoder(cap=100))
    decoded([body], Decoder(cap=1000))


def test_many_small_events_are_under_the_cap() -> None:
    assert len(decoded([b"data: x\n\n" * 1000], Decoder(cap=100))[0]) == 1000
