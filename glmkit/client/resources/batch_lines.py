"""Lines of a batch file: built and checked before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from glmkit.client.resources.uploads import MB
from glmkit.types.errors import ConfigError

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


def numbered(count: int) -> tuple[str, ...]:
    """Return default ids for a number of lines.

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
            f"a batch cannot ask {url!r}", hint=f"Use one of {', '.join(URLS)}."
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
                f"line {number} ({custom_id}) cannot be sent as JSON: {exc}",
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
