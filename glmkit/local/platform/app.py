"""The routes of the platform."""

from __future__ import annotations

import os
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from glmkit.catalog import cards
from glmkit.local import ping
from glmkit.local.engine.client import Engine
from glmkit.local.platform import refusals, shapes
from glmkit.local.platform.chat import Chat
from glmkit.local.platform.gate import Gate

API = "/api/paas/v4"


def build(engine: Engine, key: str, name: str, tier: str) -> Gate:
    """Return the application behind its gate; `name` is the stand-in's."""
    chat = Chat(engine, name, tier)

    async def answer_ping(request: Request) -> Response:
        proof = ping.proof(key, request.query_params.get("nonce", ""))
        return JSONResponse({"proof": proof, "pid": os.getpid(), "model": name})

    routes = [
        Route(f"{API}/chat/completions", chat.complete, methods=["POST"]),
        Route(f"{API}/tokenizer", chat.count, methods=["POST"]),
        Route(f"{API}/models", _models, methods=["GET"]),
        Route(ping.PATH, answer_ping, methods=["GET"]),
    ]
    handlers: dict[Any, Any] = {
        refusals.Refusal: refusals.answer,
        ClientDisconnect: _gone,
        404: refusals.no_such_path,
        405: refusals.no_such_path,
        Exception: refusals.failed,
    }
    app = Starlette(routes=routes, exception_handlers=handlers)
    return Gate(app, key, name)


async def _models(request: Request) -> Response:
    """GET /models: every model that chats here."""
    data = [
        {"id": card.id, "object": "model", "created": 0, "owned_by": "z-ai"}
        for card in cards()
        if shapes.talks(card)
    ]
    return JSONResponse({"object": "list", "data": data})


async def _gone(request: Request, exc: Exception) -> Response:
    """Answer a client that has left; nobody reads it."""
    return Response(status_code=499)
