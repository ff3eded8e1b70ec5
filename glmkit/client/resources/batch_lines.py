"""Lines of a batch file: built, checked, and matched with what comes back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import msgspec

from glmkit.catalog import cards, prices
from glmkit.client.resources.types import Record
from glmkit.client.resources.uploads import MB
from glmkit.types.errors import APIError, ConfigError, TransportError
from glmkit.types.events import Text, Usage
from glmkit.types.first_use import prepare
from glmkit.types.money import Money
from glmkit.wire import read_body
from glmkit.wire.error_codes import api_error
from glmkit.wire.records import usage_of

#: What a line may ask for → the most lines of one file.
URLS = {
    "/v4/chat/completions": 50_000,
    "/v4/embeddings": 10_000,
    "/v4/images/generations": 50_000,
    "/v4/videos/generations": 50_000,
}
FILE_CAP = 100 * MB
#: The shortest custom_id that the service takes.
_SHORTEST = 6


class Lines(NamedTuple):
    """A checked batch file, its ids in order, and the one model that it asks."""

    content: bytes
    ids: tuple[str, ...]
    model: str
    url: str


class BatchResult(Record, frozen=True):
    """What came of one line: a `body`, or an `error`.

    `body` is the service's JSON; `text`, `usage` and `vectors` read it.
    """

    custom_id: str
    status: int | None = None
    body: dict[str, Any] = msgspec.field(default_factory=dict)
    error_code: str = ""
    error_message: str = ""

    @property
    def ok(self) -> bool:
        """Whether the line was answered."""
        return not self.error_message

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
        found = [item for item in data if "embedding" in item]
        return [
            item["embedding"] for item in sorted(found, key=lambda i: i.get("index", 0))
        ]

    @property
    def usage(self) -> Usage | None:
        """The tokens; None where the service does not tell."""
        return usage_of(self.body.get("usage"))


class _Response(Record, frozen=True):
    status_code: int | None = None
    body: dict[str, Any] = msgspec.field(default_factory=dict)


class _Error(Record, frozen=True):
    code: str | int | None = None
    message: str | None = None


class _Line(Record, frozen=True):
    custom_id: str | None = None
    response: _Response | None = None
    error: _Error | None = None


prepare(_Line)


def numbered(count: int) -> tuple[str, ...]:
    """Return ids for so many lines.

    >>> numbered(2)
    ('request-00001', 'request-00002')
    """
    return tuple(f"request-{place:05}" for place in range(1, count + 1))


def lines_of(
    bodies: Sequence[Mapping[str, Any]], ids: Sequence[str], url: str
) -> Lines:
    """Build the file; ConfigError names the line that the service would refuse."""
    if url not in URLS:
        raise ConfigError(
            f"a batch can not ask {url!r}", hint=f"Use one of {', '.join(URLS)}."
        )
    if not bodies:
        raise ConfigError("the batch has no lines", hint="Pass at least one request.")
    if len(bodies) > URLS[url]:
        raise ConfigError(
            f"the batch has {len(bodies):,} lines, {URLS[url]:,} at most",
            hint="Make several batches of it.",
        )
    _check_ids(ids, len(bodies))
    model = _one_model(bodies)
    content = _encoded(zip(ids, bodies, strict=True), url)
    return Lines(content, tuple(ids), model, url)


def _encoded(lines: Iterable[tuple[str, Mapping[str, Any]]], url: str) -> bytes:
    content = bytearray()
    for number, (custom_id, body) in enumerate(lines, 1):
        line = {"custom_id": custom_id, "method": "POST", "url": url, "body": body}
        try:
            content += msgspec.json.encode(line) + b"\n"
        except (TypeError, ValueError) as exc:
            raise ConfigError(
                f"line {number} ({custom_id}) can not be sent as JSON: {exc}",
                hint="Use texts, numbers, booleans, lists and dicts.",
            ) from exc
        if len(content) > FILE_CAP:
            raise ConfigError(
                f"the batch is larger than {FILE_CAP // MB} MB at line {number:,}",
                hint="Make several batches of it.",
            )
    return bytes(content)


def _check_ids(ids: Sequence[str], count: int) -> None:
    if len(ids) != count:
        raise ConfigError(
            f"there are {len(ids)} ids for {count} lines", hint="Pass one id a line."
        )
    seen: dict[str, int] = {}
    for number, custom_id in enumerate(ids, 1):
        if not isinstance(custom_id, str) or len(custom_id) < _SHORTEST:
            raise ConfigError(
                f"line {number}: the custom_id {custom_id!r} is too short",
                hint=f"The service takes texts of at least {_SHORTEST} characters.",
            )
        if custom_id in seen:
            raise ConfigError(
                f"line {number}: the custom_id {custom_id!r} is that of line "
                f"{seen[custom_id]}",
                hint="Results are matched by their ids: give each line its own.",
            )
        seen[custom_id] = number


def _one_model(bodies: Sequence[Mapping[str, Any]]) -> str:
    first = bodies[0].get("model")
    for number, body in enumerate(bodies, 1):
        model = body.get("model")
        if not isinstance(model, str) or not model:
            raise ConfigError(
                f"line {number} names no model", hint="Give each body its 'model'."
            )
        if model != first:
            raise ConfigError(
                f"line {number} asks {model}, line 1 {first}",
                hint="One file asks one model: make a batch for each.",
            )
        if body.get("stream"):
            raise ConfigError(
                f"line {number} asks for a stream", hint="Leave `stream` out."
            )
    return str(first)


def results_of(
    output: bytes, errors: bytes, ids: Sequence[str] = ()
) -> tuple[BatchResult, ...]:
    """Match the lines of both files with `ids`, whatever their order.

    Without ids, in the order of the ids' text. An id without a line has an error.
    """
    found: dict[str, BatchResult] = {}
    for content in (errors, output):  # an answer outweighs an error of the same id
        for line in content.splitlines():
            if line.strip() and (result := _result(line)) is not None:
                found[result.custom_id] = result
    order = list(ids) or sorted(found)
    return tuple(found.get(custom_id) or _missing(custom_id) for custom_id in order)


def _missing(custom_id: str) -> BatchResult:
    return BatchResult(
        custom_id=custom_id, error_message="the batch ended without this line"
    )


def _result(line: bytes) -> BatchResult | None:
    try:
        read = msgspec.json.decode(line, type=_Line)
    except (msgspec.DecodeError, RecursionError) as exc:
        raise TransportError(
            f"the batch's results hold what is no line of them: {line[:80]!r}",
            hint="Fetch the file anew: client.files.content(batch.output_file_id).",
        ) from exc
    if read.custom_id is None:
        return None
    response = read.response or _Response()
    inner = response.body.get("error") if isinstance(response.body, dict) else None
    error = read.error
    if error is None and isinstance(inner, Mapping):
        error = msgspec.convert(inner, _Error, strict=False)
    status = response.status_code
    if error is None and (status == 200 or (status is None and response.body)):
        return BatchResult(custom_id=read.custom_id, status=status, body=response.body)
    error = error or _Error()
    return BatchResult(
        custom_id=read.custom_id,
        status=status,
        body=response.body,
        error_code="" if error.code is None else str(error.code),
        error_message=error.message or f"HTTP {status}",
    )


def total(results: Sequence[BatchResult]) -> Usage | None:
    """Return the tokens of all answered lines; None if one does not tell."""
    usages = [result.usage for result in results if result.ok]
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
        if result.ok:
            pieces = 1 if units else None
            each = prices.cost(
                card, result.usage, currency, batch=True, day=day, units=pieces
            )
            if each is None:
                return None
            owed = each if owed is None else owed + each
    return owed
