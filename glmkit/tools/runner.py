"""Runs the tools that a model asks for: checked, confirmed, bounded, never raising."""

from __future__ import annotations

import asyncio
import builtins
import contextvars
import sys
import threading
import time
import types
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import msgspec

from glmkit.tools.time_limit import Overrun, bounded
from glmkit.tools.tool import Tool
from glmkit.transport.background_loop import SETTLE_S, STEP_S
from glmkit.types.errors import ToolError
from glmkit.types.events import ToolCall, ToolResult
from glmkit.types.plain_text import one_line

#: Asks the user whether a tool may be used with these arguments.
Asker = Callable[[Tool, Mapping[str, Any]], bool]

_ERROR_CAP = 2_000
_SHOWN = 2_000


def ask_person(tool: Tool, arguments: Mapping[str, Any]) -> bool:
    """Ask for a typed yes on this thread; without a terminal the answer is no."""
    if not _somebody():
        return False
    shown = msgspec.json.encode(arguments, enc_hook=repr).decode()
    shown = shown.encode("ascii", "backslashreplace").decode()
    if len(shown) > _SHOWN:
        shown = f"{shown[:_SHOWN]}... ({len(shown) - _SHOWN} more characters)"
    try:
        asked = f"The model wants to use {tool.name}({shown})."
        answer = input(f"{one_line(asked)} Type yes to allow: ")
    except (EOFError, OSError, RuntimeError):  # a kernel without input raises the last
        return False
    return answer.strip().lower() in {"y", "yes"}


def _somebody() -> bool:
    if not isinstance(builtins.input, types.BuiltinFunctionType):
        return True  # a kernel's own: it asks the front end, or raises
    return sys.stdin is not None and not sys.stdin.closed and sys.stdin.isatty()


class Toolbox:
    """The tools of a conversation."""

    def __init__(self, tools: Mapping[str, Tool], asker: Asker = ask_person) -> None:
        self._tools = tools
        self.asker = asker

    def use(self, call: ToolCall) -> ToolResult:
        """Use a tool on this thread; an async one on a loop of a helper thread."""
        try:
            tool, arguments = self._prepared(call)
            if tool.confirm and not self.asker(tool, arguments):
                raise _declined(tool)
        except ToolError as exc:
            return _failed(call, str(exc))
        try:
            if tool.asynchronous:
                result = _aside(tool, arguments)
            else:
                result = _bounded(tool, arguments)
        except Exception as exc:
            return _failed(call, _fault(tool, exc))
        return _done(call, tool, result)

    async def use_async(self, call: ToolCall) -> ToolResult:
        """Use a tool on this loop; one that is not async in a thread."""
        try:
            tool, arguments = self._prepared(call)
            if tool.confirm and not await asyncio.to_thread(
                self.asker, tool, arguments
            ):
                raise _declined(tool)
        except ToolError as exc:
            return _failed(call, str(exc))
        try:
            if tool.asynchronous:
                work = _awaited(tool, arguments)
            else:
                work = asyncio.to_thread(_bounded, tool, arguments)
            result = await asyncio.wait_for(work, tool.timeout_s)
        except Exception as exc:
            return _failed(call, _fault(tool, exc))
        return _done(call, tool, result)

    def _prepared(self, call: ToolCall) -> tuple[Tool, dict[str, Any]]:
        tool = self._tools.get(call.name)
        if tool is None:
            names = ", ".join(self._tools) or "none"
            raise ToolError(f"There is no tool {call.name!r}. Tools: {names}.")
        return tool, tool.arguments(call.arguments)


class Left(Exception):
    """A tool tried to exit the interpreter, which an event loop would let it."""


def _bounded(tool: Tool, arguments: dict[str, Any]) -> Any:
    try:
        return bounded(partial(tool.function, **arguments), tool.timeout_s)
    except Overrun as exc:
        raise TimeoutError from exc
    except SystemExit as exc:
        raise Left(repr(exc)) from exc


async def _awaited(tool: Tool, arguments: dict[str, Any]) -> Any:
    try:
        return await tool.function(**arguments)
    except SystemExit as exc:
        raise Left(repr(exc)) from exc


def _aside(tool: Tool, arguments: dict[str, Any]) -> Any:
    """Run an async tool on a helper thread's own loop, and wait for it in steps."""
    work = _Aside(tool, arguments)
    end = time.monotonic() + tool.timeout_s + STEP_S
    try:
        while not work.ended.wait(STEP_S):
            if time.monotonic() > end:  # it blocks its loop: leave it behind
                work.cancel()
                raise TimeoutError
    except KeyboardInterrupt:
        work.cancel()
        work.ended.wait(SETTLE_S)
        raise
    if work.error is not None:
        raise work.error
    return work.result


class _Aside:
    """An async tool on a daemon thread with a loop of its own."""

    def __init__(self, tool: Tool, arguments: dict[str, Any]) -> None:
        self.ended = threading.Event()
        self.result: Any = None
        self.error: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Any] | None = None
        context = contextvars.copy_context()
        threading.Thread(
            target=context.run,
            args=(self._serve, tool, arguments),
            name=f"glmkit tool {tool.name}",
            daemon=True,
        ).start()

    def cancel(self) -> None:
        """Cancel it at the next step of its loop."""
        if (
            self._loop is not None
            and self._task is not None
            and not self.ended.is_set()
        ):
            self._loop.call_soon_threadsafe(self._task.cancel)

    def _serve(self, tool: Tool, arguments: dict[str, Any]) -> None:
        try:
            self.result = asyncio.run(self._main(tool, arguments))
        except BaseException as exc:
            self.error = exc
        finally:
            self.ended.set()

    async def _main(self, tool: Tool, arguments: dict[str, Any]) -> Any:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        return await asyncio.wait_for(_awaited(tool, arguments), tool.timeout_s)


def _declined(tool: Tool) -> ToolError:
    return ToolError(f"The user did not allow {tool.name}. Do without it.")


def _done(call: ToolCall, tool: Tool, result: Any) -> ToolResult:
    try:
        return ToolResult(call.id, call.name, tool.shown(result))
    except Exception as exc:  # a result whose own __str__ or encoder fails
        return _failed(call, _fault(tool, exc))


def _fault(tool: Tool, exc: BaseException) -> str:
    """Return an error as the model gets it, without a traceback."""
    if isinstance(exc, TimeoutError):
        return f"{tool.name} took longer than {tool.timeout_s:g} s and was stopped."
    return f"{tool.name} failed: {type(exc).__name__}: {exc}"[:_ERROR_CAP]


def _failed(call: ToolCall, content: str) -> ToolResult:
    return ToolResult(call.id, call.name, content, failed=True)
