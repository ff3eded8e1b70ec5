"""Recorded streams and bodies of servers, with what is right beside each."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DATA = Path(__file__).parents[1] / "data"


@dataclass(frozen=True)
class Recorded:
    """What a server sent, and what is to come of it.

    `right` has the answer's fields, `usage` as [prompt, completion]; or `error` with a
    part of its `message` and its `code`; `broken_off` where the answer ends in a
    failure, `empty` with a word of why it holds nothing.
    """

    name: str
    data: bytes
    right: dict[str, Any]

    @property
    def streamed(self) -> bool:
        return self.name.startswith("stream_")

    @property
    def operation(self) -> str:
        """The kind of call that is answered: "stream", "chat", "embeddings", ..."""
        return self.name.partition("_")[0]

    def __str__(self) -> str:
        return self.name


def streams() -> list[Recorded]:
    return [
        _recorded(f"stream_{path.stem}", path)
        for path in sorted((DATA / "streams").glob("*.sse"))
    ]


def bodies(operation: str = "") -> list[Recorded]:
    return [
        _recorded(path.stem, path)
        for path in sorted((DATA / "bodies").glob(f"{operation}*.body"))
    ]


def _recorded(name: str, path: Path) -> Recorded:
    right = json.loads(path.with_suffix(".json").read_text("utf-8"))
    return Recorded(name, path.read_bytes(), right)
