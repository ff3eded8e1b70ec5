"""Illustrations: answers to the gallery's notebooks that scripts make from the truth.

Each nNN_name.py serves the notebook of that number:

- `RATE`: how often an answer is wrong on purpose; `CHANCE`: the score of the headline
  where the truth is shuffled;
- `reply(request, seed)`: the answer to one request, as the service would get it;
- `outcome(seed)`: what the cell of the check needs, as the notebook leaves it;
- `shuffled(seed)`: the same with the truth of other items.

A mistake depends on the seed and the item alone, never on the order of the requests.
"""

from __future__ import annotations

import random
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

DATA = Path(__file__).parents[1] / "data"
#: The seed of the answers that the cassettes hold.
SEED = 2026


def numbered() -> dict[int, ModuleType]:
    """Return the modules by the number of their notebook."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("n[0-9][0-9]_*.py"))
    return {int(name[1:3]): import_module(f"{__name__}.{name}") for name in names}


def dice(seed: int, *item: object) -> random.Random:
    """Return the random numbers of one item."""
    return random.Random(":".join(map(str, (seed, *item))))


def asked(request: dict[str, Any]) -> str:
    """Return the text of the last message of the user."""
    said = [m["content"] for m in request["messages"] if m["role"] == "user"]
    return text_of(said[-1])


def text_of(content: str | list[dict[str, Any]] | None) -> str:
    """Return the text of a message's content."""
    if isinstance(content, list):
        return "\n".join(part.get("text", "") for part in content)
    return content or ""
