"""Batches: many requests in one file, at half the price, within about a day."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal, Unpack

import msgspec

from glmkit.client.call.cost_bounds import lines_max_cost
from glmkit.client.call.pricing import unknown
from glmkit.client.resources.batch_lines import Lines, lines_of, numbered
from glmkit.client.resources.batch_results import (
    BatchResult,
    price_of,
    results_of,
    total,
)
from glmkit.client.resources.files import Files
from glmkit.client.resources.operations import Ask
from glmkit.client.resources.polling import Progress, until
from glmkit.client.resources.sync_async import Awaited, F, Namespace, verb
from glmkit.client.resources.tasks import id_of
from glmkit.client.resources.types import Billed, Page, Record
from glmkit.client.resources.uploads import at_most
from glmkit.types.errors import ConfigError, ServerError
from glmkit.types.events import Event, Start, Usage
from glmkit.types.money import Money
from glmkit.types.options import Options
from glmkit.types.requests import Prompt
from glmkit.wire.forms import given, json_body, path_of

Status = Literal[
    "validating", "failed", "in_progress", "finalizing", "completed", "expired",
    "cancelling", "cancelled",
]  # fmt: skip
_ENDED = frozenset({"completed", "failed", "expired", "cancelled"})


class Counts(Record, frozen=True):
    """Counts of lines: in all, completed, failed."""

    total: int = 0
    completed: int = 0
    failed: int = 0


class BatchLineError(Record, frozen=True):
    """Why a batch file was refused, and in which line."""

    code: str = ""
    line: int | None = None
    message: str = ""
    param: str = ""


class _Errors(Record, frozen=True):
    data: tuple[BatchLineError, ...] = ()


class Batch(Billed, frozen=True):
    """State of a batch; times are in milliseconds, as the service sends them.

    `custom_ids` are known where this client made it.
    """

    endpoint: str = ""
    status: str = "validating"
    input_file_id: str = ""
    output_file_id: str = ""
    error_file_id: str = ""
    request_counts: Counts = Counts()
    errors: _Errors = _Errors()
    created_at: int = 0
    completed_at: int | None = None
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)
    custom_ids: tuple[str, ...] = ()

    @property
    def done(self) -> bool:
        """Whether it has ended, well or not."""
        return self.status in _ENDED


class Results(Record, frozen=True):
    """The results of a batch in the order of its requests; also a sequence of them."""

    results: tuple[BatchResult, ...]
    usage: Usage | None = None
    cost: Money | None = None
    list_cost: Money | None = None

    def __len__(self) -> int:
        return len(self.results)

    def __getitem__(self, place: int) -> BatchResult:
        return self.results[place]

    @property
    def failed(self) -> tuple[BatchResult, ...]:
        """The lines that were not answered."""
        return tuple(result for result in self.results if not result.ok)


class Batches(Namespace[F]):
    """Batches do not count against the rights in flight."""

    @verb
    async def create(
        self: Batches[Awaited],
        prompts: Sequence[Prompt] | Mapping[str, Prompt],
        *,
        metadata: Mapping[str, str] | None = None,
        **options: Unpack[Options],
    ) -> Batch:
        """Submit many chats of one model, with the options of `chat`.

        A mapping gives each prompt its custom_id (6 characters or more, unique).
        Limits: 50,000 lines, 100 MB; only some models take batches. Raises
        ConfigError before anything is sent, else APIError.

            batch = client.batches.create(["One?", "Two?"], model="glm-4-plus")
            results = client.batches.results(client.batches.wait(batch))
        """
        ids, asked = _named(prompts)

        def build() -> Lines:
            chats = [self._caller.chat(prompt, options) for prompt in asked]
            bodies = [msgspec.json.decode(content) for *_, content in chats]
            return lines_of(bodies, ids, "/v4/chat/completions")

        return await self._create(await asyncio.to_thread(build), metadata)

    @verb
    async def create_lines(
        self: Batches[Awaited],
        bodies: Sequence[Mapping[str, Any]] | Mapping[str, Mapping[str, Any]],
        url: str = "/v4/embeddings",
        *,
        metadata: Mapping[str, str] | None = None,
    ) -> Batch:
        """Submit requests by their bodies, for any url that batches take.

        `url` is "/v4/chat/completions", "/v4/embeddings" (10,000 lines at most),
        "/v4/images/generations" or "/v4/videos/generations".
        """
        ids, asked = _named(bodies)
        lines = await asyncio.to_thread(lines_of, asked, ids, url)
        return await self._create(lines, metadata)

    async def _create(self, lines: Lines, metadata: Mapping[str, str] | None) -> Batch:
        _check_metadata(metadata or {})
        files = Files[Awaited](self._caller, blocking=False)
        file = await files.upload(("glmkit-batch.jsonl", lines.content), "batch")
        payload = given(
            {
                "input_file_id": file.id,
                "endpoint": lines.url,
                "auto_delete_input_file": True,
                "metadata": dict(metadata) if metadata else None,
            }
        )
        max_cost = lines_max_cost(lines.content)
        body = json_body(payload)
        ask = Ask("/batches", body, Batch, unknown, task=True, max_cost=max_cost)
        plain = lines.ids == numbered(len(lines.ids))
        kept = {"custom_ids": len(lines.ids) if plain else lines.ids}
        batch, _ = await self._caller.ask(ask, "batches", lines.model, payload | kept)
        return msgspec.structs.replace(batch, model=lines.model, custom_ids=lines.ids)

    @verb
    async def get(self: Batches[Awaited], batch: Batch | str) -> Batch:
        """Return the current state of a batch."""
        path = path_of("/batches", id_of(batch))
        seen = await self._caller.fetch("GET", path, Batch)
        if isinstance(batch, Batch):
            seen = msgspec.structs.replace(
                seen, model=batch.model, custom_ids=batch.custom_ids
            )
        return seen

    @verb
    async def list(
        self: Batches[Awaited], *, limit: int | None = 20, after: str | None = None
    ) -> tuple[Batch, ...]:
        """List the batches, the pages joined; `limit` None lists all of them."""
        found: list[Batch] = []
        while limit is None or len(found) < limit:
            most = min(100, 100 if limit is None else limit - len(found))
            path = path_of("/batches", query={"limit": most, "after": after})
            page = await self._caller.fetch("GET", path, Page[Batch])
            found += page.data
            if not page.has_more or not page.data or page.data[-1].id == after:
                break
            after = page.data[-1].id
        return tuple(found)

    @verb
    async def cancel(self: Batches[Awaited], batch: Batch | str) -> Batch:
        """Cancel a batch; finished lines are kept, and billed."""
        path = path_of("/batches", id_of(batch), "cancel")
        return await self._caller.fetch("POST", path, Batch, json_body({}))

    @verb
    async def wait(
        self: Batches[Awaited],
        batch: Batch | str,
        *,
        timeout_s: float = 86400.0,
        poll_s: float = 10.0,
        progress: Progress = True,
    ) -> Batch:
        """Wait until a batch has ended, and return it, whatever its status then.

        About a day is expected; after seven days the service cancels. Raises
        ServerError where it has not ended within `timeout_s` seconds.
        """
        return await until(
            lambda: self.get(batch),
            lambda seen: seen.done,
            what=f"the batch {id_of(batch)}",
            count=_counted,
            progress=progress,
            timeout_s=timeout_s,
            poll_s=poll_s,
        )

    @verb
    async def results(self: Batches[Awaited], batch: Batch | str) -> Results:
        """Return the results in the order of the requests, matched by custom_id.

        A line that failed has its error in place of an answer. Completes the batch's
        row in the ledger. Raises ServerError where the batch has not ended, or was
        refused as a whole.
        """
        call = await self._caller.task(id_of(batch))
        seen = await self.get(batch)
        if not seen.done:
            raise ServerError(
                f"the batch {seen.id} is {seen.status}",
                hint="Wait for it: client.batches.wait(batch).",
            )
        model = seen.model or (call.model if call else "")
        output, errors = [
            await self._content(file)
            for file in (seen.output_file_id, seen.error_file_id)
        ]
        ids = seen.custom_ids or _kept(call.payload if call else None)
        found = await asyncio.to_thread(results_of, output, errors, ids)
        model = model or next((str(r.body.get("model", "")) for r in found if r.ok), "")
        units = seen.endpoint.endswith(("images/generations", "videos/generations"))

        def price(
            _model: str, _usage: Usage | None, currency: str | None, day: date
        ) -> Money | None:
            return price_of(found, model, currency, day, units=units)

        usage = total(found)
        events: list[Event] = [Start(id=seen.id, model=model)]
        events += [] if usage is None else [usage]
        refused = _refusal(seen)
        reply = await self._caller.settle(call, seen.id, model, events, price, refused)
        if refused is not None and not output:
            raise refused
        return Results(
            results=found, usage=usage, cost=reply.cost, list_cost=reply.list_cost
        )

    async def _content(self, file_id: str) -> bytes:
        if not file_id:
            return b""
        return await self._caller.read("GET", path_of("/files", file_id, "content"))


def _named(asked: Any) -> tuple[Sequence[str], list[Any]]:
    if isinstance(asked, Mapping):
        return tuple(asked), list(asked.values())
    if isinstance(asked, str):
        raise ConfigError(
            "a batch is made of a list", hint="Pass a list of prompts, or a mapping."
        )
    return numbered(len(asked)), list(asked)


def _kept(payload: Mapping[str, Any] | None) -> Sequence[str]:
    """Return the ids that the ledger keeps of a batch."""
    kept = (payload or {}).get("custom_ids", ())
    return numbered(kept) if isinstance(kept, int) else kept


def _counted(seen: Batch) -> tuple[str, int, int]:
    counts = seen.request_counts
    return seen.status, counts.completed + counts.failed, counts.total


def _refusal(seen: Batch) -> ServerError | None:
    if seen.status != "failed":
        return None
    first = (
        seen.errors.data[0] if seen.errors.data else BatchLineError(message="no reason")
    )
    place = "" if first.line is None else f" (line {first.line})"
    return ServerError(
        f"the batch {seen.id} failed: {first.message}{place}",
        hint="Correct the requests and make a new batch.",
        code=first.code,
    )


def _check_metadata(metadata: Mapping[str, str]) -> None:
    hint = "16 pairs, keys of 64 and values of 512 characters at most."
    at_most("metadata", metadata, 16, "pairs", hint)
    for name, value in metadata.items():
        at_most(f"metadata {name[:20]!r}", name, 64, "characters", hint)
        at_most(f"metadata {name!r}", value, 512, "characters", hint)
