"""Results of a batch: its lines read, matched with the requests, and priced."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import msgspec

from glmkit.catalog import cards, prices
from glmkit.client.resources.embeddings import in_order
from glmkit.client.resources.types import Record
from glmkit.types.errors import APIError, TransportError
from glmkit.types.events import Text, Usage
from glmkit.types.first_use import prepare
from glmkit.types.money import Money
from glmkit.wire import broken_off, read_body
from glmkit.wire.error_codes import api_error
from glmkit.wire.json_text import count_of, decoded_whole, text_of
from glmkit.wire.records import record_of
from glmkit.wire.refusals import excerpt
from glmkit.wire.usage import usage_of

#: The id of a line that is not JSON.
_ID = re.compile(rb'"custom_id"\s*:\s*("(?:[^"\\]|\\.)*"|\d+)')


class BatchResult(Record, frozen=True):
    """Result of one line: a `body`, or an `error`.

    `body` is the service's JSON; `text`, `usage` and `vectors` read it. `unread`: what
    came of the line is not known, so that it may have been billed.
    """

    custom_id: str
    status: int | None = None
    body: dict[str, Any] = msgspec.field(default_factory=dict)
    error_code: str = ""
    error_message: str = ""
    unread: bool = False

    @property
    def ok(self) -> bool:
        """Whether the line was answered."""
        return not self.error_message

    @property
    def billed(self) -> bool:
        """Whether it was answered, broke off with tokens counted, or is not known."""
        return self.ok or self.unread or self.usage is not None

    @property
    def error(self) -> APIError | None:
        """The typed error of a line that failed; None where it was answered."""
        if self.ok:
            return None
        return api_error(self.status, self.error_code, self.error_message)

    @property
    def text(self) -> str:
        """The answer of a chat; "" where there is none."""
        if "choices" not in self.body:
            return ""
        events = read_body(msgspec.json.encode(self.body))
        return "".join(event.text for event in events if isinstance(event, Text))

    @property
    def vectors(self) -> list[list[float]]:
        """The vectors of an embedding, in the order of its input."""
        data = self.body.get("data") or []
        found = [i for i in data if isinstance(i, Mapping) and "embedding" in i]
        places = in_order([count_of(item.get("index")) for item in found])
        return [found[place]["embedding"] for place in places]

    @property
    def usage(self) -> Usage | None:
        """The tokens; None where the service does not tell."""
        return usage_of(self.body.get("usage"), silent="choices" not in self.body)


class _LineResponse(Record, frozen=True):
    status_code: int | None = None
    body: dict[str, Any] = msgspec.field(default_factory=dict)


class _LineFault(Record, frozen=True):
    code: str | int | None = None
    message: str | None = None


class _ResultLine(Record, frozen=True):
    custom_id: str | None = None
    response: _LineResponse | None = None
    error: _LineFault | None = None


prepare(_ResultLine)


def results_of(
    output: bytes, errors: bytes, ids: Sequence[str] = ()
) -> tuple[BatchResult, ...]:
    """Match the lines of both files with `ids`, whatever their order.

    Without ids, in the order of the ids' text. An id without a line has an error.
    """
    found: dict[str, BatchResult] = {}
    lost: list[BatchResult] = []
    for content in (errors, output):  # an answer outweighs an error of the same id
        for line in content.splitlines():
            if line.strip() and (result := _result(line)) is not None:
                if result.custom_id:
                    found[result.custom_id] = result
                else:
                    lost.append(result)
    if lost and not found:
        raise TransportError(
            f"the batch's results cannot be read: {lost[0].error_message}",
            hint="Fetch the file again: client.files.content(batch.output_file_id).",
        )
    if not ids:
        return (*(found[custom_id] for custom_id in sorted(found)), *lost)
    return tuple(found.get(custom_id) or _missing(custom_id, lost) for custom_id in ids)


def _missing(custom_id: str, lost: Sequence[BatchResult]) -> BatchResult:
    message = lost[0].error_message if lost else "the batch ended without this line"
    return BatchResult(custom_id=custom_id, error_message=message, unread=bool(lost))


def _unread(line: bytes) -> BatchResult:
    """Return what is known of a line that cannot be read: perhaps its id."""
    named = _ID.search(line)
    custom_id = text_of(decoded_whole(named[1])) if named else None
    return BatchResult(
        custom_id=custom_id or "",
        error_message=f"a line of the results cannot be read: {excerpt(line)}",
        unread=True,
    )


def _line(line: bytes) -> _ResultLine:
    """Return a line of the results; ValueError for what is not one."""
    try:
        return msgspec.json.decode(line, type=_ResultLine)
    except (ValueError, RecursionError):
        return record_of(decoded_whole(line), _ResultLine)


def _result(line: bytes) -> BatchResult | None:
    try:
        read = _line(line)
    except (ValueError, RecursionError):
        return _unread(line)
    if read.custom_id is None:
        return None
    response = read.response or _LineResponse()
    inner = response.body.get("error") if isinstance(response.body, dict) else None
    error = read.error
    if error is None and isinstance(inner, Mapping):
        error = _LineFault(text_of(inner.get("code")), text_of(inner.get("message")))
    status = response.status_code
    if error is None and (status == 200 or (status is None and response.body)):
        code, message = _fault_of(response.body)
        return BatchResult(
            custom_id=read.custom_id,
            status=status,
            body=response.body,
            error_code=code,
            error_message=message,
        )
    error = error or _LineFault()
    return BatchResult(
        custom_id=read.custom_id,
        status=status,
        body=response.body,
        error_code="" if error.code is None else str(error.code),
        error_message=error.message or f"HTTP {status}",
    )


def _fault_of(body: Mapping[str, Any]) -> tuple[str, str]:
    """Return the code and the message of a chat that broke off or cannot be read."""
    if "choices" not in body:
        return "", ""
    try:
        broken = broken_off(read_body(msgspec.json.encode(body)))
    except APIError as exc:
        return exc.code, str(exc)
    except TransportError as exc:
        return "", str(exc)
    return ("network_error", str(broken)) if broken is not None else ("", "")


def total(results: Sequence[BatchResult]) -> Usage | None:
    """Return the tokens of all lines that took some; None if one does not tell."""
    usages = [result.usage for result in results if result.billed]
    known = [usage for usage in usages if usage is not None]
    if not known or len(known) != len(usages):
        return None
    return Usage(
        sum(usage.prompt_tokens for usage in known),
        sum(usage.completion_tokens for usage in known),
        sum(usage.total_tokens for usage in known),
    )


def price_of(
    results: Sequence[BatchResult],
    model: str,
    currency: str | None,
    day: date,
    *,
    units: bool,
) -> Money | None:
    """Return the batch price of all answered lines; None if one is not known."""
    card = cards.card(model)
    owed: Money | None = None
    for result in results:
        if result.billed:
            pieces = 1 if units else None
            each = prices.cost(
                card, result.usage, currency, batch=True, day=day, units=pieces
            )
            if each is None:
                return None
            owed = each if owed is None else owed + each
    return owed
