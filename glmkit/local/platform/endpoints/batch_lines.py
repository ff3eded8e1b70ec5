"""The lines of a batch file: one request each, validated on upload."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from glmkit.catalog.cards import Card
from glmkit.local.platform.answering import request_checks
from glmkit.local.platform.server.errors import Refusal
from glmkit.types.first_use import prepare

#: Where a line may go, and the kinds of models that answer there.
ENDPOINTS = {
    "/v4/chat/completions": {"text", "vision", "reasoning", "character", "code"},
    "/v4/embeddings": {"embedding"},
    "/v4/images/generations": {"image"},
    "/v4/videos/generations": {"video"},
}
_SHORTEST_ID = 6
_MOST = 50_000
_MOST_EMBEDDINGS = 10_000


class Line(msgspec.Struct):
    """One request of a batch."""

    custom_id: str
    method: str
    url: str
    body: dict[str, Any]

    @property
    def model(self) -> str:
        """The model that the body names."""
        return str(self.body.get("model") or "")


prepare(Line)


def read(file: Iterable[bytes]) -> Iterator[Line]:
    """Yield the lines of a file that was checked."""
    decode = msgspec.json.Decoder(Line).decode
    return (decode(line) for line in file if line.strip())


def check(file: Iterable[bytes]) -> None:
    """Raise a Refusal (400, 1210) that names the first faulty line."""
    seen: set[str] = set()
    first: Line | None = None
    number = 0
    decode = msgspec.json.Decoder(Line).decode
    for number, text in enumerate(filter(bytes.strip, file), 1):
        try:
            line = decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
            raise _faulty(number, f"not a line of a batch: {exc}") from exc
        first = first or line
        _check_line(number, line, first, seen)
        seen.add(line.custom_id)
        if number > (_MOST_EMBEDDINGS if "embed" in first.url else _MOST):
            raise _faulty(number, "the file has too many lines")
    if first is None:
        raise _faulty(1, "the file has no lines")


def _check_line(number: int, line: Line, first: Line, seen: set[str]) -> None:
    if len(line.custom_id) < _SHORTEST_ID:
        raise _faulty(number, f"custom_id has at least {_SHORTEST_ID} characters")
    if line.custom_id in seen:
        raise _faulty(number, f"custom_id {line.custom_id!r} is there twice")
    if line.method != "POST" or line.url not in ENDPOINTS:
        raise _faulty(number, f"POST to one of {', '.join(ENDPOINTS)}")
    if (line.url, line.model) != (first.url, first.model):
        raise _faulty(number, "one url and one model for a file")
    if line is first:
        _check_card(number, request_checks.known(line.model), line.url)


def _check_card(number: int, card: Card, url: str) -> None:
    if "batch" not in card.features or card.kind not in ENDPOINTS[url]:
        raise _faulty(number, f"the model {card.id} cannot be batched at {url}")


def _faulty(number: int, what: str) -> Refusal:
    return Refusal(400, "1210", f"line {number}: {what}")
