"""The options of a chat: their names, and the wire's fields that they stand for."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

from glmkit.types.errors import ConfigError

Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
_EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
#: Tools that the service runs by itself, for the models that have them.
_SERVICE_TOOLS = ("code_interpreter", "drawing_tool", "web_browser")


class Options(TypedDict, total=False):
    """The parameters of a chat, all optional; unset ones are not sent."""

    model: str | None
    system: str | None
    temperature: float | None
    top_p: float | None
    max_tokens: int | None
    stop: str | Sequence[str] | None
    do_sample: bool | None
    seed: int | None
    thinking: bool | str | Mapping[str, Any] | None
    clear_thinking: bool | None
    tools: Sequence[Any] | None
    tool_choice: str | Mapping[str, Any] | None
    tool_stream: bool | None
    web_search: bool | Mapping[str, Any] | None
    retrieval: str | Mapping[str, Any] | None
    schema: Any
    response_format: str | Mapping[str, Any] | None
    request_id: str | None
    user_id: str | None
    meta: Mapping[str, str] | None
    sensitive_word_check: Mapping[str, str] | None
    extra: Mapping[str, Any] | None
    watermark_enabled: bool | None
    extra_body: Mapping[str, Any] | None


def check_names(given: Mapping[str, Any]) -> None:
    """Raise ConfigError for an option that there is not, with the nearest name."""
    known = Options.__annotations__
    for name in given:
        if name == "stream":
            raise ConfigError(
                "`stream` is no option", hint="Use `with client.stream(...) as stream:`"
            )
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            raise ConfigError(
                f"unknown option {name!r}",
                hint=f"Did you mean {near[0]!r}?"
                if near
                else "Fields that are newer than glmkit go into extra_body={...}.",
            )


def thinking(
    thinking: bool | str | Mapping[str, Any] | None = None,
    clear_thinking: bool | None = None,
) -> dict[str, Any]:
    """Return the fields of the wire for how a model shall think."""
    match thinking:
        case True | "on":
            fields: dict[str, Any] = {"thinking": {"type": "enabled"}}
        case False | "off":
            fields = {"thinking": {"type": "disabled"}}
        case str() if thinking in _EFFORTS:
            fields = {"reasoning_effort": thinking}
        case Mapping():
            fields = {"thinking": {"type": "enabled", **thinking}}
        case None:
            fields = {}
        case _:
            raise ConfigError(
                f"thinking can not be {thinking!r}",
                hint=f"Use True, False, 'on', 'off' or one of {', '.join(_EFFORTS)}.",
            )
    if clear_thinking is not None:
        switch = fields.get("thinking", {"type": "enabled"})
        fields["thinking"] = {**switch, "clear_thinking": clear_thinking}
    return fields


def tools(given: dict[str, Any]) -> list[Any]:
    """Take the options that are tools, and return what is sent of them."""
    offered = [_tool(tool) for tool in listed(given.pop("tools", ()))]
    match given.pop("web_search", None):
        case bool(on):
            switch = {"search_engine": "search_std", "search_result": True}
            offered.append(_service_tool("web_search", {"enable": on} | switch))
        case Mapping() as search:
            switch = {"enable": True, "search_engine": "search_std"}
            offered.append(_service_tool("web_search", switch | dict(search)))
        case None:
            pass
        case wrong:
            raise ConfigError(
                f"web_search can not be {wrong!r}",
                hint="Use True, False, or the fields of the search as a dict.",
            )
    match given.pop("retrieval", None):
        case str(knowledge):
            offered.append(_service_tool("retrieval", {"knowledge_id": knowledge}))
        case Mapping() as retrieval:
            offered.append(_service_tool("retrieval", dict(retrieval)))
        case None:
            pass
        case wrong:
            raise ConfigError(
                f"retrieval can not be {wrong!r}",
                hint="Use the knowledge base's id, or the fields as a dict.",
            )
    return offered


def listed(offered: Any) -> list[Any]:
    """Return the tools as a list; ConfigError for one that stands alone."""
    if callable(offered) or isinstance(offered, str | Mapping):
        raise ConfigError(
            f"tools takes a list, and this is {offered!r}",
            hint="Put it into brackets: tools=[...].",
        )
    return list(offered)


def _service_tool(kind: str, fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, kind: fields}


def _tool(tool: Any) -> Any:
    """Return what is sent of a tool: a `Tool`, a name of the service's, or a dict."""
    if isinstance(tool, str) and tool in _SERVICE_TOOLS:
        return {"type": tool}
    definition = getattr(tool, "definition", tool)
    if not isinstance(definition, Mapping) or "type" not in definition:
        raise ConfigError(
            f"this is no tool: {tool!r}",
            hint="Decorate the function with @glmkit.tool, or pass {'type': ...}, "
            f"or one of {', '.join(_SERVICE_TOOLS)}.",
        )
    return dict(definition)
