"""Function calling by a model that never learned it.

The model answers yes or no to whether a call is needed; the odds are compared with
those for empty requests, since a small model leans one way whatever it is asked (the
stand-in was right for 23 of 27 requests). The name is constrained to
the offered ones, the arguments to the chosen one's schema.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from typing import Any

from glmkit.local.engine.client import Engine, Sampling
from glmkit.local.engine.prompts import tokens_of
from glmkit.local.platform.answering import json_grammar
from glmkit.local.platform.answering.requests import ChatRequest, OfferedFunction
from glmkit.local.platform.server.errors import invalid

_YES, _NO = "Yes", "No"
_WITHOUT_CONTENT = ("N/A", "Hello!")
_MARGIN = 0.05
_MOST_KNOWN = 100
_UNTHINKABLE = -20.0
_NAME_TOKENS = 64


def description_of(functions: Sequence[OfferedFunction]) -> str:
    """Return a description of the functions for the system message."""
    lines = [
        f"- {one.name}: {one.description or 'no description'} "
        f"Arguments: {json.dumps(one.parameters or {}, ensure_ascii=False)}"
        for one in functions
    ]
    return "\n".join(["You can call these functions:", *lines])


def new_id() -> str:
    """Return the id of a call: `call_` and 19 digits."""
    return f"call_{secrets.randbelow(9 * 10**18) + 10**18}"


def begun(name: str = "") -> str:
    """Return the beginning of the answer, up to the name or to the arguments."""
    return f'{{"name": "{name}", "arguments": ' if name else '{"name": "'


def schema_of(function: OfferedFunction) -> dict[str, Any]:
    """Return the schema of a function's arguments, which are always an object."""
    return {"type": "object", **(function.parameters or {})}


class Chooser:
    """Decides whether a function is called, and which."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._leanings: dict[str, float] = {}

    async def choice(
        self, ask: ChatRequest, turns: list[dict[str, str]], style: Sampling
    ) -> OfferedFunction | None:
        """Return the function to call, None for an answer in words.

        After a function's result the answer is in words: the model cannot judge when it
        has called enough.
        """
        functions = ask.functions
        named = _named(ask, functions)
        if named is not None or not functions or ask.tool_choice == "none":
            return named
        assert ask.messages is not None
        if ask.tool_choice != "required" and (
            ask.messages[-1].role == "tool" or not await self._needed(ask, functions)
        ):
            return None
        return await self._which(functions, turns, style)

    async def _needed(self, ask: ChatRequest, functions: list[OfferedFunction]) -> bool:
        return await self.margin(ask, functions) > 0

    async def margin(self, ask: ChatRequest, functions: list[OfferedFunction]) -> float:
        """Return how far the last request is about the functions; below 0 it is not."""
        listed = "\n".join(f"- {one.name}: {_gist(one)}" for one in functions)
        leaning = await self._leaning(listed)
        return await self._odds(ask.question, listed) - leaning - _MARGIN

    async def _leaning(self, listed: str) -> float:
        """Return the odds for empty requests, kept because functions recur."""
        if listed not in self._leanings:
            if len(self._leanings) >= _MOST_KNOWN:
                self._leanings.clear()
            odds = [await self._odds(request, listed) for request in _WITHOUT_CONTENT]
            self._leanings[listed] = max(odds)
        return self._leanings[listed]

    async def _odds(self, request: str, listed: str) -> float:
        """Return the log odds of yes to whether a request is about the functions."""
        what = "You decide whether a function helps with a request."
        question = (
            f"OfferedFunction:\n{listed}\n\nRequest: {request}\n\n"
            "Is this request about what the function does? Answer yes or no."
        )
        turns = [
            {"role": "system", "content": what},
            {"role": "user", "content": question},
        ]
        likely = await self._engine.likely(await tokens_of(self._engine, turns))
        return likely.get(_YES, _UNTHINKABLE) - likely.get(_NO, _UNTHINKABLE)

    async def _which(
        self,
        functions: list[OfferedFunction],
        turns: list[dict[str, str]],
        style: Sampling,
    ) -> OfferedFunction:
        if len(functions) == 1:
            return functions[0]
        tokens = await tokens_of(self._engine, turns, begun())
        names = [function.name for function in functions]
        how = Sampling(
            _NAME_TOKENS, grammar=json_grammar.of_words(names, '"'), seed=style.seed
        )
        pieces = [piece.content async for piece in self._engine.complete(tokens, how)]
        name = "".join(pieces).rstrip('"')
        return next((one for one in functions if one.name == name), functions[0])


def _gist(function: OfferedFunction) -> str:
    """Return the first line of a description; a full stop would sway a small model."""
    lines = (function.description or function.name).strip().splitlines()
    return lines[0].rstrip(".") if lines else function.name


def _named(
    ask: ChatRequest, functions: list[OfferedFunction]
) -> OfferedFunction | None:
    """Return the function that `tool_choice` names; Refusal where it is not offered."""
    if not isinstance(ask.tool_choice, dict):
        return None
    wanted = ask.tool_choice.get("function")
    name = wanted.get("name") if isinstance(wanted, dict) else None
    for function in functions:
        if function.name == name:
            return function
    raise invalid("tool_choice", f"tools 中没有函数 {name!r}")
