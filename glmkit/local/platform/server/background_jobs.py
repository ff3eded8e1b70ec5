"""Jobs that run after their request was answered: tasks and batches."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

_log = logging.getLogger(__name__)


class Jobs:
    """The running jobs of this process, by id; they end with it."""

    def __init__(self) -> None:
        self._running: dict[str, asyncio.Task[None]] = {}

    @property
    def busy(self) -> bool:
        """Whether anything runs."""
        return bool(self._running)

    def start(self, id: str, work: Coroutine[Any, Any, None]) -> None:
        """Begin a job; it must not raise."""
        task = asyncio.ensure_future(work)
        self._running[id] = task
        task.add_done_callback(lambda task: self._ended(id, task))

    def cancel(self, id: str) -> None:
        """End a job where it stands, if it runs."""
        if id in self._running:
            self._running[id].cancel()

    async def close(self) -> None:
        """End every job."""
        running = list(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _ended(self, id: str, task: asyncio.Task[None]) -> None:
        del self._running[id]
        if not task.cancelled() and (exc := task.exception()):
            _log.error("job %s failed", id, exc_info=exc)
