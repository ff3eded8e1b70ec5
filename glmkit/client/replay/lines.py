"""The lines of a cassette: a header, then a finished answer a line, with its hash."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from glmkit.client.replay.ranks import Rank, rank_of
from glmkit.config import key_patterns
from glmkit.types.errors import ReplayError
from glmkit.types.events import Event, Finish, Start, Text
from glmkit.types.first_use import prepare
from glmkit.types.replies import Call

VERSION = 1
#: How an illustration is cited.
ILLUSTRATION = "illustration, not a model's answer"
#: The longest line that is read or written, and the largest file, in bytes.
LINE_CAP, FILE_CAP = 64 * 2**20, 2**30

HEADER = b'{"format":"glmkit cassette","version":%d}\n' % VERSION

#: Events that are handed out together when an answer is replayed.
_BATCH = 256
#: Texts of data that are longer are replaced by their hash.
_LONGEST_DATA = 1_000
_DATA = re.compile(r"(?:data:[\w/.+-]+;base64,)?[A-Za-z0-9+/_-]+={0,2}")
#: Names under which secrets are sent to other servers (the tools of an MCP server).
_SECRET = re.compile(r"(?i)authorization|.*(api[-_]?key|token|secret|password)")
_MASK = "****"
#: Characters of a cassette's text in a message.
_LONGEST_PRINTED = 120

_TAIL = re.compile(rb',"sha256":"([0-9a-f]{64})"\}')
_TAIL_SIZE = len(',"sha256":""}') + 64

#: A Text is written as a plain JSON string, every other event with its name.
Piece = str | Event


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """One recorded answer: the request, and the events that came.

    `request` is canonical JSON; `repeat` counts equal requests of one run of a cell
    from 0; `model` is the one asked for; `endpoint` a service's name ("another
    server" for a URL); `at` an ISO date; `seconds` and `first_token_s` are those of
    the recording; `rank` is who made the answer (None in cassettes of earlier
    versions: see `made_by`).
    """

    cell: str
    repeat: int
    request: msgspec.Raw
    events: tuple[Piece, ...]
    model: str
    endpoint: str
    at: str
    seconds: float | None = None
    first_token_s: float | None = None
    rank: Rank | None = None

    @property
    def made_by(self) -> Rank:
        """The rank: the recorded one, else by the answer's stand-in mark."""
        if self.rank is not None:
            return self.rank
        marks = (e.stand_in for e in self.events if isinstance(e, Start))
        return rank_of(next(filter(None, marks), ""), self.endpoint)

    @property
    def key(self) -> str:
        """SHA-256 of the request, as 64 hex digits."""
        return hashlib.sha256(bytes(self.request)).hexdigest()

    def applied_to(self, call: Call) -> Call:
        """Return the call with the model and the place of this recording."""
        made = [self.at[:10], self.endpoint]
        if self.made_by == "illustration":
            made = [ILLUSTRATION]
        recorded = printable(", ".join(filter(None, made)))
        return msgspec.structs.replace(call, model=self.model, recorded=recorded)

    def batches(self) -> Iterator[list[Event]]:
        """Yield the events as they were recorded, in lists."""
        for first in range(0, len(self.events), _BATCH):
            yield [
                Text(piece) if isinstance(piece, str) else piece
                for piece in self.events[first : first + _BATCH]
            ]


def pieces(events: Sequence[Event]) -> tuple[Piece, ...]:
    """Return events in the form that a line holds."""
    return tuple(event.text if isinstance(event, Text) else event for event in events)


def asked(call: Call) -> bytes:
    """Return a call's request as canonical JSON, without secrets and bulk.

    Endpoint, key and default model are left out, and so are the ids of request and
    user, which do not change an answer. Data (a picture) is replaced by its hash.
    """
    request = msgspec.structs.replace(call.request, request_id=None, user_id=None)
    plain = msgspec.to_builtins(request if call.payload is None else call.payload)
    if call.operation != "chat":
        plain = [call.operation, plain]
    return msgspec.json.encode(_cleaned(plain), order="sorted")


def key_of(call: Call) -> str:
    """Return the key of a call's answer; `messages.canonical_key` of plain requests."""
    return hashlib.sha256(asked(call)).hexdigest()


def _cleaned(value: Any, secret: bool = False) -> Any:
    match value:
        case dict():
            return {
                name: _cleaned(part, secret or name == "headers" or _is_secret(name))
                for name, part in value.items()
            }
        case list() | tuple():
            return [_cleaned(part, secret) for part in value]
        case str() if secret:
            return _MASK
        case str() if len(value) > _LONGEST_DATA and _DATA.fullmatch(value):
            return "sha256:" + hashlib.sha256(value.encode()).hexdigest()
        case str():
            return key_patterns.masked(value)
        case _:
            return value


def _is_secret(name: Any) -> bool:
    return isinstance(name, str) and _SECRET.fullmatch(name) is not None


def encode(recording: Recording) -> bytes:
    """Return the line of a recording; ReplayError where it would be too long."""
    body = msgspec.json.encode(recording)
    if len(body) + _TAIL_SIZE >= LINE_CAP:
        raise ReplayError(
            f"the answer is too long for a cassette: {len(body):,} bytes",
            hint="Ask this one with replay off.",
        )
    digest = hashlib.sha256(body).hexdigest().encode()
    return body[:-1] + b',"sha256":"' + digest + b'"}\n'


def printable(text: str) -> str:
    """Return a cassette's text for a message: printable, and not too long."""
    shown = "".join(letter for letter in text if letter.isprintable())
    return shown if len(shown) <= _LONGEST_PRINTED else shown[:_LONGEST_PRINTED] + "…"


class LineError(ValueError):
    """A line is not what was written; the message says in which way."""


def digest_of(line: bytes) -> bytes:
    """Return the hash at the end of a line."""
    return line.rstrip()[-66:-2]


def decode(line: bytes) -> Recording:
    """Return the recording of a line; LineError where it is not as it was written."""
    if not line.endswith(b"\n"):
        raise LineError("it has no end")
    line = line.rstrip(b"\r\n")
    tail = _TAIL.fullmatch(line[-_TAIL_SIZE:])
    if tail is None:
        raise LineError("it does not end with its hash")
    body = line[:-_TAIL_SIZE] + b"}"
    if hashlib.sha256(body).hexdigest().encode() != tail[1]:
        raise LineError("its hash does not fit: it was changed by hand or damaged")
    try:
        recording = msgspec.json.decode(body, type=Recording)
    except (msgspec.MsgspecError, ValueError, RecursionError) as exc:
        raise LineError(printable(str(exc))) from exc
    if not any(isinstance(piece, Finish) for piece in recording.events):
        raise LineError("its answer has no end")
    return recording


class _Header(msgspec.Struct):
    format: str
    version: int


class _Request(msgspec.Struct):
    request: msgspec.Raw


prepare(Recording, _Header, _Request)


def request_of(line: bytes) -> bytes:
    """Return the canonical request in a line that was checked before."""
    return bytes(msgspec.json.decode(line, type=_Request).request)


def check_header(line: bytes) -> None:
    """Raise LineError where a file does not begin as a cassette of this version."""
    try:
        header = msgspec.json.decode(line, type=_Header)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        header = _Header("", 0)
    if header.format != "glmkit cassette":
        raise LineError("a cassette begins with its format and version")
    if header.version != VERSION:
        raise LineError(
            f"it is of format {header.version}, and this glmkit reads format {VERSION}"
        )
