"""Requests to bytes."""

from __future__ import annotations

import msgspec

from glmkit.messages import Request

_encoder = msgspec.json.Encoder()


def chat_body(request: Request, model: str, *, stream: bool) -> bytes:
    """Encode a chat request for `model`; unset parameters are not sent.

    >>> from glmkit.messages import request_of
    >>> chat_body(request_of("Hi", {}), "glm-4-plus", stream=False)
    b'{"messages":[{"role":"user","content":"Hi"}],"model":"glm-4-plus"}'
    """
    plain = msgspec.structs.replace(request, model=model, extra_body=None)
    if not stream and not request.extra_body:
        return _encoder.encode(plain)
    fields = msgspec.to_builtins(plain)
    if stream:
        fields |= {"stream": True}
    return _encoder.encode(fields | (request.extra_body or {}))
