"""The two envelopes of the knowledge API's answers."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from glmkit.local.platform.server.errors import Refusal

Endpoint = Callable[[Request], Awaitable[Any]]
Answering = Callable[[Request], Awaitable[Response]]


def bare(endpoint: Endpoint) -> Answering:
    """Answer without the envelope, as the form that the older client knows does."""

    async def answered(request: Request) -> Response:
        try:
            data = await endpoint(request)
        except Refusal as refusal:
            raise Refusal(400, "1214", refusal.message) from refusal
        return JSONResponse({} if data is None else data)

    return answered


def wrap(endpoint: Endpoint) -> Answering:
    """Put an endpoint's result, or its refusal, into the envelope."""

    async def enveloped(request: Request) -> Response:
        try:
            data, code, message = await endpoint(request), 200, "请求成功"
        except Refusal as refusal:
            data, code, message = None, int(refusal.code), refusal.message
        body = {"code": code, "message": message, "timestamp": int(time.time() * 1000)}
        return JSONResponse(body if data is None else {"data": data, **body})

    return enveloped
