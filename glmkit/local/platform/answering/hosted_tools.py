"""Tools that the platform runs itself: Python in the sandbox, and document search.

The model decides whether one is used, as with a function. Its code really runs, in a
sandbox without the files, the network or the environment of the user.
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

#: How each tool is described to the model, in words that it judges well by.
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
    """A tool that will be used; `here`: the platform runs it, not the client."""

    kind: str
    here: bool = True


class ToolOutcome(msgspec.Struct, frozen=True):
    """The result of a tool in words, for the prompt of the answer."""

    text: str


class ToolRunner:
    """Runs the hosted tools that a request offers."""

    def __init__(self, engine: Engine, chooser: Chooser, folder: Folder | None) -> None:
        self._engine = engine
        self._chooser = chooser
        self._folder = folder

    def check(self, ask: ChatRequest) -> None:
        """Raise a Refusal for an offered tool that cannot run here."""
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
    ) -> AsyncGenerator[Part | ToolOutcome, None]:
        """Yield the call's parts, `ToolOutcome` last where the tool was run here."""
        if run.kind == CODE:
            return self._code(ask, complete, run.here)
        return self._browse(ask, run.here)

    async def _code(
        self, ask: ChatRequest, complete: Complete, here: bool
    ) -> AsyncGenerator[Part | ToolOutcome, None]:
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
        done = "Python failed" if result.error else "Python computed the answer"
        yield ToolOutcome(f"{done}: {result}")

    async def _browse(
        self, ask: ChatRequest, here: bool
    ) -> AsyncGenerator[Part | ToolOutcome, None]:
        query = json.dumps(ask.question, ensure_ascii=False)
        yield Using(new_id(), BROWSER, f"search({query})")
        if not here:
            return
        found = await asyncio.to_thread(searched, self._folder, ask.question, _PAGES)
        names = ("title", "link", "content")
        yield Outcome(BROWSER, [{name: one[name] for name in names} for one in found])
        known = "\n\n".join(one["content"] for one in found)
        yield ToolOutcome(
            f"Use these search results for the answer:\n{known or 'none'}"
        )


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
    """Return the offered tools, and whether the platform runs each."""
    offered: dict[str, bool] = {}
    for tool in ask.tools or ():
        if tool.type == CODE:
            fields = tool.code_interpreter
            offered[CODE] = fields is None or fields.sandbox != "none"
        elif tool.type == BROWSER:
            browser = tool.web_browser
            offered[BROWSER] = browser is None or browser.browser != "none"
    return offered
