"""Reads tool calls: of the user's functions, and of tools that the service runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from glmkit.types.events import Output, ToolCall, ToolResult

#: Tools that the service runs itself: their input streams in, their outputs follow.
_RUN_THERE = ("code_interpreter", "drawing_tool", "web_browser", "retrieval")


class NamedFunction(msgspec.Struct, gc=False):
    """A function that the model asks for, and its arguments as they come."""

    name: str | None = None
    arguments: Any = None


class _ToolOutput(msgspec.Struct, gc=False):
    type: str | None = None
    logs: str | None = None
    file: str | None = None
    image: str | None = None
    title: str | None = None
    link: str | None = None
    content: str | None = None
    text: str | None = None
    document: str | None = None
    error_msg: str | None = None


class _ServiceRun(msgspec.Struct, gc=False):
    input: str | None = None
    outputs: list[_ToolOutput] | None = None


class _Mcp(msgspec.Struct, gc=False):
    id: str | None = None
    type: str | None = None
    server_label: str | None = None
    error: Any = None
    tools: list[Any] | None = None
    arguments: str | None = None
    name: str | None = None
    output: Any = None


class CalledTool(msgspec.Struct, gc=False):
    """A tool call as the service sends it, whole or a fragment."""

    index: int | None = None
    id: str | None = None
    type: str | None = None
    function: NamedFunction | None = None
    code_interpreter: _ServiceRun | None = None
    drawing_tool: _ServiceRun | None = None
    web_browser: _ServiceRun | None = None
    retrieval: _ServiceRun | None = None
    mcp: _Mcp | None = None


class _Open(msgspec.Struct, gc=False):
    """A call that further fragments may belong to."""

    place: int
    id: str
    name: str
    indexed: bool
    arguments: list[str] = []

    @property
    def whole(self) -> bool:
        """Whether its arguments are one JSON value already."""
        try:
            msgspec.json.decode("".join(self.arguments), type=msgspec.Raw)
        except (msgspec.DecodeError, UnicodeError):
            return False
        return True


class CallReader:
    """Reads the calls of one answer, and numbers them in the order they begin.

    Servers number fragments in many ways: by `index`, by `id` alone, with index 0 for
    all, or not at all. A name with a new id begins a call; a fragment without id and
    index belongs to the call that began last. What the service runs comes without an
    index, its outputs without an id: they belong to the latest call of their type.
    """

    def __init__(self) -> None:
        self._calls: list[_Open] = []
        self._by_index: dict[int, _Open] = {}
        self._by_id: dict[str, _Open] = {}
        self._by_kind: dict[str, _Open] = {}

    def read(
        self, calls: Iterable[CalledTool], *, whole: bool = False
    ) -> Iterator[ToolCall | ToolResult]:
        """Yield the calls, and the results of those that the service ran.

        `whole`: no call is a fragment, so that each is one of its own.
        """
        for call in calls:
            kind = call.type or "function"
            if kind == "mcp" and call.mcp is not None:
                yield from self._mcp(call, call.mcp)
            elif kind in _RUN_THERE and (run := getattr(call, kind)) is not None:
                yield from self._run(call, kind, run)
            else:
                function = call.function or NamedFunction()
                name, arguments = function.name or "", _text(function.arguments)
                numbers = call.index, call.id or "", name
                began = (
                    self._begun(*numbers) if whole else self._found(*numbers, arguments)
                )
                began.arguments.append(arguments)
                yield ToolCall(began.place, call.id or "", name, arguments, kind)

    def _found(
        self, index: int | None, call_id: str, name: str, arguments: str = ""
    ) -> _Open:
        """Return the call that a fragment belongs to, a new one where it begins one."""
        known = self._by_id.get(call_id)
        if index is None and known is not None and name in ("", known.name):
            return known
        current = self._current(index, known, name)
        if current is None:
            return self._begun(index, call_id, name)
        if not name or not _begins(current, call_id, name, arguments):
            current.name, current.id = current.name or name, current.id or call_id
            return current
        if known is not None and known.name == name:
            return known
        return self._begun(index, call_id, name)

    def _current(
        self, index: int | None, known: _Open | None, name: str
    ) -> _Open | None:
        """Return the call that has the place of a fragment; None for a free place."""
        latest = self._calls[-1] if self._calls else None
        if index is None:
            return latest
        if index not in self._by_index and not name:
            open_end = latest if latest and not latest.indexed else None
            if (joined := known or open_end) is not None:
                joined.indexed = True
                self._by_index[index] = joined
        return self._by_index.get(index)

    def _begun(self, index: int | None, call_id: str, name: str) -> _Open:
        began = _Open(len(self._calls), call_id, name, index is not None, [])
        self._calls.append(began)
        if index is not None:
            self._by_index[index] = began
        if call_id:
            self._by_id[call_id] = began
        return began

    def _run(
        self, call: CalledTool, kind: str, run: _ServiceRun
    ) -> Iterator[ToolCall | ToolResult]:
        if call.id or kind not in self._by_kind:
            self._by_kind[kind] = self._found(call.index, call.id or "", kind)
        began = self._by_kind[kind]
        if run.outputs is None or run.input:
            yield ToolCall(began.place, began.id, kind, run.input or "", kind)
        if run.outputs is not None:
            yield _result(began.id, kind, run.outputs)

    def _mcp(self, call: CalledTool, mcp: _Mcp) -> Iterator[ToolCall | ToolResult]:
        call_id, name = mcp.id or "", mcp.name or mcp.type or "mcp"
        label = mcp.server_label or ""
        place = self._found(call.index, call.id or call_id, name).place
        yield ToolCall(place, call_id, name, mcp.arguments or "", "mcp", label)
        for came in (mcp.error, mcp.output, mcp.tools):
            if came:
                failed = came is mcp.error
                yield ToolResult(call_id, name, _text(came), failed)
                return


def _begins(current: _Open, call_id: str, name: str, arguments: str) -> bool:
    """Whether a named fragment begins a call although its place is taken."""
    if current.name and name != current.name:
        return True
    if call_id and current.id:
        return call_id != current.id
    return arguments.lstrip().startswith("{") and current.whole


def _result(call_id: str, kind: str, outputs: list[_ToolOutput]) -> ToolResult:
    made = tuple(
        Output(*(getattr(one, field) or "" for field in Output.__struct_fields__))
        for one in outputs
    )
    said = [
        one.logs or one.image or one.file or one.content or one.text or one.error_msg
        for one in made
    ]
    failed = bool(made) and all(one.error_msg for one in made)
    return ToolResult(call_id, kind, "\n".join(said), failed, made)


def _text(value: Any) -> str:
    """Return a text as it is, and any other value as JSON."""
    if value is None or isinstance(value, str):
        return value or ""
    return msgspec.json.encode(value).decode()
