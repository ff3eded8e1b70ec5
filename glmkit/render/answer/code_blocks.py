"""The code of an answer: what of its fences goes into a cell, and what is left."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

_FENCE = re.compile(
    r"^(`{3,}|~{3,})[ \t]*\{?([\w+#.-]*)[^\n`]*\n(.*?)(?:^\1[`~]*[ \t]*$|\Z)",
    re.M | re.S,
)
#: How a fence names the language of the notebook.
_PYTHON = frozenset({"python", "python3", "py", "py3", "ipython", "ipython3"})

#: Which block is taken where there are several; "" takes all in their order.
Block = Literal["", "first", "last"]


class Code(msgspec.Struct, frozen=True):
    """The code for a cell, in how many blocks it stood, and the rest of the answer."""

    text: str
    blocks: int = 0
    rest: str = ""


def code_in(answer: str, block: Block = "") -> Code:
    """Return the Python of an answer; of one without, the first block or all of it.

    >>> code_in("Run:\\n```bash\\nls\\n```\\nthen\\n```python\\nx = 1\\n```").text
    'x = 1'
    """
    fences = list(_FENCE.finditer(answer))
    if not fences:
        return Code(answer.strip())
    own = [found for found in fences if found[2].lower() in _PYTHON] or fences[:1]
    chosen = {"first": own[:1], "last": own[-1:]}.get(block, own)
    rest = answer
    for found in reversed(chosen):
        rest = rest[: found.start()] + rest[found.end() :]
    text = "\n\n".join(found[3].rstrip("\n") for found in chosen)
    return Code(text, len(own), rest.strip())
