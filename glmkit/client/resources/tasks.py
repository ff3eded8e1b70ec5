"""Tasks: chats, images and videos that are submitted now and fetched later."""

from __future__ import annotations

from typing import Any, Literal, Unpack

import msgspec

from glmkit.client.call.cost_bounds import chat_max_cost, piece_max_cost
from glmkit.client.call.pricing import Price, by_tokens, by_units, unknown
from glmkit.client.resources.media import Drawn, Image, Video
from glmkit.client.resources.operations import Ask
from glmkit.client.resources.polling import Progress, until
from glmkit.client.resources.requester import Caller
from glmkit.client.resources.sync_async import Awaited, F, Namespace, verb
from glmkit.client.resources.types import Billed, Record
from glmkit.client.resources.uploads import filled
from glmkit.types.errors import ConfigError, GLMError, ServerError
from glmkit.types.events import Event
from glmkit.types.money import Money
from glmkit.types.options import Options
from glmkit.types.replies import Call, Reply
from glmkit.types.requests import Prompt
from glmkit.wire import broken_off, read_body
from glmkit.wire.forms import Body, path_of
from glmkit.wire.records import read_record

_FAILED = frozenset({"FAIL", "FAILED"})


class Task(Record, frozen=True):
    """State of a task.

    `status` is "PROCESSING", "SUCCESS" or "FAIL". Once it succeeded there is a
    `reply` (chat), `images` or `videos`, and `cost` is what is owed.
    """

    id: str
    status: Literal["PROCESSING", "SUCCESS", "FAIL"] = "PROCESSING"
    model: str = ""
    request_id: str = ""
    reply: Reply | None = None
    images: tuple[Image, ...] = ()
    videos: tuple[Video, ...] = ()
    cost: Money | None = None
    list_cost: Money | None = None

    @property
    def done(self) -> bool:
        """Whether it has ended, well or not."""
        return self.status != "PROCESSING"


class _Submitted(Billed, frozen=True):
    task_status: str = "PROCESSING"


class _Result(Record, frozen=True):
    id: str = ""
    model: str = ""
    request_id: str = ""
    task_status: str = "PROCESSING"
    image_result: tuple[Drawn, ...] = ()
    video_result: tuple[Video, ...] = ()


class Tasks(Namespace[F]):
    """Deferred calls. A task belongs to the account that submitted it.

    Its row in the ledger stays `submitted` until it is fetched.
    """

    @verb
    async def submit(
        self: Tasks[Awaited], prompt: Prompt, **options: Unpack[Options]
    ) -> Task:
        """Submit a chat and return at once; takes what `client.chat` takes.

        Seen times are 12 to 60 seconds. A schema is not taken. Raises GLMError.
        """
        request, model, content = self._caller.chat(prompt, options)
        ask = Ask(
            "/async/chat/completions",
            Body(content),
            _Submitted,
            unknown,
            task=True,
            max_cost=chat_max_cost(request, content),
        )
        exchange = self._caller.exchange(ask, "chat", model, request=request)
        await exchange.drain()
        return submitted(ask.result, exchange.call)

    @verb
    async def fetch(self: Tasks[Awaited], task: Task | str) -> Task:
        """Return a task; its answer, images or videos are set once it has ended.

        Raises InvalidRequestError for an id of another account, or of none, and
        StreamError for a chat that the service broke off.
        """
        task_id = id_of(task)
        body = await self._caller.read("GET", path_of("/async-result", task_id))
        result = read_record(body, _Result)[0]
        if result.task_status == "PROCESSING":
            return Task(id=task_id, model=result.model, request_id=result.request_id)
        call = await self._caller.task(task_id)
        model = result.model or (task.model if isinstance(task, Task) else "")
        if result.task_status in _FAILED:
            return await self._fail(call, task_id, model)
        images = tuple(drawn.image for drawn in result.image_result)
        media = (*images, *result.video_result)
        price: Price = by_units(len(media)) if media else by_tokens
        events = read_record(body, dict)[1] if media else read_body(body)
        broken = None if media else broken_off(events)
        reply = await self._settle(call, task_id, model, events, price, broken)
        if broken is not None:
            broken.reply = reply
            raise broken
        return Task(
            id=task_id,
            status="SUCCESS",
            model=model,
            request_id=result.request_id,
            reply=None if media else reply,
            images=images,
            videos=result.video_result,
            cost=reply.cost,
            list_cost=reply.list_cost,
        )

    @verb
    async def wait(
        self: Tasks[Awaited],
        task: Task | str,
        *,
        timeout_s: float = 900.0,
        poll_s: float = 2.0,
        progress: Progress = False,
    ) -> Task:
        """Wait until a task has ended and return it, succeeded.

        `progress` True draws a bar; a function is called with each sight of the task.
        Raises ServerError where it failed, or did not end within `timeout_s` seconds
        (it then goes on: wait for the same id again).
        """
        task_id = id_of(task)
        seen = await until(
            lambda: self.fetch(task),
            lambda seen: seen.done,
            what=f"the task {task_id}",
            count=lambda seen: (seen.status.lower(), int(seen.done), 1),
            progress=progress,
            timeout_s=timeout_s,
            poll_s=poll_s,
        )
        if seen.status == "FAIL":
            raise failure(task_id)
        return seen

    async def _fail(self, call: Call | None, task_id: str, model: str) -> Task:
        await self._settle(call, task_id, model, [], unknown, failure(task_id))
        return Task(id=task_id, status="FAIL", model=model)

    async def _settle(
        self,
        call: Call | None,
        task_id: str,
        model: str,
        events: list[Event],
        price: Price,
        exc: GLMError | None = None,
    ) -> Reply:
        return await self._caller.settle(call, task_id, model, events, price, exc)


def failure(task_id: str) -> ServerError:
    """Return the error of a task that failed at the service."""
    return ServerError(
        f"the task {task_id} failed at the service",
        hint="The service does not say why; change the prompt, or submit it again.",
    )


def id_of(task: Any) -> str:
    """Return the id of an object, or a text that is one."""
    text = task if isinstance(task, str) else getattr(task, "id", None)
    if not isinstance(text, str):
        raise ConfigError(
            f"a {type(task).__name__} has no id",
            hint="Pass what submit, create or list returned, or its id as a text.",
        )
    filled("the id", text)
    return text


def submitted(answer: _Submitted, call: Call) -> Task:
    """Return the task of a submission."""
    return Task(
        id=answer.id, model=answer.model or call.model, request_id=answer.request_id
    )


async def submit(caller: Caller, path: str, kind: str, payload: dict[str, Any]) -> Task:
    """Submit an image or a video task."""
    body = Body(msgspec.json.encode(payload))
    ask = Ask(path, body, _Submitted, unknown, task=True, max_cost=piece_max_cost)
    return submitted(*await caller.ask(ask, kind, payload["model"], payload))
