"""Build a request from a prompt and the options of a chat, and check both."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

import msgspec

from glmkit.types.errors import ConfigError
from glmkit.types.message_checks import message_of, part_of
from glmkit.types.messages import Message, Request
from glmkit.types.numbers import as_text, plain, rounded
from glmkit.types.options import EFFORTS, Options
from glmkit.types.translation import _

#: A text, or a list of texts and media, or of messages. A medium is a part, a path,
#: bytes, a PIL image, a matplotlib or plotly figure; one alone is a prompt too.
Prompt = str | bytes | Path | Sequence[Any]

#: What options are made of: ids may be counters and times.
_FORMS = {
    "temperature": rounded,
    "top_p": rounded,
    "request_id": as_text,
    "user_id": as_text,
}
#: What holds fields of the user's own.
_OPEN = ("extra_body", "extra", "tools", "tool_choice", "meta")


def request_of(prompt: Prompt, options: Mapping[str, Any]) -> Request:
    """Build the request of a prompt and its options.

    Raises ConfigError if the prompt is empty, or an option is unknown or of the wrong
    type.

    >>> request_of("Hi", {"system": "Be brief.", "temperature": 0.2}).temperature
    0.2
    """
    given = {name: plain(value) for name, value in options.items() if value is not None}
    for name, formed in _FORMS.items():
        if name in given:
            given[name] = formed(given[name])
    check_names(given)
    fields: dict[str, Any] = {"messages": _messages(prompt, given.pop("system", None))}
    if switches := given.keys() & {"thinking", "clear_thinking"}:
        fields |= thinking(**{name: given.pop(name) for name in switches})
    if offered := tools(given):
        given["tools"] = offered
    if isinstance(given.get("stop"), str):
        given["stop"] = (given["stop"],)
    if (form := given.pop("schema", None)) is not None:
        given["response_format"] = form.response_format
    if isinstance(given.get("response_format"), str):
        given["response_format"] = {"type": given["response_format"]}
    for name in ("temperature", "top_p"):
        if isinstance(given.get(name), float) and not isfinite(given[name]):
            raise ConfigError(
                _("{name} cannot be {value}", name=name, value=given[name]),
                hint=_(
                    "JSON has no such number: use one, or leave {name} out.", name=name
                ),
            )
    for name in _OPEN:
        if name in given:
            _check_json(name, given[name])
    try:
        return msgspec.convert(fields | given, Request)
    except msgspec.ValidationError as exc:
        raise ConfigError(
            _("an option does not fit: {fault}", fault=exc),
            hint=_("`help(glmkit.Client.chat)` shows what each option takes."),
        ) from exc


def _check_json(name: str, value: Any) -> None:
    try:
        msgspec.json.encode(value)
    except (TypeError, ValueError, RecursionError) as exc:
        raise ConfigError(
            _("{name} cannot be sent as JSON: {fault}", name=name, fault=exc),
            hint=_("Use texts, numbers, booleans, lists and dicts."),
        ) from exc


def _messages(prompt: Prompt, system: str | None) -> tuple[Message, ...]:
    head = (Message("system", system),) if system else ()
    body = turns_of(prompt)
    if not any(_has_content(message) for message in body):
        raise ConfigError(
            _("the prompt is empty"), hint=_("Write what the model is to do.")
        )
    return head + body


def turns_of(prompt: Prompt) -> tuple[Message, ...]:
    """Return the messages of a prompt; a text or parts are one user message."""
    match prompt:
        case str():
            return (Message("user", plain(prompt)),)
        case Sequence() if any(_is_message(item) for item in prompt):
            return tuple(message_of(item) for item in prompt)
        case Sequence():
            return (Message("user", tuple(part_of(item) for item in prompt)),)
        case _:
            raise ConfigError(
                _("a prompt cannot be a {kind}", kind=type(prompt).__name__),
                hint=_("Pass a text, a list of parts, or a list of messages."),
            )


def _is_message(item: Any) -> bool:
    return isinstance(item, Message) or (isinstance(item, Mapping) and "role" in item)


def _has_content(message: Message) -> bool:
    if isinstance(message.content, str):
        return bool(message.content.strip())
    return bool(message.content or message.tool_calls)


#: Tools that the service runs by itself, for the models that have them.
_SERVICE_TOOLS = ("code_interpreter", "drawing_tool", "web_browser")


def check_names(given: Mapping[str, Any]) -> None:
    """Raise ConfigError for an option that does not exist, with the nearest name."""
    known = Options.__annotations__
    for name in given:
        if name == "stream":
            raise ConfigError(
                _("`stream` is not an option"),
                hint=_("Use `with client.stream(...) as stream:`"),
            )
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            raise ConfigError(
                _("unknown option {name!r}", name=name),
                hint=_("Did you mean {near!r}?", near=near[0])
                if near
                else _("Fields that are newer than glmkit go into extra_body={...}."),
            )


def thinking(
    thinking: bool | str | Mapping[str, Any] | None = None,
    clear_thinking: bool | None = None,
) -> dict[str, Any]:
    """Return the request's fields for `thinking` and `clear_thinking`."""
    match thinking:
        case True | "on":
            fields: dict[str, Any] = {"thinking": {"type": "enabled"}}
        case False | "off":
            fields = {"thinking": {"type": "disabled"}}
        case str() if thinking in EFFORTS:
            fields = {"reasoning_effort": thinking}
        case Mapping():
            fields = {"thinking": {"type": "enabled", **thinking}}
        case None:
            fields = {}
        case _:
            raise ConfigError(
                _("thinking cannot be {value!r}", value=thinking),
                hint=_(
                    "Use True, False, 'on', 'off' or one of {efforts}.",
                    efforts=", ".join(EFFORTS),
                ),
            )
    if clear_thinking is not None:
        switch = fields.get("thinking", {"type": "enabled"})
        fields["thinking"] = {**switch, "clear_thinking": clear_thinking}
    return fields


def tools(given: dict[str, Any]) -> list[Any]:
    """Remove the options that are tools, and return the request's `tools`."""
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
                _("web_search cannot be {value!r}", value=wrong),
                hint=_("Use True, False, or the fields of the search as a dict."),
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
                _("retrieval cannot be {value!r}", value=wrong),
                hint=_("Use the knowledge base's id, or the fields as a dict."),
            )
    return offered


def listed(offered: Any) -> list[Any]:
    """Return the tools as a list; ConfigError for a tool outside a list."""
    if callable(offered) or isinstance(offered, str | Mapping):
        raise ConfigError(
            _("tools takes a list, not {value!r}", value=offered),
            hint=_("Put it into brackets: tools=[...]."),
        )
    return list(offered)


def _service_tool(kind: str, fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, kind: fields}


def _tool(tool: Any) -> Any:
    """Return the definition of a `Tool`, a tool of the service by name, or a dict."""
    if isinstance(tool, str) and tool in _SERVICE_TOOLS:
        return {"type": tool}
    definition = getattr(tool, "definition", tool)
    if not isinstance(definition, Mapping) or "type" not in definition:
        raise ConfigError(
            _("{tool!r} is not a tool", tool=tool),
            hint=_(
                "Decorate the function with @glmkit.tool, or pass {{'type': ...}} or "
                "one of {names}.",
                names=", ".join(_SERVICE_TOOLS),
            ),
        )
    return dict(definition)
