"""The service's JSON, both ways, without I/O: requests to bytes, bytes to events."""

from glmkit.wire.requests import chat_body
from glmkit.wire.responses import StreamReader, read_body, refusal

__all__ = ["StreamReader", "chat_body", "read_body", "refusal"]
