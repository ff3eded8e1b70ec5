"""Generates one answer of the stand-in, as a stream of parts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import msgspec

from glmkit.catalog.cards import Card
from glmkit.local.engine.client import Engine, EnginePiece, Sampling
from glmkit.local.engine.prompts import tokens_of
from glmkit.local.platform.answering import (
    chat_template,
    function_calls,
    json_answers,
    json_grammar,
    limits,
)
from glmkit.local.platform.answering.hosted_tools import (
    ToolOutcome,
    ToolRun,
    ToolRunner,
)
from glmkit.local.platform.answering.parts import (
    AnswerPiece,
    Argument,
    CallBegun,
    Ended,
    Part,
    SourcesFound,
    Thought,
)
from glmkit.local.platform.answering.requests import ChatRequest, OfferedFunction
from glmkit.local.platform.answering.retrieval import Grounds
from glmkit.local.platform.server.errors import Refusal
from glmkit.local.platform.storage.full_text_index import Folder
from glmkit.types.errors import LocalError

_BROKEN = "1234"
_WINDOW_ENDED = "model_context_window_exceeded"
_OPEN, _CLOSE = "<think>\n", "</think>\n"
#: The most tokens of thinking by effort, and at most half of those wanted.
_EFFORTS = {"minimal": 16, "low": 32, "medium": 64, "high": 128}
_MOST_THINKING = 192
_THINK = (
    "Think about the last request before you answer: what is asked, what matters for "
    "the answer. Write down short notes only, not the answer."
)


def broken(exc: LocalError) -> Refusal:
    """Return the refusal for a failure of the engine."""
    return Refusal(500, _BROKEN, str(exc))


def thinks(ask: ChatRequest, card: Card) -> bool:
    """Whether to think first: where asked, and where the model always does.

    The service thinks by default from GLM-4.5 on; the stand-in is too slow for that.
    """
    if "thinking" not in card.features:
        return False
    if card.thinking == "forced" or inside(card):
        return True
    if ask.thinking and ask.thinking.type == "disabled":
        return False
    wanted = ask.thinking is not None and ask.thinking.type == "enabled"
    return wanted or (ask.reasoning_effort or "none") != "none"


def inside(card: Card) -> bool:
    """Whether a model writes its thinking into the content, in `<think>` marks."""
    return card.kind == "reasoning" or (card.thinking or "").startswith("inside")


class Talk:
    """Answers requests; `grounds` finds the texts that go into a prompt.

    `folder` holds the documents that the browser tool searches.
    """

    def __init__(
        self, engine: Engine, grounds: Grounds, folder: Folder | None = None
    ) -> None:
        self._engine = engine
        self._grounds = grounds
        self._chooser = function_calls.Chooser(engine)
        self._runner = ToolRunner(engine, self._chooser, folder)

    async def tokens(self, ask: ChatRequest) -> list[int]:
        """Return the prompt of a request, the functions on offer in it."""
        try:
            return await tokens_of(self._engine, self._turns(ask))
        except LocalError as exc:
            raise broken(exc) from exc

    def _turns(self, ask: ChatRequest, *more: str) -> list[dict[str, str]]:
        listed = [function_calls.description_of(ask.functions)] if ask.functions else []
        return chat_template.of(ask.messages or [], *listed, *more)

    async def parts(
        self, ask: ChatRequest, card: Card, account: str
    ) -> AsyncGenerator[Part, None]:
        """Yield the answer, `Ended` last; closing the generator stops the engine."""
        try:
            async with aclosing(_Answering(self, ask, card).parts(account)) as parts:
                async for part in parts:
                    yield part
        except LocalError as exc:
            raise broken(exc) from exc


class _Answering:
    """The generation of one answer, with its token counts."""

    def __init__(self, talk: Talk, ask: ChatRequest, card: Card) -> None:
        self._talk = talk
        self._engine = talk._engine
        self._ask = ask
        self._card = card
        self._style = limits.style(ask, card)
        self._grounding: list[str] = []
        self._counted: list[int] = []
        self._prompt = 0
        self._cached: int | None = None
        self._spent = 0
        self._thinking: int | None = None
        self._reason = "stop"

    async def parts(self, account: str) -> AsyncGenerator[Part, None]:
        grounds = self._talk._grounds
        ground = await asyncio.to_thread(grounds.of, self._ask, account)
        self._talk._runner.check(self._ask)
        self._grounding = ground.texts
        if ground.sources and not ground.after:
            yield SourcesFound(ground.sources)
        prompt = await self._tokens()
        self._counted, self._prompt = prompt, len(prompt)
        limits.room(self._card, self._prompt)
        chosen = await self._talk._chooser.choice(self._ask, self._turns(), self._style)
        run = None if chosen else await self._talk._runner.choice(self._ask)
        async with aclosing(self._body(prompt, chosen, run)) as parts:
            async for part in parts:
                yield part
        if ground.sources and ground.after:
            yield SourcesFound(ground.sources)
        called = chosen is not None or (run is not None and not run.here)
        reason = "tool_calls" if called and self._reason == "stop" else self._reason
        cached = self._cached or 0 if "cache" in self._card.features else None
        unasked = reason == "length" and self._ask.wanted_tokens is None
        own_cap = self._style.n_predict if unasked else None
        yield Ended(reason, self._prompt, self._spent, self._thinking, cached, own_cap)

    def _body(
        self, prompt: list[int], chosen: OfferedFunction | None, run: ToolRun | None
    ) -> AsyncGenerator[Part, None]:
        if chosen:
            return self._call(chosen)
        return self._ran(run) if run else self._words(prompt)

    async def _ran(self, run: ToolRun) -> AsyncGenerator[Part, None]:
        """Yield the use of a tool, then the answer based on its result."""
        using = self._talk._runner.use(run, self._ask, self._complete)
        async with aclosing(using) as parts:
            async for part in parts:
                if isinstance(part, ToolOutcome):
                    self._grounding = [*self._grounding, part.text]
                else:
                    yield part
        if run.here:
            self._reason = "stop"
            async with aclosing(self._words(await self._tokens())) as words:
                async for part in words:
                    yield part

    def _turns(self, *more: str) -> list[dict[str, str]]:
        return self._talk._turns(self._ask, *self._grounding, *more)

    async def _tokens(self, *more: str, begun: str = "") -> list[int]:
        return await tokens_of(self._engine, self._turns(*more), begun)

    async def _words(self, prompt: list[int]) -> AsyncGenerator[Part, None]:
        if thinks(self._ask, self._card):
            thought = []
            async with aclosing(self._think()) as pieces:
                async for text in pieces:
                    thought.append(text)
                    yield AnswerPiece(text) if inside(self._card) else Thought(text)
            notes = "".join(thought).removeprefix(_OPEN).removesuffix(_CLOSE)
            prompt = await self._tokens(f"Your notes on the last request:\n{notes}")
        async with aclosing(self._said(prompt)) as texts:
            async for text in texts:
                yield AnswerPiece(text)

    async def _think(self) -> AsyncGenerator[str, None]:
        most = _EFFORTS.get(self._ask.reasoning_effort or "", _MOST_THINKING)
        most = min(most, self._style.n_predict // 2)
        before = self._spent
        if inside(self._card):
            yield _OPEN
        if most:
            how = msgspec.structs.replace(self._style, n_predict=most)
            tokens = await self._tokens(_THINK)
            async with aclosing(self._complete(tokens, how)) as pieces:
                async for piece in pieces:
                    yield piece.content
        self._thinking = self._spent - before
        # That the notes were cut short is no end of the answer.
        self._reason = "stop"
        if inside(self._card):
            yield _CLOSE

    def _said(self, prompt: list[int]) -> AsyncGenerator[str, None]:
        ask = self._ask
        how = msgspec.structs.replace(self._style, stop=ask.stops)
        if ask.schema is not None:
            return self._fitting(prompt, how, ask.schema)
        if ask.json_object:
            how = msgspec.structs.replace(how, grammar=json_grammar.ANY_OBJECT)
        return self._texts(prompt, how)

    async def _call(self, function: OfferedFunction) -> AsyncGenerator[Part, None]:
        yield CallBegun(function_calls.new_id(), function.name)
        prompt = await self._tokens(begun=function_calls.begun(function.name))
        schema = function_calls.schema_of(function)
        piecemeal = self._ask.tool_stream and "tool_stream" in self._card.features
        async with aclosing(self._fitting(prompt, self._style, schema)) as texts:
            if piecemeal:
                async for text in texts:
                    yield Argument(text)
            else:
                yield Argument(
                    json_answers.compact("".join([text async for text in texts]))
                )

    async def _fitting(
        self, prompt: list[int], how: Sampling, schema: dict[str, Any]
    ) -> AsyncGenerator[str, None]:
        """Yield JSON that fits the schema; whole where the grammar leaves words out.

        A faulty attempt is repeated, twice at the most; the last one stands.
        """
        how = msgspec.structs.replace(how, grammar=json_answers.grammar_of(schema))
        if not json_grammar.leaves_out(schema):
            async with aclosing(self._texts(prompt, how)) as pieces:
                async for text in pieces:
                    yield text
            return
        # It imports jsonschema while the engine works.
        faults = asyncio.ensure_future(
            asyncio.to_thread(json_answers.faults_of, schema)
        )
        for attempt in range(json_answers.ATTEMPTS):
            async with aclosing(
                self._texts(prompt, json_answers.again(how, attempt))
            ) as pieces:
                texts = [text async for text in pieces]
            if self._reason != "stop":
                break
            if json_answers.fits(await faults, "".join(texts)):
                break
        for text in texts:
            yield text

    async def _texts(
        self, prompt: list[int], how: Sampling
    ) -> AsyncGenerator[str, None]:
        async with aclosing(self._complete(prompt, how)) as pieces:
            async for piece in pieces:
                if piece.content:
                    yield piece.content

    async def _complete(
        self, prompt: list[int], how: Sampling
    ) -> AsyncGenerator[EnginePiece, None]:
        """Complete within the tokens wanted and left in the window; count them."""
        room = limits.room(self._card, len(prompt))
        wanted = max(1, min(how.n_predict, self._style.n_predict - self._spent))
        how = msgspec.structs.replace(how, n_predict=min(wanted, room))
        async with aclosing(self._engine.complete(prompt, how)) as pieces:
            async for piece in pieces:
                if piece.stop:
                    self._spent += piece.tokens_predicted
                    if self._cached is None:
                        known = piece.timings.cache_n
                        self._cached = min(known, _shared(prompt, self._counted))
                    cut = piece.stop_type == "limit"
                    end = _WINDOW_ENDED if wanted > room else "length"
                    self._reason = end if cut else "stop"
                yield piece


def _shared(one: list[int], other: list[int]) -> int:
    """Return how many tokens two prompts begin with together."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(one), len(other)))
