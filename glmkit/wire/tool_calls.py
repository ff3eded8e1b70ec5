"""Tool calls on the wire: the person's functions, and what the service runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from glmkit.types.events import Output, ToolCall, ToolResult

#: Tools that the service runs itself: their input streams in, their outputs follow.
_RUN_THERE = ("code_interpreter", "drawing_tool", "web_browser", "retrieval")


class _Function(msgspec.Struct, gc=False):
    name: str | None = None
    arguments: str | dict[str, Any] | None = None


class _Output(msgspec.Struct, gc=False):
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


class _Run(msgspec.Struct, gc=False):
    input: str | None = None
    outputs: list[_Output] | None = None


class _Mcp(msgspec.Struct, gc=False):
    id: str | None = None
    type: str | None = None
    server_label: str | None = None
    error: Any = None
    tools: list[Any] | None = None
    arguments: str | None = None
    name: str | None = None
    output: Any = None


class Called(msgspec.Struct, gc=False):
    """A call as the wire has it, whole or a fragment."""

    index: int | None = None
    id: str | None = None
    type: str | None = None
    function: _Function | None = None
    code_interpreter: _Run | None = None
    drawing_tool: _Run | None = None
    web_browser: _Run | None = None
    retrieval: _Run | None = None
    mcp: _Mcp | None = None


class CallReader:
    """Reads the calls of one answer.

    What the service runs comes without an index, its outputs without an id: they
    belong to the latest call of their type.
    """

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._latest: dict[str, tuple[int, str]] = {}

    def read(self, calls: Iterable[Called]) -> Iterator[ToolCall | ToolResult]:
        """Yield the calls, and the results of those that the service ran."""
        for place, call in enumerate(calls):
            kind = call.type or "function"
            if kind == "mcp" and call.mcp is not None:
                yield from self._mcp(call.mcp, self._index(call, place))
            elif kind in _RUN_THERE and (run := getattr(call, kind)) is not None:
                yield from self._run(call, kind, run, place)
            else:
                index = self._index(call, place)
                function = call.function or _Function()
                arguments = function.arguments or ""
                if isinstance(arguments, dict):
                    arguments = msgspec.json.encode(arguments).decode()
                name = function.name or ""
                yield ToolCall(index, call.id or "", name, arguments, kind)

    def _index(self, call: Called, place: int) -> int:
        """Return the number of the call that a fragment belongs to."""
        index = call.index
        if index is None and call.id:
            index = self._places.get(call.id, len(self._places))
        if index is None:
            return place
        if call.id:
            self._places[call.id] = index
        return index

    def _run(
        self, call: Called, kind: str, run: _Run, place: int
    ) -> Iterator[ToolCall | ToolResult]:
        if call.id or kind not in self._latest:
            self._latest[kind] = (self._index(call, place), call.id or "")
        index, call_id = self._latest[kind]
        if run.outputs is None or run.input:
            yield ToolCall(index, call_id, kind, run.input or "", kind)
        if run.outputs is not None:
            yield _result(call_id, kind, run.outputs)

    def _mcp(self, mcp: _Mcp, index: int) -> Iterator[ToolCall | ToolResult]:
        call_id, name = mcp.id or "", mcp.name or mcp.type or "mcp"
        label = mcp.server_label or ""
        yield ToolCall(index, call_id, name, mcp.arguments or "", "mcp", label)
        for came in (mcp.error, mcp.output, mcp.tools):
            if came:
                failed = came is mcp.error
                yield ToolResult(call_id, name, _text(came), failed)
                return


def _result(call_id: str, kind: str, outputs: list[_Output]) -> ToolResult:
    made = tuple(
        Output(*(getattr(one, field) or "" for field in _Output.__struct_fields__))
        for one in outputs
    )
    said = [
        one.logs or one.image or one.file or one.content or one.text or one.error_msg
        for one in made
    ]
    failed = bool(made) and all(one.error_msg for one in made)
    return ToolResult(call_id, kind, "\n".join(said), failed, made)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
