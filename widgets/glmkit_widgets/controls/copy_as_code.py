"""A notebook's settings as text to paste: a `%%glm` cell, or Python code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from glmkit.config.endpoints import LOCAL, SERVICES
from glmkit.types.magic_line import quoted
from glmkit.types.options import CONTROLS, Option, client_options

_PROMPT = "Write the prompt here."
#: In the order of writing: the prompt's own text comes last.
_CONTROLS = sorted(CONTROLS, key=lambda option: option.words)


def magic(values: Mapping[str, Any]) -> str:
    """Return the settings as a `%%glm` cell; what is None is left out.

    >>> print(magic({"model": "glm-4-plus", "temperature": 0.2, "stream": False}))
    %%glm -m glm-4-plus -t 0.2 --no-stream
    Write the prompt here.
    """
    words = [word for option in _CONTROLS for word in _flagged(option, values)]
    if any("{" in word for word in words):  # the controls' text has no fields
        words.append("--literal")
    line = " ".join(words)
    if "\n" in line:  # the first line of a cell ends at a line break
        return f"get_ipython().run_cell_magic('glm', {line!r}, {_PROMPT!r})\n"
    return f"{' '.join(['%%glm', *words])}\n{_PROMPT}\n"


def _flagged(option: Option, values: Mapping[str, Any]) -> list[str]:
    """Return an option's words in the line, none where it has its default."""
    value = values.get(option.name, option.default)
    if value is None or value == option.default or value == "":
        return []
    if option.kind == "toggle":
        return [(option.flags if value else option.off_flags)[0]]
    return [option.flags[0], _word(str(value), always=option.words)]


def _word(text: str, *, always: bool) -> str:
    return quoted(text) if always or set(text) & set(" '\"") else text


def python(values: Mapping[str, Any], endpoint: str | None = None) -> str:
    """Return the settings as a script that asks; it never has a key.

    An endpoint is named if it is one of the services; a URL is left out, because it may
    be private.

    >>> print(python({"model": "glm-4-plus", "think": "on", "stream": False}, "zai"))
    import glmkit
    <BLANKLINE>
    client = glmkit.Client("zai")
    reply = client.chat(
        "Write the prompt here.",
        model="glm-4-plus",
        thinking="on",
    )
    print(reply.text)
    <BLANKLINE>
    """
    known = endpoint in SERVICES or endpoint == LOCAL.name
    options = client_options({o.name: values.get(o.name) or None for o in _CONTROLS})
    given = [_literal(_PROMPT), *(f"{n}={_literal(v)}" for n, v in options.items())]
    asked = "".join(f"    {one},\n" for one in given)
    lines = ["import glmkit", "", f"client = glmkit.Client({_literal(endpoint)})"]
    if not known:
        lines[-1] = "client = glmkit.Client()"
    if values.get("stream", True):
        lines += [
            f"with client.stream(\n{asked}) as stream:",
            "    for event in stream:",
            "        if isinstance(event, glmkit.Text):",
            '            print(event.text, end="")',
        ]
    else:
        lines += [f"reply = client.chat(\n{asked})", "print(reply.text)"]
    return "\n".join(lines) + "\n"


def verb(template: str, values: Mapping[str, Any], *, verb: str = "map") -> str:
    """Return a verb over the rows of a frame called `df`; what is None is left out.

    >>> print(verb("Where is {city}?", {"model": "glm-4-plus"}))
    import glmkit.pandas
    <BLANKLINE>
    out = df.glm.map(
        "Where is {city}?",
        model="glm-4-plus",
    )
    out
    <BLANKLINE>
    """
    given = {name: value for name, value in values.items() if value is not None}
    words = [_literal(template), *(f"{n}={_literal(v)}" for n, v in given.items())]
    asked = "".join(f"    {one},\n" for one in words)
    return f"import glmkit.pandas\n\nout = df.glm.{verb}(\n{asked})\nout\n"


def _literal(value: Any) -> str:
    """Return a value as code, in double quotes where possible."""
    if not isinstance(value, str):
        return repr(value)
    plain = repr(value)
    if plain[0] == "'" and '"' not in value:
        return f'"{plain[1:-1]}"'
    return plain
