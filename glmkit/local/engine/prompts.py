"""Turns messages into tokens, so that no text can act as a mark of the template.

The template is applied to placeholders. Its own marks are tokenized as marks, the texts
in the placeholders' place as plain text, whatever they hold.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence

from glmkit.local.engine.client import Engine


async def tokens_of(
    engine: Engine, messages: Sequence[dict[str, str]], begun: str = ""
) -> list[int]:
    """Return the prompt of the messages; `begun` is how the answer starts."""
    texts = [message["content"] for message in messages]
    if not await _hold_marks(engine, [*texts, begun]):
        prompt = await engine.prompt(messages)
        return await engine.tokens(prompt + begun, start=True, marks=True)
    return await _apart(engine, messages, texts, begun)


async def _hold_marks(engine: Engine, texts: list[str]) -> bool:
    """Whether any of the texts holds what the tokenizer takes for a mark."""
    text = "\n".join(texts)
    plain = await engine.tokens(text, start=False, marks=False)
    return plain != await engine.tokens(text, start=False, marks=True)


async def _apart(
    engine: Engine, messages: Sequence[dict[str, str]], texts: list[str], begun: str
) -> list[int]:
    nonce = secrets.token_hex(8)
    stands = [
        {**message, "content": f"{nonce}x{n}x"} for n, message in enumerate(messages)
    ]
    prompt = await engine.prompt(stands)
    tokens: list[int] = []
    # Odd pieces are the numbers of the texts, even ones the template's own.
    for place, piece in enumerate(re.split(rf"{nonce}x(\d+)x", prompt)):
        text, marks = (texts[int(piece)], False) if place % 2 else (piece, True)
        tokens += await engine.tokens(text, start=place == 0, marks=marks)
    if begun:
        tokens += await engine.tokens(begun, start=False, marks=False)
    return tokens
