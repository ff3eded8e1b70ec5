"""The service's JSON, both ways, without I/O: requests to bytes, bytes to events."""

from glmkit.wire.reading import StreamReader, read_body, refusal
from glmkit.wire.writing import chat_body

__all__ = ["StreamReader", "chat_body", "read_body", "refusal"]
