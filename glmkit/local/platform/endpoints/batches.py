"""Batches: many requests in a file, answered one after another by the stand-in."""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack
from typing import IO, Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from glmkit.local.platform.answering.fields import FieldText, decoded
from glmkit.local.platform.endpoints import batch_lines, files
from glmkit.local.platform.server.access import account_of, body_of
from glmkit.local.platform.server.background_jobs import Jobs
from glmkit.local.platform.server.errors import (
    Refusal,
    at_most,
    characters,
    invalid,
    one_of,
)
from glmkit.local.platform.storage.store import Store, page

_KIND = "batch"
_OVER = {"completed", "failed", "expired", "cancelled"}
_MOST_PAIRS, _LONGEST_KEY, _LONGEST_VALUE = 16, 64, 512
#: Answers are held back by so many lines, so that no reader counts on their order.
_SHUFFLED = 8

#: Answers one line: the account, the line, and the root of links.
Answer = Callable[[str, batch_lines.Line, Request], Awaitable[dict[str, Any]]]


class BatchAsk(msgspec.Struct):
    """A request for a batch; `completion_window` is obsolete and ignored."""

    input_file_id: FieldText | None = None
    endpoint: FieldText | None = None
    auto_delete_input_file: bool | None = None
    metadata: dict[str, FieldText] | None = None


class BatchEndpoints:
    """The endpoints of batches."""

    def __init__(self, store: Store, jobs: Jobs, answer: Answer) -> None:
        self._store = store
        self._jobs = jobs
        self._answer = answer
        for account, batch in store.every(_KIND):
            if batch["status"] not in _OVER:
                error = "the platform stopped while the batch ran"
                self._fail(account, batch, error)

    def routes(self, api: str) -> list[Route]:
        """Return the routes below the base path."""
        return [
            Route(f"{api}/batches", self.create, methods=["POST"]),
            Route(f"{api}/batches", self.listed, methods=["GET"]),
            Route(f"{api}/batches/{{id}}", self.fetch, methods=["GET"]),
            Route(f"{api}/batches/{{id}}/cancel", self.cancel, methods=["POST"]),
        ]

    async def create(self, request: Request) -> Response:
        """POST /batches."""
        ask = decoded(await body_of(request), BatchAsk)
        account = account_of(request)
        file = self._store.get(account, files.KIND, ask.input_file_id or "")
        if file is None or file["purpose"] != "batch":
            raise files.no_such_file(str(ask.input_file_id))
        if ask.endpoint not in batch_lines.ENDPOINTS:
            raise invalid("endpoint", one_of(batch_lines.ENDPOINTS))
        _check_metadata(ask.metadata or {})
        batch = _new(ask)
        self._save(account, batch)
        # What is answered is the batch as it began.
        body = dict(batch)
        auto = ask.auto_delete_input_file is not False
        self._jobs.start(batch["id"], self._run(account, batch, request, auto))
        # A job that has not begun could not clean up when it is cancelled.
        await asyncio.sleep(0)
        return JSONResponse(body)

    async def listed(self, request: Request) -> Response:
        """GET /batches?after&limit."""
        kept = self._store.all(account_of(request), _KIND)
        after = request.query_params.get("after")
        data, more = page(kept, after, files.limit_of(request))
        ends = {"first_id": data[0]["id"], "last_id": data[-1]["id"]} if data else {}
        return JSONResponse({"object": "list", "data": data, **ends, "has_more": more})

    async def fetch(self, request: Request) -> Response:
        """GET /batches/{id}."""
        return JSONResponse(self._get(request))

    async def cancel(self, request: Request) -> Response:
        """POST /batches/{id}/cancel; the lines that are done are kept."""
        batch = self._get(request)
        if batch["status"] not in _OVER:
            batch |= {"status": "cancelling", "cancelling_at": _now()}
            self._save(account_of(request), batch)
            self._jobs.cancel(batch["id"])
        return JSONResponse(batch)

    def _get(self, request: Request) -> dict[str, Any]:
        id = request.path_params["id"]
        batch = self._store.get(account_of(request), _KIND, id)
        if batch is None:
            raise Refusal(404, "1214", f"the batch {id} does not exist")
        return batch

    def _save(self, account: str, batch: dict[str, Any]) -> None:
        self._store.put(account, _KIND, batch["id"], batch)

    def _fail(self, account: str, batch: dict[str, Any], message: str) -> None:
        fault = {"code": "1230", "line": None, "message": message, "param": None}
        errors = {"object": "list", "data": [fault]}
        self._save(
            account,
            {**batch, "status": "failed", "failed_at": _now(), "errors": errors},
        )

    async def _run(
        self, account: str, batch: dict[str, Any], request: Request, auto: bool
    ) -> None:
        with ExitStack() as open_files:
            run = _BatchRun(self._store, batch, open_files)
            try:
                source = self._store.content(batch["input_file_id"])
                await self._lines(account, batch, request, run, source.read_bytes())
                batch |= {"status": "completed", "completed_at": _now()}
            except asyncio.CancelledError:
                kept = self._store.get(account, _KIND, batch["id"]) or batch
                if kept["status"] != "cancelling":
                    raise  # the platform ends; the next one calls the batch failed
                batch |= {**kept, "status": "cancelled", "cancelled_at": _now()}
            run.finish(account)
        if auto and batch["status"] == "completed":
            self._store.drop(account, files.KIND, batch["input_file_id"])
        self._save(account, batch)

    async def _lines(
        self,
        account: str,
        batch: dict[str, Any],
        request: Request,
        run: _BatchRun,
        source: bytes,
    ) -> None:
        asked = list(batch_lines.read(source.split(b"\n")))
        batch["request_counts"]["total"] = len(asked)
        batch |= {"status": "in_progress", "in_progress_at": _now()}
        for line in asked:
            self._save(account, batch)
            if line.url != batch["endpoint"]:
                wrong = f"the line goes to {line.url}, the batch to {batch['endpoint']}"
                run.failed(line, Refusal(400, "1210", wrong))
                continue
            try:
                run.done(line, await self._answer(account, line, request))
            except Refusal as refusal:
                run.failed(line, refusal)
        batch |= {"status": "finalizing", "finalizing_at": _now()}
        self._save(account, batch)


class _BatchRun:
    """The result files of a running batch, whose lines have no fixed order."""

    def __init__(
        self, store: Store, batch: dict[str, Any], open_files: ExitStack
    ) -> None:
        self._store = store
        self._batch = batch
        self._ids = {"output": files.new_id(), "error": files.new_id()}
        self._files: dict[str, IO[bytes]] = {
            kind: open_files.enter_context(store.content(id).open("wb"))
            for kind, id in self._ids.items()
        }
        self._held: list[bytes] = []

    def done(self, line: batch_lines.Line, body: dict[str, Any]) -> None:
        """Keep an answer, and write out one of those that are held back."""
        self._batch["request_counts"]["completed"] += 1
        self._held.append(self._line(line, 200, body))
        if len(self._held) > _SHUFFLED:
            self._release()

    def failed(self, line: batch_lines.Line, refusal: Refusal) -> None:
        """Write a refusal into the error file."""
        self._batch["request_counts"]["failed"] += 1
        self._files["error"].write(self._line(line, refusal.status, refusal.body))

    def finish(self, account: str) -> None:
        """Write the rest, record the files that hold something, drop the others."""
        while self._held:
            self._release()
        for kind, id in self._ids.items():
            self._files[kind].close()
            path = self._store.content(id)
            if path.stat().st_size:
                name = f"{self._batch['id']}_{kind}.jsonl"
                files.record(self._store, account, id, name, f"batch_{kind}")
                self._batch[f"{kind}_file_id"] = id
            else:
                path.unlink()
                self._batch[f"{kind}_file_id"] = ""

    def _release(self) -> None:
        # The first line never comes first where there is another.
        untouched = not self._files["output"].tell()
        least = 1 if untouched and len(self._held) > 1 else 0
        place = random.randrange(least, len(self._held))
        self._files["output"].write(self._held.pop(place))

    def _line(self, line: batch_lines.Line, status: int, body: dict[str, Any]) -> bytes:
        result = {
            "response": {"status_code": status, "body": body},
            "custom_id": line.custom_id,
            "id": self._batch["id"],
        }
        return msgspec.json.encode(result) + b"\n"


def _new(ask: BatchAsk) -> dict[str, Any]:
    """Return a batch that has just begun; its times are milliseconds."""
    names = ("in_progress", "finalizing", "completed", "failed", "expired")
    times = dict.fromkeys(f"{n}_at" for n in (*names, "cancelling", "cancelled"))
    return {
        "id": f"batch_{secrets.randbelow(9 * 10**18) + 10**18}",
        "object": "batch",
        "endpoint": ask.endpoint,
        "input_file_id": ask.input_file_id,
        "completion_window": None,
        "status": "validating",
        "errors": None,
        "output_file_id": None,
        "error_file_id": None,
        "created_at": _now(),
        **times,
        "expires_at": _now() + 7 * 86_400_000,
        "request_counts": {"total": 0, "completed": 0, "failed": 0},
        "metadata": ask.metadata,
    }


def _now() -> int:
    return int(time.time() * 1000)


def _check_metadata(metadata: Mapping[str, str]) -> None:
    long = any(
        len(key) > _LONGEST_KEY or len(value) > _LONGEST_VALUE
        for key, value in metadata.items()
    )
    if long or len(metadata) > _MOST_PAIRS:
        raise invalid(
            "metadata",
            f"{at_most(_MOST_PAIRS)}，key {characters(1, _LONGEST_KEY)}，"
            f"value {characters(0, _LONGEST_VALUE)}",
        )
