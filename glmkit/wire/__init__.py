"""The service's JSON, both ways, without I/O: requests to bytes, bytes to events."""

from glmkit.wire.refusals import refusal
from glmkit.wire.requests import chat_body
from glmkit.wire.responses import StreamReader, broken_off, read_body

__all__ = ["StreamReader", "broken_off", "chat_body", "read_body", "refusal"]
