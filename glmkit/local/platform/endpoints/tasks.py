"""Tasks: deferred chats, images and videos."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from glmkit.local.platform.answering import limits, request_checks, responses
from glmkit.local.platform.answering.fields import decoded
from glmkit.local.platform.endpoints import images as pictures
from glmkit.local.platform.endpoints.chat import ChatEndpoints
from glmkit.local.platform.server.access import account_of, body_of
from glmkit.local.platform.server.background_jobs import Jobs
from glmkit.local.platform.server.errors import Refusal
from glmkit.local.platform.storage.store import Store

_KIND = "task"
#: A placeholder is made at once, but a client should see that it has to poll.
_IMAGE_S, _VIDEO_S = 1.0, 2.0

_Work = Coroutine[Any, Any, dict[str, Any]]


class TaskEndpoints:
    """The endpoints of tasks; those of an earlier platform process have failed."""

    def __init__(self, chat: ChatEndpoints, store: Store, jobs: Jobs) -> None:
        self._chat = chat
        self._store = store
        self._jobs = jobs
        for account, task in store.every(_KIND):
            if task["task_status"] == "PROCESSING":
                store.put(account, _KIND, task["id"], task | {"task_status": "FAIL"})

    def routes(self, api: str) -> list[Route]:
        """Return the routes below the base path."""
        return [
            Route(f"{api}/async/chat/completions", self.talk, methods=["POST"]),
            Route(f"{api}/async/images/generations", self.image, methods=["POST"]),
            Route(f"{api}/videos/generations", self.video, methods=["POST"]),
            Route(f"{api}/async-result/{{id}}", self.fetch, methods=["GET"]),
        ]

    async def talk(self, request: Request) -> Response:
        """POST /async/chat/completions; `stream` is accepted and ignored."""
        ask = request_checks.read(await body_of(request))
        card = request_checks.card_of(ask)
        limits.check_cap(ask, card)
        account = account_of(request)
        work = self._chat.whole(ask, account, card.name or card.id)
        return self._begin(account, card.id, ask.request_id, work)

    async def image(self, request: Request) -> Response:
        """POST /async/images/generations."""
        ask = decoded(await body_of(request), pictures.ImageAsk)
        card, size = pictures.checked_image(ask)
        images = [{"url": pictures.image_url(request, size)}]
        done = _after(_IMAGE_S, {"model": card.id, "image_result": images})
        return self._begin(account_of(request), card.id, ask.request_id, done)

    async def video(self, request: Request) -> Response:
        """POST /videos/generations."""
        ask = decoded(await body_of(request), pictures.VideoAsk)
        card = pictures.checked_video(ask)
        videos = [pictures.video_result(request)]
        done = _after(_VIDEO_S, {"model": card.id, "video_result": videos})
        return self._begin(account_of(request), card.id, ask.request_id, done)

    async def fetch(self, request: Request) -> Response:
        """GET /async-result/{id}."""
        id = request.path_params["id"]
        task = self._store.get(account_of(request), _KIND, id)
        if task is None:
            raise Refusal(400, "1233", f"the task {id} does not exist")
        return JSONResponse(task)

    def _begin(
        self,
        account: str,
        model: str,
        request_id: str | None,
        work: _Work,
    ) -> Response:
        id = responses.new_id()
        head = {"id": id, "request_id": request_id or id}
        task = {**head, "task_status": "PROCESSING"}
        self._store.put(account, _KIND, id, task)
        self._jobs.start(id, self._run(account, head, work))
        return JSONResponse({**task, "model": model})

    async def _run(
        self,
        account: str,
        head: dict[str, Any],
        work: _Work,
    ) -> None:
        try:
            done = {**await work, "task_status": "SUCCESS"}
        except Refusal as refusal:
            done = {**refusal.body, "task_status": "FAIL"}
        self._store.put(account, _KIND, head["id"], {**done, **head})


async def _after(seconds: float, result: dict[str, Any]) -> dict[str, Any]:
    await asyncio.sleep(seconds)
    return result
