"""Decoder of server-sent events, without I/O.

Follows the event stream interpretation of the WHATWG HTML standard to the letter: a
line ends at CR LF, CR or LF alone, so that U+2028 and its kin never cut an event.
"""

from __future__ import annotations

import msgspec

from glmkit.types.errors import StreamError
from glmkit.types.translation import _

#: The most bytes one event may have.
EVENT_CAP = 16 * 2**20

#: Types of events that only keep a connection alive.
PINGS = frozenset({"ping", "heartbeat", "keepalive", "keep-alive"})

_BOM = b"\xef\xbb\xbf"
_RETRY_DIGITS = 15


class ServerEvent(msgspec.Struct, frozen=True, gc=False):
    """One event; `data` holds the bytes as they came."""

    data: bytes
    type: str = "message"
    last_event_id: str = ""


class Decoder:
    r"""Decodes one stream, whatever the pieces in which it arrives.

    >>> decoder = Decoder()
    >>> decoder.feed(b"data: 1")
    []
    >>> decoder.feed(b"\r\n\r\n")
    [ServerEvent(data=b'1', type='message', last_event_id='')]
    """

    def __init__(self, cap: int = EVENT_CAP) -> None:
        self.last_event_id = ""
        self.retry_ms: int | None = None
        self._cap = cap
        self._id = ""
        self._buffer = bytearray()
        self._at_start = True
        self._after_cr = False

    def feed(self, chunk: bytes) -> list[ServerEvent]:
        """Decode the next bytes and return the events that they complete.

        Raises StreamError for an event of more than the cap.
        """
        if self._after_cr or b"\r" in chunk:
            chunk = self._line_feeds(chunk)
        buffer = self._buffer
        seen = max(0, len(buffer) - 1)
        buffer += chunk
        if self._at_start and not self._skip_bom():
            return []
        end = buffer.rfind(b"\n\n", seen)
        if end < 0:
            # A blank line that opens the stream ends no event.
            self._check(len(buffer))
            return []
        blocks = bytes(buffer[:end])
        del buffer[: end + 2]
        self._check(len(buffer))
        return self._events(blocks)

    def _line_feeds(self, chunk: bytes) -> bytes:
        """Turn CR LF and CR into LF, also where the pair is cut in two."""
        if self._after_cr and chunk.startswith(b"\n"):
            chunk = chunk[1:]
            self._after_cr = False
        if chunk:
            self._after_cr = chunk.endswith(b"\r")
        return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _skip_bom(self) -> bool:
        """Drop a byte order mark at the start; False while too few bytes came."""
        head = bytes(self._buffer[:3])
        if head != _BOM and _BOM.startswith(head):
            return False
        if head == _BOM:
            del self._buffer[:3]
        self._at_start = False
        return True

    def _check(self, size: int) -> None:
        if size > self._cap:
            raise StreamError(
                _("the service sent one event of more than {cap} bytes", cap=self._cap),
                hint=_("This is not an answer of GLM: check the endpoint's URL."),
            )

    def _events(self, blocks: bytes) -> list[ServerEvent]:
        events = []
        for block in blocks.split(b"\n\n"):
            if block.startswith(b"data: ") and b"\n" not in block:
                self._check(len(block))
                events.append(ServerEvent(block[6:], "message", self.last_event_id))
            elif (event := self._parse(block)) is not None:
                events.append(event)
        return events

    def _parse(self, block: bytes) -> ServerEvent | None:
        self._check(len(block))
        data: list[bytes] = []
        kind = ""
        for line in block.split(b"\n"):
            field, _, value = line.partition(b":")
            value = value.removeprefix(b" ")
            match field:
                case b"data":
                    data.append(value)
                case b"event":
                    kind = value.decode(errors="replace")
                case b"id" if b"\0" not in value:
                    self._id = value.decode(errors="replace")
                case b"retry" if value.isdigit():
                    self.retry_ms = int(value[:_RETRY_DIGITS])
        self.last_event_id = self._id
        if not data:
            return None
        return ServerEvent(b"\n".join(data), kind or "message", self.last_event_id)
