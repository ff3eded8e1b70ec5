"""API methods written once, exposed sync and async.

A namespace is `Blocking` or `Awaited`; its verbs are coroutines whose `self` is the
awaited one, so that a verb may use another.
"""

from __future__ import annotations

import functools
import queue
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from typing import (
    TYPE_CHECKING,
    Any,
    Concatenate,
    Generic,
    ParamSpec,
    TypeVar,
    overload,
)

from glmkit.client.call.execution import Exchange
from glmkit.client.call.streams import AsyncStream, Stream
from glmkit.transport import background_loop
from glmkit.types.errors import Interrupted

if TYPE_CHECKING:
    from glmkit.client.resources.requester import Caller

P = ParamSpec("P")
T = TypeVar("T")
F = TypeVar("F")


class Blocking:
    """Marks a namespace whose methods block."""


class Awaited:
    """Marks a namespace whose methods are coroutines."""


class Namespace(Generic[F]):
    """A group of API methods; `F` is Blocking or Awaited."""

    _caller: Caller
    _blocking: bool

    def __init__(self, caller: Caller, *, blocking: bool) -> None:
        self._caller = caller
        self._blocking = blocking

    def __repr__(self) -> str:
        return f"<{type(self).__name__.lower()} of {self._caller.endpoint!r}>"

    def _awaited(self) -> Namespace[Awaited]:
        return type(self)(self._caller, blocking=False)  # type: ignore[return-value]


class verb(Generic[P, T]):
    """Descriptor: a coroutine method that blocks in a Blocking namespace."""

    def __init__(
        self, body: Callable[Concatenate[Any, P], Coroutine[Any, Any, T]]
    ) -> None:
        self._body = body
        self.__doc__ = body.__doc__

    @overload
    def __get__(self, place: None, owner: type) -> verb[P, T]: ...
    @overload
    def __get__(self, place: Namespace[Blocking], owner: type) -> Callable[P, T]: ...
    @overload
    def __get__(
        self, place: Namespace[Awaited], owner: type
    ) -> Callable[P, Coroutine[Any, Any, T]]: ...
    def __get__(self, place: Namespace[Any] | None, owner: type) -> Any:
        if place is None:
            return self
        if not place._blocking:
            return self._body.__get__(place)
        body = self._body.__get__(place._awaited())

        @functools.wraps(body)
        def waits(*args: P.args, **kwargs: P.kwargs) -> T:
            result: T = wait(body(*args, **kwargs))
            return result

        return waits


class live(Generic[P]):
    """Descriptor: returns a Stream, or an AsyncStream in an Awaited namespace."""

    def __init__(self, body: Callable[Concatenate[Any, P], Exchange]) -> None:
        self._body = body
        self.__doc__ = body.__doc__

    @overload
    def __get__(self, place: None, owner: type) -> live[P]: ...
    @overload
    def __get__(
        self, place: Namespace[Blocking], owner: type
    ) -> Callable[P, Stream]: ...
    @overload
    def __get__(
        self, place: Namespace[Awaited], owner: type
    ) -> Callable[P, AsyncStream]: ...
    def __get__(self, place: Namespace[Any] | None, owner: type) -> Any:
        if place is None:
            return self
        face = Stream if place._blocking else AsyncStream
        body = self._body.__get__(place)

        @functools.wraps(body)
        def begins(*args: P.args, **kwargs: P.kwargs) -> Stream | AsyncStream:
            return face(body(*args, **kwargs))

        return begins


_Note = Callable[[], object]
_notes: ContextVar[queue.SimpleQueue[_Note | None] | None] = ContextVar(
    "notes", default=None
)


def tell(note: _Note) -> None:
    """Call a function on the waiting thread; at once where none waits.

    A progress bar drawn by the background thread would land in another cell.
    """
    notes = _notes.get()
    if notes is None:
        note()
    else:
        notes.put(note)


def wait(job: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on the background loop and wait, running its callbacks here.

    Raises Interrupted when the user interrupts; what was under way has settled.
    """
    notes: queue.SimpleQueue[_Note | None] = queue.SimpleQueue()
    token = _notes.set(notes)
    try:
        work = background_loop.submit(_noted(job, notes))
    finally:
        _notes.reset(token)
    try:
        while (note := _next(notes, work)) is not None:
            note()
        return work.result()
    except KeyboardInterrupt:
        work.cancel()
        _rest(notes)
        raise Interrupted() from None
    except BaseException:
        work.cancel()
        _rest(notes)
        raise


async def _noted(
    job: Coroutine[Any, Any, T], notes: queue.SimpleQueue[_Note | None]
) -> T:
    try:
        return await job
    finally:
        notes.put(None)


def _next(
    notes: queue.SimpleQueue[_Note | None], work: background_loop.Work[Any]
) -> _Note | None:
    while True:
        try:
            return notes.get(timeout=background_loop.STEP_S)
        except queue.Empty:
            work.check()
            if work.done:
                return None


def _rest(notes: queue.SimpleQueue[_Note | None]) -> None:
    """Run the last callback, such as the closing of a bar."""
    while not notes.empty():
        if (note := notes.get()) is not None:
            note()
