"""Conversations: a history that can always be sent, and tools that run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar, Unpack

from glmkit.client.call.multi_step import AsyncSeries, Series
from glmkit.client.clients import AsyncClient, Client
from glmkit.client.prompts.media import prompt_of
from glmkit.tools.loops import ROUNDS, Steps, ToolTurn, closed
from glmkit.tools.runner import Asker, Toolbox, ask_person
from glmkit.tools.schema import Form
from glmkit.tools.tool import Tool, tools_of
from glmkit.types.errors import ConfigError
from glmkit.types.messages import Message, Request
from glmkit.types.options import Options
from glmkit.types.replies import Answer, Reply
from glmkit.types.requests import Prompt, check_names, listed, turns_of

T = TypeVar("T", bound="_Talk")
History = tuple[Message, ...]


class _Talk:
    """Shared by both conversations: the history, the tools, the current turn."""

    def __init__(
        self,
        system: str | None,
        history: Sequence[Any],
        tools: Sequence[Any],
        rounds: int,
        asker: Asker,
        options: dict[str, Any],
    ) -> None:
        check_names(options)
        head = (Message("system", system),) if system else ()
        self._history: History = closed(
            (*head, *turns_of(history)) if history else head
        )
        self._before: list[History] = []
        given = listed(tools)
        offered = [tool for tool in given if isinstance(tool, dict | str)]
        own = tools_of(tool for tool in given if not isinstance(tool, dict | str))
        self._offered: list[Any] = [*own.values(), *offered]
        self._tools: dict[str, Tool] = own
        self._box = Toolbox(own, asker)
        self._rounds = rounds
        self._options = options
        self._busy = False

    @property
    def messages(self) -> History:
        """The history so far, the system's message first; it can always be sent."""
        return self._history

    def undo(self) -> None:
        """Remove the last question and its answers. ConfigError if there is none."""
        self._check_free()
        if not self._before:
            raise ConfigError("there is nothing to undo", hint="Ask something first.")
        self._history = self._before.pop()

    def resume(self, history: Sequence[Any]) -> None:
        """Continue from another history, such as an earlier one; `undo` restores it.

        ConfigError while it answers.
        """
        self._check_free()
        self._before.append(self._history)
        self._history = closed(turns_of(history)) if history else ()

    @property
    def asker(self) -> Asker:
        """Who asks the user about tools with `confirm=True`; can be replaced."""
        return self._box.asker

    @asker.setter
    def asker(self, asker: Asker) -> None:
        self._box.asker = asker

    def _alike(self) -> dict[str, Any]:
        """Return the arguments of an equal conversation without history."""
        return {
            "tools": self._offered,
            "rounds": self._rounds,
            "asker": self._box.asker,
            **self._options,
        }

    def _forked(self, other: T) -> T:
        other._history = self._history
        other._before = list(self._before)
        return other

    def _check_free(self) -> None:
        if self._busy:
            raise ConfigError(
                "this conversation is still answering",
                hint="Read its stream to the end or leave it, or use .fork().",
            )

    def _asked(self, prompt: Prompt, options: Options) -> tuple[Prompt, dict[str, Any]]:
        """Return the whole prompt and the options of the next turn."""
        if options.get("system"):
            raise ConfigError(
                "the system's message belongs to the whole conversation",
                hint="Give it to Conversation(client, system=...).",
            )
        self._check_free()
        merged: dict[str, Any] = {**self._options, **options}
        if self._offered:
            merged["tools"] = [*self._offered, *(merged.get("tools") or ())]
        return (*self._history, *turns_of(prompt_of(prompt))), merged

    def _turn(self, request: Request, form: Form | None) -> _Turn:
        return _Turn(self, ToolTurn(request, form, self._rounds))


class _Turn:
    """One turn: takes the history when it begins, and returns it at its end."""

    def __init__(self, talk: _Talk, turn: ToolTurn) -> None:
        self._talk = talk
        self._turn = turn
        self._base = talk._history
        self._begun = False

    def steps(self) -> Steps:
        """Begin the turn, and go through its steps."""
        self._talk._check_free()
        if self._talk._history is not self._base:
            raise ConfigError(
                "the conversation went on since this stream was made",
                hint="Call .stream(...) again.",
            )
        self._talk._busy = self._begun = True
        return (yield from self._turn.steps())

    def ended(self, partial: Answer) -> None:
        """Keep the turn's messages, where there are some."""
        if not self._begun:
            return
        self._talk._busy = False
        if history := self._turn.settled(partial):
            self._talk._before.append(self._base)
            self._talk._history = history


class Conversation(_Talk):
    """A conversation: each question is asked with all earlier messages.

    `tools` are functions decorated with `@glmkit.tool`, and are used when the model
    asks for them, at most `rounds` times in a row for one question; `asker` asks the
    user about those with `confirm=True`. Other options hold for every question.
    `.client` may be replaced between two of them.

        talk = glmkit.Conversation(client, system="Be brief.", tools=[weather])
        talk.ask("Do I need an umbrella in Oslo?").text
    """

    def __init__(
        self,
        client: Client,
        system: str | None = None,
        history: Sequence[Any] = (),
        tools: Sequence[Any] = (),
        *,
        rounds: int = ROUNDS,
        asker: Asker = ask_person,
        **options: Any,
    ) -> None:
        super().__init__(system, history, tools, rounds, asker, options)
        self.client = client

    def ask(self, prompt: Prompt, **options: Unpack[Options]) -> Reply:
        """Ask and wait for the answer, tools included; takes what `chat` takes."""
        return self._series(prompt, options, stream=False).drain()

    def stream(self, prompt: Prompt, **options: Unpack[Options]) -> Series:
        """Ask and read while it arrives; the results of tools are among the events."""
        return self._series(prompt, options, stream=True)

    def fork(self) -> Conversation:
        """Return a copy that continues on its own."""
        return self._forked(Conversation(self.client, **self._alike()))

    def _series(self, prompt: Prompt, options: Options, *, stream: bool) -> Series:
        request, form = self.client.request(*self._asked(prompt, options))
        turn = self._turn(request, form)
        return Series(
            turn.steps(),
            self.client.exchange,
            use=self._box.use,
            schema=form and form.kind,
            stream=stream,
            ended=turn.ended,
        )


class AsyncConversation(_Talk):
    """The same on the caller's own event loop; tools that are not async get threads.

    talk = glmkit.AsyncConversation(aclient, tools=[weather])
    reply = await talk.ask("Do I need an umbrella in Oslo?")
    """

    def __init__(
        self,
        client: AsyncClient,
        system: str | None = None,
        history: Sequence[Any] = (),
        tools: Sequence[Any] = (),
        *,
        rounds: int = ROUNDS,
        asker: Asker = ask_person,
        **options: Any,
    ) -> None:
        super().__init__(system, history, tools, rounds, asker, options)
        self.client = client

    async def ask(self, prompt: Prompt, **options: Unpack[Options]) -> Reply:
        """Ask and wait for the answer, tools included; takes what `chat` takes."""
        return await self._series(prompt, options, stream=False).drain()

    def stream(self, prompt: Prompt, **options: Unpack[Options]) -> AsyncSeries:
        """Ask and read while it arrives, with `async with`."""
        return self._series(prompt, options, stream=True)

    def fork(self) -> AsyncConversation:
        """Return a copy that continues on its own."""
        return self._forked(AsyncConversation(self.client, **self._alike()))

    def _series(self, prompt: Prompt, options: Options, *, stream: bool) -> AsyncSeries:
        request, form = self.client.request(*self._asked(prompt, options))
        turn = self._turn(request, form)
        return AsyncSeries(
            turn.steps(),
            self.client.exchange,
            use=self._box.use_async,
            schema=form and form.kind,
            stream=stream,
            ended=turn.ended,
        )
