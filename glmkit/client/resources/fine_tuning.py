"""Fine-tuning jobs."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from glmkit.client.call.pricing import unknown
from glmkit.client.resources.files import StoredFile
from glmkit.client.resources.operations import Ask
from glmkit.client.resources.sync_async import Awaited, F, Namespace, verb
from glmkit.client.resources.tasks import id_of
from glmkit.client.resources.types import Billed, Page, Record
from glmkit.client.resources.uploads import at_most, filled, within
from glmkit.types.errors import GLMError, ServerError
from glmkit.types.events import Event, Start, Usage
from glmkit.wire.forms import given, json_body, path_of

_ENDED = frozenset({"succeeded", "failed", "cancelled"})


class JobFault(Record, frozen=True):
    """Why a job failed."""

    code: str = ""
    message: str = ""
    param: str = ""


class Job(Billed, frozen=True):
    """State of a job; times are Unix seconds.

    `status`: validating_files, queued, running, succeeded, failed, cancelled.
    """

    status: str = "queued"
    created_at: int | None = None
    finished_at: int | None = None
    fine_tuned_model: str = ""
    training_file: str = ""
    validation_file: str = ""
    result_files: tuple[str, ...] = ()
    hyperparameters: dict[str, Any] = msgspec.field(default_factory=dict)
    trained_tokens: int | None = None

    @property
    def done(self) -> bool:
        """Whether it has ended, well or not."""
        return self.status in _ENDED


class JobEvent(Record, frozen=True):
    """Event of a job; `data` holds epoch, steps, loss, ..."""

    id: str = ""
    level: str = ""
    message: str = ""
    type: str = ""
    created_at: int | None = None
    data: dict[str, Any] = msgspec.field(default_factory=dict)


class DeletedModel(Record, frozen=True):
    """Result of deleting a tuned model."""

    model_name: str = ""
    delete_status: str = ""
    request_id: str = ""


class FineTuning(Namespace[F]):
    """Fine-tuning by jobs.

    The paths are those of the service's older SDK (ZH); its API pages do not list
    them, and their wire form is not confirmed. Model evaluation has no API: it is
    done in the console.
    """

    @verb
    async def create(
        self: FineTuning[Awaited],
        model: str,
        training_file: StoredFile | str,
        *,
        validation_file: StoredFile | str | None = None,
        suffix: str | None = None,
        n_epochs: int | Literal["auto"] | None = None,
        batch_size: int | Literal["auto"] | None = None,
        learning_rate_multiplier: float | Literal["auto"] | None = None,
        request_id: str | None = None,
    ) -> Job:
        """Start a job on a file uploaded for "fine-tune".

        `n_epochs` 1 to 50 (3), `batch_size` 1 to 256, `learning_rate_multiplier`
        0.02 to 0.2, `suffix` 40 characters at most. The cost is tokens times epochs
        times a unit price that no page gives as data: it is not known.
        """
        filled("the model", model)
        at_most("suffix", suffix or "", 40, "characters", "Shorten it.")
        for name, value, low, high in (
            ("n_epochs", n_epochs, 1, 50),
            ("batch_size", batch_size, 1, 256),
            ("learning_rate_multiplier", learning_rate_multiplier, 0.02, 0.2),
        ):
            within(name, None if isinstance(value, str) else value, low, high)
        tuned = given(
            {
                "n_epochs": n_epochs,
                "batch_size": batch_size,
                "learning_rate_multiplier": learning_rate_multiplier,
            }
        )
        payload = given(
            {
                "model": model,
                "training_file": id_of(training_file),
                "validation_file": validation_file and id_of(validation_file),
                "suffix": suffix,
                "hyperparameters": tuned or None,
                "request_id": request_id,
            }
        )
        ask = Ask("/fine_tuning/jobs", json_body(payload), Job, unknown, task=True)
        return await self._caller.record(ask, "fine-tuning", model, payload)

    @verb
    async def list(
        self: FineTuning[Awaited], *, limit: int = 20, after: str | None = None
    ) -> tuple[Job, ...]:
        """List jobs, one page of at most `limit`."""
        path = path_of("/fine_tuning/jobs", query={"limit": limit, "after": after})
        return (await self._caller.fetch("GET", path, Page[Job])).data

    @verb
    async def get(self: FineTuning[Awaited], job: Job | str) -> Job:
        """Return a job; one that has ended completes its row in the ledger."""
        path = path_of("/fine_tuning/jobs", id_of(job))
        seen = await self._caller.fetch("GET", path, Job)
        if seen.done:
            tokens = seen.trained_tokens
            events: list[Event] = [Start(id=seen.id, model=seen.fine_tuned_model)]
            events += [] if tokens is None else [Usage(tokens, 0, tokens)]
            exc: GLMError | None = None
            if seen.status != "succeeded":
                exc = ServerError(f"the job {seen.id} ended: {seen.status}")
            call = await self._caller.task(seen.id)
            await self._caller.settle(call, seen.id, seen.model, events, unknown, exc)
        return seen

    @verb
    async def events(
        self: FineTuning[Awaited],
        job: Job | str,
        *,
        limit: int = 20,
        after: str | None = None,
    ) -> tuple[JobEvent, ...]:
        """List the events of a job, one page of at most `limit`."""
        query = {"limit": limit, "after": after}
        path = path_of("/fine_tuning/jobs", id_of(job), "events", query=query)
        return (await self._caller.fetch("GET", path, Page[JobEvent])).data

    @verb
    async def cancel(self: FineTuning[Awaited], job: Job | str) -> Job:
        """Stop a job."""
        path = path_of("/fine_tuning/jobs", id_of(job), "cancel")
        return await self._caller.fetch("POST", path, Job, json_body({}))

    @verb
    async def delete(self: FineTuning[Awaited], job: Job | str) -> Job:
        """Delete a job."""
        path = path_of("/fine_tuning/jobs", id_of(job))
        return await self._caller.fetch("DELETE", path, Job)

    @verb
    async def delete_model(self: FineTuning[Awaited], name: str) -> DeletedModel:
        """Delete a tuned model."""
        path = path_of("/fine_tuning/fine_tuned_models", name)
        return await self._caller.fetch("DELETE", path, DeletedModel)
