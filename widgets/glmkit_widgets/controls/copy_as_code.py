"""A notebook's settings as text to paste: a `%%glm` cell, or lines of Python."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from glmkit.config.endpoints import LOCAL, SERVICES

_PROMPT = "Write the prompt here."
#: Settings that `%%glm` takes as options, in the order of writing.
_FLAGS = {
    "model": "-m",
    "temperature": "-t",
    "top_p": "--top-p",
    "max_tokens": "--max-tokens",
    "think": "--think",
}


def magic(values: Mapping[str, Any]) -> str:
    """Return the settings as a `%%glm` cell; what is None is left out.

    >>> print(magic({"model": "glm-4-plus", "temperature": 0.2, "stream": False}))
    %%glm -m glm-4-plus -t 0.2 --no-stream
    Write the prompt here.
    """
    words = ["%%glm"]
    for name, flag in _FLAGS.items():
        if values.get(name) is not None:
            words += [flag, _word(str(values[name]))]
    if not values.get("stream", True):
        words.append("--no-stream")
    system = values.get("system")
    if system:
        words += ["-s", _quoted(system)]
    if system and "\n" in system:  # the first line of a cell ends at a line break
        line = " ".join(words[1:])
        return f"get_ipython().run_cell_magic('glm', {line!r}, {_PROMPT!r})\n"
    return f"{' '.join(words)}\n{_PROMPT}\n"


def _word(text: str) -> str:
    return _quoted(text) if set(text) & set(" '\"") else text


def _quoted(text: str) -> str:
    """Quote as the options' line is split: no character escapes another.

    >>> print(_quoted("say \\"it's\\""))
    "say "'"'"it's"'"'""
    """
    if '"' not in text:
        return f'"{text}"'
    if "'" not in text:
        return f"'{text}'"
    return "'\"'".join(f'"{part}"' for part in text.split('"'))


def python(values: Mapping[str, Any], endpoint: str | None = None) -> str:
    """Return the settings as a script that asks; a key is never part of it.

    An endpoint is named where it is one of the services; a URL stays out, because it
    may hold what is private.

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
    given = [_literal(_PROMPT), *(f"{n}={_literal(v)}" for n, v in options(values))]
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


def options(values: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return what is set, by the names of `Client.chat`."""
    names = {name: "thinking" if name == "think" else name for name in _FLAGS}
    asked = [(names[name], values.get(name)) for name in names]
    asked.append(("system", values.get("system") or None))
    return [(name, value) for name, value in asked if value is not None]


def _literal(value: Any) -> str:
    """Write a value as code, with the quotes that formatters like."""
    if not isinstance(value, str):
        return repr(value)
    plain = repr(value)
    if plain[0] == "'" and '"' not in value:
        return f'"{plain[1:-1]}"'
    return plain
