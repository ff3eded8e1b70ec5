"""Typed Python functions as tools: their definition, their arguments, their result."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Mapping
from typing import Annotated, Any, get_args, get_origin, get_type_hints, overload

import msgspec

from glmkit.tools.arguments import object_of
from glmkit.tools.schema import decode, schema_of
from glmkit.types.errors import ConfigError, ToolError
from glmkit.types.translation import _

#: Seconds that a tool may take, and characters of its result that the model gets.
TIME_S = 60.0
RESULT_CAP = 16_000
#: Characters of malformed arguments that the model is shown.
_SHOWN = 1_000

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_FITTING = "The model wrote them: ask again, or describe the argument more closely."
_OPEN = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


class Tool:
    """A function that a model may ask for; it can still be called as a function.

    `definition` is sent to the model; `confirm`: the user is asked before each use;
    `timeout_s` and `result_cap` (characters) bound one use.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        name: str | None = None,
        description: str | None = None,
        confirm: bool = False,
        timeout_s: float = TIME_S,
        result_cap: int = RESULT_CAP,
    ) -> None:
        self.function = function
        self.name = name or str(getattr(function, "__name__", ""))
        if not _NAME.fullmatch(self.name):
            raise ToolError(
                _("a tool cannot be called {name!r}", name=self.name),
                hint=_(
                    "Use up to 64 letters, digits, _ and -: @glmkit.tool(name='...')."
                ),
            )
        self.confirm = confirm
        self.timeout_s = timeout_s
        self.result_cap = result_cap
        self.asynchronous = inspect.iscoroutinefunction(function)
        self._arguments = _arguments_of(function, self.name)
        self.definition = self._defined(description or _docstring(function, self.name))
        self.__doc__ = function.__doc__
        self.__wrapped__ = function

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Call the function itself."""
        return self.function(*args, **options)

    def __repr__(self) -> str:
        return f"Tool({self.name!r})"

    def arguments(self, text: str) -> dict[str, Any]:
        """Return the typed arguments that a JSON text holds.

        Raises ToolError, which names the argument that does not fit, or shows the text
        that is not a JSON object.
        """
        whole = object_of(text)
        if whole is None:
            raise ToolError(
                _(
                    "the arguments of {name} are not one JSON object. They were: "
                    "{text}",
                    name=self.name,
                    text=text[:_SHOWN],
                ),
                hint=_(_FITTING),
            )
        try:
            value = decode(self._arguments, whole)
        except msgspec.ValidationError as exc:
            raise ToolError(
                _(
                    "the arguments of {name} do not fit: {reason}",
                    name=self.name,
                    reason=exc,
                ),
                hint=_(_FITTING),
            ) from exc
        except RecursionError as exc:
            raise ToolError(
                _("the arguments of {name} are nested too deep", name=self.name),
                hint=_(_FITTING),
            ) from exc
        fields = msgspec.structs.asdict(value)
        return {name: v for name, v in fields.items() if v is not msgspec.UNSET}

    def shown(self, result: Any) -> str:
        """Return a result as the model gets it: text or JSON, cut where it is long."""
        text = result if isinstance(result, str) else _json(result)
        if (more := len(text) - self.result_cap) > 0:
            text = f"{text[: self.result_cap]}... ({more} more characters are cut)"
        return text

    def _defined(self, description: str) -> dict[str, Any]:
        parameters = schema_of(self._arguments)
        parameters.pop("title", None)
        function = {
            "name": self.name,
            "description": description,
            "parameters": parameters,
        }
        return {"type": "function", "function": function}


@overload
def tool(function: Callable[..., Any], /) -> Tool: ...


@overload
def tool(
    *,
    name: str | None = None,
    description: str | None = None,
    confirm: bool = False,
    timeout_s: float = TIME_S,
    result_cap: int = RESULT_CAP,
) -> Callable[[Callable[..., Any]], Tool]: ...


def tool(
    function: Callable[..., Any] | None = None, /, **options: Any
) -> Tool | Callable[[Callable[..., Any]], Tool]:
    """Make a typed, documented function a tool. Raises ToolError.

    The docstring (or `description`) tells the model what it does, the annotations what
    it takes; `Annotated[int, "in metres"]` describes an argument. With `confirm=True`
    the user is asked before each use; `name`, `timeout_s` and `result_cap` are those of
    `Tool`, in parentheses: `@glmkit.tool(confirm=True)`. What it returns reaches the
    model as data: JSON that names the tool and says that it holds no instructions.

    >>> @tool
    ... def add(a: int, b: int = 1) -> int:
    ...     "Add two numbers."
    ...     return a + b
    >>> add.arguments('{"a": 2}')
    {'a': 2}
    """
    if function is None:
        return lambda wrapped: Tool(wrapped, **options)
    return Tool(function, **options)


def tools_of(offered: Any) -> dict[str, Tool]:
    """Return the tools by name; plain functions become tools. Raises ToolError."""
    found: dict[str, Tool] = {}
    for one in offered:
        made = one if isinstance(one, Tool) else Tool(one)
        if made.name in found:
            raise ToolError(
                _("two tools are called {name!r}", name=made.name),
                hint=_("Give one another name=."),
            )
        found[made.name] = made
    return found


def _docstring(function: Callable[..., Any], name: str) -> str:
    """Return a function's docstring; ToolError where there is none.

    `python -OO` strips docstrings; the tool's name has to do then.
    """
    text = inspect.getdoc(function)
    if not text and sys.flags.optimize < 2:
        raise ToolError(
            _("the tool {name} has no docstring", name=name),
            hint=_("Describe there what it does: the model reads it."),
        )
    return text or ""


def _arguments_of(function: Callable[..., Any], name: str) -> Any:
    """Return a struct type of a function's arguments."""
    if not callable(function):
        raise ToolError(
            _("{function!r} is not a function", function=function),
            hint=_("Decorate a function."),
        )
    try:
        hints = get_type_hints(function, include_extras=True)
        fields = [
            _field(parameter, hints, name)
            for parameter in inspect.signature(function).parameters.values()
        ]
        made = msgspec.defstruct(
            name.replace("-", "_"), fields, forbid_unknown_fields=True, kw_only=True
        )
        schema_of(made)
    except (NameError, TypeError, ValueError, ConfigError) as exc:
        raise ToolError(
            _("the tool {name} cannot be described: {reason}", name=name, reason=exc),
            hint=_("Annotate its arguments with types that JSON has."),
        ) from exc
    return made


def _field(
    parameter: inspect.Parameter, hints: Mapping[str, Any], tool_name: str
) -> tuple[str, Any, Any] | tuple[str, Any]:
    name = parameter.name
    if parameter.kind in _OPEN or parameter.kind is parameter.POSITIONAL_ONLY:
        raise ToolError(
            _(
                "the tool {tool_name} takes {parameter}, which a model cannot name",
                tool_name=tool_name,
                parameter=parameter,
            ),
            hint=_("Give each argument a name and a type."),
        )
    if name not in hints:
        raise ToolError(
            _(
                "the argument {name!r} of the tool {tool_name} has no annotation",
                name=name,
                tool_name=tool_name,
            ),
            hint=_("Write {name}: str, or what else it is.", name=name),
        )
    kind = _described(hints[name])
    if parameter.default is parameter.empty:
        return name, kind
    # Absent stays absent, so that the function's own default holds.
    return name, kind | msgspec.UnsetType, msgspec.UNSET


def _described(hint: Any) -> Any:
    """Let a text in Annotated describe the argument in the schema."""
    if get_origin(hint) is not Annotated:
        return hint
    kind, *notes = get_args(hint)
    for note in notes:
        extra = msgspec.Meta(description=note) if isinstance(note, str) else note
        kind = Annotated[kind, extra]
    return kind


def _json(value: Any) -> str:
    if hasattr(value, "model_dump_json"):
        return str(value.model_dump_json())
    try:
        return msgspec.json.encode(value, enc_hook=_plain).decode()
    except (TypeError, ValueError, RecursionError):
        return str(value)


def _plain(value: Any) -> Any:
    """Make JSON of what msgspec does not know: numpy's scalars and arrays, the rest."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    return str(value)
