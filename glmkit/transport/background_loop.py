"""The background loop: one daemon thread that does the I/O of all synchronous callers.

The waiting thread waits in short steps, so that Ctrl-C and a kernel's interrupt work
everywhere; what it cancels may settle before it goes on. The loop is never interrupted
in the middle of its bookkeeping.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar, cast

from glmkit.types.errors import TransportError

T = TypeVar("T")

#: Seconds of one step of waiting: on Windows a wait cannot be interrupted within it.
STEP_S = 0.1
#: Seconds that cancelled work may take to settle, and the whole loop at exit.
SETTLE_S = 5.0


class Work(Generic[T]):
    """A coroutine under way on the background loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, job: Coroutine[Any, Any, T]):
        self._pid = os.getpid()
        self._loop = loop
        self._job = job
        self._task: asyncio.Task[None] | None = None
        self._begun = False
        self._value: T | None = None
        self._error: BaseException | None = None
        self._done = False
        # A bare lock, held until the end: a Future's condition takes twice the time.
        self._under_way = threading.Lock()
        self._under_way.acquire()
        loop.call_soon_threadsafe(self._start)

    def _start(self) -> None:
        self._task = self._loop.create_task(self._drive())

    async def _drive(self) -> None:
        self._begun = True
        try:
            self._value = await self._job
        except BaseException as exc:
            self._error = exc
        finally:
            self._done = True
            self._under_way.release()

    @property
    def done(self) -> bool:
        """Whether it ended, well or not."""
        return self._done

    def result(self) -> T:
        """Wait for the result; a KeyboardInterrupt cancels, settles and goes on."""
        try:
            while not self._wait(STEP_S):
                pass
        except KeyboardInterrupt:
            self.cancel()
            raise
        if self._error is not None:
            raise self._error
        return cast(T, self._value)

    def cancel(self) -> None:
        """Cancel it and wait until it has settled."""
        if not self.done and self._pid == os.getpid():
            self._loop.call_soon_threadsafe(self._cancel)
            self._wait(SETTLE_S)

    def _cancel(self) -> None:
        if self._task is None:
            return
        if self._begun:
            self._task.cancel()
        else:  # a task that is cancelled before its first step would never settle
            self._loop.call_soon(self._cancel)

    def check(self) -> None:
        """Raise TransportError where the work stayed behind in a parent process."""
        if self._pid != os.getpid():
            raise TransportError(
                "this call was begun by the parent process, before a fork",
                hint="Begin the call in the process that waits for it.",
            )

    def _wait(self, seconds: float) -> bool:
        self.check()
        if not self._done and self._under_way.acquire(timeout=seconds):
            self._under_way.release()  # for others who wait
        return self._done

    def call(self, callback: Callable[[], object]) -> None:
        """Call something on the loop's thread."""
        self._loop.call_soon_threadsafe(callback)


class _Background:
    """A loop, its thread and the process they belong to."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._serve, name="glmkit", daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    def end(self) -> None:
        """Cancel what runs, let it settle, close what the loop holds open."""
        if self.pid != os.getpid() or not self.thread.is_alive():
            return
        ending = Work(self.loop, self._settle())
        ending._wait(SETTLE_S)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(SETTLE_S)
        if not self.thread.is_alive():
            self.loop.close()

    async def _settle(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self.loop.shutdown_asyncgens()


_background: _Background | None = None
_lock = threading.Lock()


def submit(job: Coroutine[Any, Any, T]) -> Work[T]:
    """Start a coroutine on the background loop."""
    return Work(_running().loop, job)


def run(job: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on the background loop and wait for its result."""
    background = _running()
    if threading.current_thread() is background.thread:
        job.close()
        raise RuntimeError("the background loop cannot wait for itself")
    return Work(background.loop, job).result()


def _running() -> _Background:
    """Return the loop of this process; after a fork, a new one."""
    global _background
    with _lock:
        if _background is None or _background.pid != os.getpid():
            _background = _Background()
        return _background


def _forget() -> None:
    """Drop the parent's loop after a fork: its thread is not in the child."""
    global _background, _lock
    _background = None
    _lock = threading.Lock()


_afterwards: list[Callable[[], None]] = []


def at_end(callback: Callable[[], None]) -> None:
    """Call back when the interpreter ends, once all work has settled."""
    _afterwards.append(callback)


@atexit.register
def _end() -> None:
    if _background is not None:
        _background.end()
    for callback in _afterwards:
        callback()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
