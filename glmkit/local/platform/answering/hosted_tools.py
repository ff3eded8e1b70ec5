"""Tools that the platform runs by itself: Python in the sandbox, and the documents.

Whether one is used is the model's own yes or no, as with a function; the code is the
model's, and really runs, away from the platform and from everything of the person's.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

import msgspec

from glmkit.local.engine.client import Engine, EnginePiece, Sampling
from glmkit.local.engine.prompts import tokens_of
from glmkit.local.platform.answering.function_calls import Chooser, new_id
from glmkit.local.platform.answering.parts import Outcome, Part, Using
from glmkit.local.platform.answering.requests import ChatRequest, OfferedFunction
from glmkit.local.platform.answering.retrieval import searched
from glmkit.local.platform.server.errors import LackError
from glmkit.local.platform.storage.full_text_index import Folder
from glmkit.tools import sandbox
from glmkit.types.errors import ToolError

CODE, BROWSER = "code_interpreter", "web_browser"

#: Completes a prompt within what an answer has left, and counts the tokens.
Complete = Callable[[list[int], Sampling], AsyncGenerator[EnginePiece, None]]

#: What the model is asked about each tool, in words that it judges well by.
_ABOUT = {
    CODE: OfferedFunction(CODE, "Calculate numbers"),
    BROWSER: OfferedFunction(BROWSER, "Search documents for facts"),
}
_PAGES = 3
_CODE_TOKENS = 192
_CODER = (
    "You write Python code. Write one short program that computes the answer to the "
    "request and prints it. Only code."
)
_SHOWN = ("Request: What is 12 plus 30?", "```python\nprint(12 + 30)\n```")
_OPEN, _CLOSE = "```python\n", "```"


class ToolRun(msgspec.Struct, frozen=True):
    """A tool that will be used; `here` says that the platform runs what comes of it."""

    kind: str
    here: bool = True


class Told(msgspec.Struct, frozen=True):
    """What the model is told of a tool that ran, for its answer."""

    text: str


class ToolRunner:
    """Uses the tools that a request lets the platform use."""

    def __init__(self, engine: Engine, chooser: Chooser, folder: Folder | None) -> None:
        self._engine = engine
        self._chooser = chooser
        self._folder = folder

    def check(self, ask: ChatRequest) -> None:
        """Raise a Refusal for a tool that is asked for and can not be run here."""
        for kind in _offered(ask):
            if kind == BROWSER:
                searched(self._folder, "", 1)
            elif kind == CODE and not sandbox.ready():
                raise LackError(
                    "run code without a sandbox", "`pip install 'glmkit[sandbox]'`"
                )

    async def choice(self, ask: ChatRequest) -> ToolRun | None:
        """Return the tool to use; None for an answer in words."""
        offered = _offered(ask)
        if not offered or ask.tool_choice == "none":
            return None
        odds = {k: await self._chooser.margin(ask, [_ABOUT[k]]) for k in offered}
        best = max(odds, key=lambda kind: odds[kind])
        if odds[best] <= 0 and ask.tool_choice != "required":
            return None
        return ToolRun(best, here=offered[best])

    def use(
        self, run: ToolRun, ask: ChatRequest, complete: Complete
    ) -> AsyncGenerator[Part | Told, None]:
        """Yield the call's parts, `Told` last where the tool was run here."""
        if run.kind == CODE:
            return self._code(ask, complete, run.here)
        return self._browse(ask, run.here)

    async def _code(
        self, ask: ChatRequest, complete: Complete, here: bool
    ) -> AsyncGenerator[Part | Told, None]:
        call_id, code = new_id(), ""
        tokens = await tokens_of(self._engine, _coding(ask.question), _OPEN)
        style = Sampling(_CODE_TOKENS, seed=ask.seed or 0, stop=(_CLOSE,))
        async with aclosing(complete(tokens, style)) as pieces:
            async for piece in pieces:
                code += piece.content
                if piece.content:
                    yield Using(call_id, CODE, piece.content)
        if not here:
            return
        try:
            result = await asyncio.to_thread(sandbox.python, code)
        except ToolError as exc:
            raise LackError(f"run the code ({exc})") from exc
        logs = {"type": "logs", "logs": result.output}
        if result.error:
            logs["error_msg"] = result.error
        yield Outcome(CODE, [logs])
        said = "Python failed" if result.error else "Python computed the answer"
        yield Told(f"{said}: {result}")

    async def _browse(
        self, ask: ChatRequest, here: bool
    ) -> AsyncGenerator[Part | Told, None]:
        query = json.dumps(ask.question, ensure_ascii=False)
        yield Using(new_id(), BROWSER, f"search({query})")
        if not here:
            return
        found = searched(self._folder, ask.question, _PAGES)
        names = ("title", "link", "content")
        yield Outcome(BROWSER, [{name: one[name] for name in names} for one in found])
        known = "\n\n".join(one["content"] for one in found)
        yield Told(f"Use these search results for the answer:\n{known or 'none'}")


def _coding(question: str) -> list[dict[str, str]]:
    """Return the turns that ask for a program."""
    shown, answered = _SHOWN
    return [
        {"role": "system", "content": _CODER},
        {"role": "user", "content": shown},
        {"role": "assistant", "content": answered},
        {"role": "user", "content": f"Request: {question}"},
    ]


def _offered(ask: ChatRequest) -> dict[str, bool]:
    """Return the tools on offer, and whether the platform runs what they come to."""
    offered: dict[str, bool] = {}
    for tool in ask.tools or ():
        if tool.type == CODE:
            fields = tool.code_interpreter
            offered[CODE] = fields is None or fields.sandbox != "none"
        elif tool.type == BROWSER:
            browser = tool.web_browser
            offered[BROWSER] = browser is None or browser.browser != "none"
    return offered
