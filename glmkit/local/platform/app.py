"""The platform as a whole: its rooms, its routes, and what is closed at the end."""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from glmkit.catalog.cards import cards
from glmkit.local import identity_proof
from glmkit.local.engine.client import Engine
from glmkit.local.platform.answering import request_checks
from glmkit.local.platform.answering.fields import decoded
from glmkit.local.platform.answering.generation import Talk
from glmkit.local.platform.answering.limits import Rights, check_cap
from glmkit.local.platform.answering.retrieval import Grounds
from glmkit.local.platform.endpoints import batch_lines, embeddings, images, unsupported
from glmkit.local.platform.endpoints.batches import BatchEndpoints
from glmkit.local.platform.endpoints.chat import ChatEndpoints
from glmkit.local.platform.endpoints.documents import DocumentEndpoints
from glmkit.local.platform.endpoints.files import FileEndpoints
from glmkit.local.platform.endpoints.knowledge import KnowledgeBases
from glmkit.local.platform.endpoints.search import SearchEndpoints
from glmkit.local.platform.endpoints.tasks import TaskEndpoints
from glmkit.local.platform.server import errors, fault_injection
from glmkit.local.platform.server.access import Gate, body_of
from glmkit.local.platform.server.background_jobs import Jobs
from glmkit.local.platform.server.settings import PlatformSettings
from glmkit.local.platform.storage.full_text_index import Folder
from glmkit.local.platform.storage.store import Store

API = "/api/paas/v4"


class Site:
    """The application behind its `gate`; `name` is the stand-in's."""

    def __init__(self, engine: Engine, plan: PlatformSettings, name: str) -> None:
        self._name = name
        self._plan = plan
        self._open = ExitStack()
        self._jobs = Jobs()
        self._store = Store(plan.store or self._passing_folder())
        self._open.callback(self._store.close)
        self._build(engine)

    def _passing_folder(self) -> Path:
        folder = tempfile.TemporaryDirectory(prefix="glmkit-platform-")
        return Path(self._open.enter_context(folder))

    def _build(self, engine: Engine) -> None:
        plan, name, store = self._plan, self._name, self._store
        folder = Folder(plan.documents) if plan.documents else None
        knowledge, rights = KnowledgeBases(store), Rights(plan.tier)
        self._chat = ChatEndpoints(
            Talk(engine, Grounds(folder, knowledge.find), folder), name, rights
        )
        self._embeddings = embeddings.EmbeddingEndpoints(name, rights)
        rooms = (
            self._chat,
            TaskEndpoints(self._chat, store, self._jobs),
            self._embeddings,
            DocumentEndpoints(store),
            FileEndpoints(store, knowledge),
            BatchEndpoints(store, self._jobs, self._line),
            images.ImageEndpoints(rights),
            SearchEndpoints(folder),
            knowledge,
        )
        routes = [
            *(route for room in rooms for route in room.routes(API)),
            *unsupported.routes(API),
            Route(f"{API}/models", _models, methods=["GET"]),
            Route(identity_proof.PATH, self._ping, methods=["GET"]),
            Route(fault_injection.PATH, self._switch, methods=["GET", "POST"]),
        ]
        app = Starlette(routes=routes, exception_handlers=_HANDLERS)
        self._board = fault_injection.Board(app, plan.switches)
        self.gate = Gate(self._board, plan.keys, name, lambda: self._jobs.busy)

    async def close(self) -> None:
        """End what runs and close what is open."""
        await self._jobs.close()
        self._open.close()

    async def _ping(self, request: Request) -> Response:
        proof = identity_proof.proof(
            self._plan.keys[0], request.query_params.get("nonce", "")
        )
        return JSONResponse({"proof": proof, "pid": os.getpid(), "model": self._name})

    async def _switch(self, request: Request) -> Response:
        """GET or POST the switches; a POST sets all, the ones it leaves out to off."""
        if request.method == "POST":
            fields = decoded(await body_of(request), dict[str, Any])
            self._board.switches = fault_injection.read(fields)
        return JSONResponse(msgspec.structs.asdict(self._board.switches))

    async def _line(
        self, account: str, line: batch_lines.Line, request: Request
    ) -> dict[str, Any]:
        """Answer a line of a batch by what answers requests of its kind."""
        body = msgspec.json.encode(line.body)
        if line.url.endswith("/embeddings"):
            asked = decoded(body, embeddings.EmbeddingAsk)
            card, texts = embeddings.checked(asked)
            return await self._embeddings.body(asked, card, texts)
        if line.url.endswith("/images/generations"):
            _, size = images.checked_image(decoded(body, images.ImageAsk))
            return images.image_body(images.image_url(request, size))
        if line.url.endswith("/videos/generations"):
            images.checked_video(decoded(body, images.VideoAsk))
            return {"video_result": [images.video_result(request)]}
        ask = request_checks.read(body)
        card = request_checks.card_of(ask)
        check_cap(ask, card)
        return await self._chat.whole(ask, account, card.id)


async def _models(request: Request) -> Response:
    """GET /models: every model that chats here."""
    data = [
        {"id": card.id, "object": "model", "created": 0, "owned_by": "z-ai"}
        for card in cards()
        if request_checks.talks(card)
    ]
    return JSONResponse({"object": "list", "data": data})


async def _gone(request: Request, exc: Exception) -> Response:
    """Answer a client that has left; nobody reads it."""
    return Response(status_code=499)


_HANDLERS: dict[Any, Any] = {
    errors.Refusal: errors.answer,
    ClientDisconnect: _gone,
    404: errors.no_such_path,
    405: errors.no_such_path,
    Exception: errors.failed,
}
