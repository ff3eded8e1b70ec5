"""The line of a `%%glm` cell: how a text is written in it."""

from __future__ import annotations


def quoted(text: str) -> str:
    """Quote a text for the line of a magic, where no character escapes another.

    >>> print(quoted("say \\"it's\\""))
    "say "'"'"it's"'"'""
    """
    if '"' not in text:
        return f'"{text}"'
    if "'" not in text:
        return f"'{text}'"
    return "'\"'".join(f'"{part}"' for part in text.split('"'))
