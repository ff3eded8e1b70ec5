"""Agents: models with a fixed task."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Literal

import msgspec

from glmkit.client.call.execution import Exchange
from glmkit.client.call.pricing import unknown
from glmkit.client.resources.operations import Ask, Live
from glmkit.client.resources.polling import Progress, until
from glmkit.client.resources.sync_async import Awaited, F, Namespace, live, verb
from glmkit.client.resources.types import Billed, Record
from glmkit.client.resources.uploads import filled
from glmkit.transport.http import Sent
from glmkit.types.errors import ConfigError, GLMError, ServerError, StreamError
from glmkit.types.events import Event
from glmkit.types.translation import _
from glmkit.wire.deltas import texts_of
from glmkit.wire.forms import given, json_body
from glmkit.wire.records import read_record
from glmkit.wire.responses import FAILED

#: The documented path, and the one that the service's Python SDKs make of it.
_PATHS = {"docs": "/api/v1/agents", "sdk": "/v1/agents"}
_ENDED = frozenset({"success", "failed"})

Question = str | Sequence[Mapping[str, Any]]
Where = Literal["docs", "sdk"]


class AgentChoice(Record, frozen=True):
    """One answer of an agent: its messages as the service has them.

    The API page has `messages`, the service's SDK one `message`: both are read.
    """

    index: int = 0
    messages: tuple[dict[str, Any], ...] = ()
    message: dict[str, Any] = msgspec.field(default_factory=dict)
    finish_reason: str = ""


class AgentAnswer(Billed, frozen=True):
    """Answer of an agent, or its `async_id` where the answer is fetched later.

    `status` is "pending", "success" or "failed" where the answer comes later.
    """

    agent_id: str = ""
    conversation_id: str = ""
    async_id: str = ""
    status: str = ""
    choices: tuple[AgentChoice, ...] = ()

    @property
    def done(self) -> bool:
        """Whether the answer is here."""
        return bool(self.choices) or self.status in _ENDED

    @property
    def text(self) -> str:
        """All texts of the answer."""
        return "".join(
            text
            for choice in self.choices
            for message in choice.messages or (choice.message,)
            for text in texts_of(message.get("content"))
        )


class _AgentAsk(Ask[AgentAnswer]):
    """Request to an agent, which answers at once or with the id of a task."""

    async def read(self, reply: Sent) -> AsyncIterator[list[Event]]:
        """Read the answer; StreamError for one that the agent broke off."""
        async for batch in super().read(reply):
            yield batch
        if (broken := _broken_off(self.result)) is not None:
            raise broken

    def id_of(self, result: AgentAnswer) -> str:
        """Return the id under which the answer is fetched; it is a task no more
        where the answer came at once."""
        self.task = bool(result.async_id) and not result.choices
        return result.async_id if self.task else ""


class Agents(Namespace[F]):
    """Agents by id: general_translation, slides_glm_agent, vidu_template_agent, ...

    `path` "docs" is the documented place, "sdk" where the service's SDKs ask. No
    page tells the prices. Low-code applications are not part of this client.
    """

    @verb
    async def invoke(
        self: Agents[Awaited],
        agent_id: str,
        messages: Question,
        *,
        custom_variables: Mapping[str, Any] | None = None,
        conversation_id: str | None = None,
        request_id: str | None = None,
        user_id: str | None = None,
        path: Where = "docs",
    ) -> AgentAnswer:
        """Ask an agent and wait for its answer, or for the id of its task.

        answer = client.agents.invoke("general_translation", "Guten Tag",
                                      custom_variables={"target_lang": "en"})
        """
        payload = _asked(
            agent_id, messages, custom_variables, conversation_id, request_id, user_id
        )
        body = json_body(payload | {"stream": False})
        ask = _AgentAsk(_place(path), body, AgentAnswer, unknown, task=True)
        return await self._caller.record(ask, "agent", agent_id, payload)

    @live
    def stream(
        self: Agents[Any],
        agent_id: str,
        messages: Question,
        *,
        custom_variables: Mapping[str, Any] | None = None,
        conversation_id: str | None = None,
        request_id: str | None = None,
        user_id: str | None = None,
        path: Where = "docs",
    ) -> Exchange:
        """Ask an agent and read the answer while it arrives, with `with`."""
        payload = _asked(
            agent_id, messages, custom_variables, conversation_id, request_id, user_id
        )
        operation = Live(_place(path), json_body(payload | {"stream": True}), unknown)
        return self._caller.exchange(operation, "agent", agent_id, payload, stream=True)

    @verb
    async def fetch(
        self: Agents[Awaited], answer: AgentAnswer, *, path: Where = "docs"
    ) -> AgentAnswer:
        """Fetch a deferred answer; `.done` is False while it is not there.

        Raises ServerError where the agent failed.
        """
        if not answer.async_id:
            raise ConfigError(
                "the answer has no async_id", hint="It came at once: read its text."
            )
        body = json_body({"agent_id": answer.agent_id, "async_id": answer.async_id})
        place = _place(path) + "/async-result"
        data = await self._caller.read("POST", place, body)
        seen, events = read_record(data, AgentAnswer)
        seen = msgspec.structs.replace(
            seen,
            agent_id=answer.agent_id,
            async_id=answer.async_id,
            conversation_id=seen.conversation_id or answer.conversation_id,
        )
        if not seen.done:
            return seen
        exc: GLMError | None = _broken_off(seen)
        if seen.status == "failed":
            exc = ServerError(f"the agent {seen.agent_id} failed")
        call = await self._caller.task(seen.async_id)
        reply = await self._caller.settle(
            call, seen.async_id, seen.agent_id, events, unknown, exc
        )
        if exc is not None:
            raise exc
        return msgspec.structs.replace(seen, usage=reply.usage, cost=reply.cost)

    @verb
    async def wait(
        self: Agents[Awaited],
        answer: AgentAnswer,
        *,
        path: Where = "docs",
        timeout_s: float = 900.0,
        poll_s: float = 2.0,
        progress: Progress = False,
    ) -> AgentAnswer:
        """Wait for a deferred answer; see `client.tasks.wait`."""
        if answer.done:
            return answer
        return await until(
            lambda: self.fetch(answer, path=path),
            lambda seen: seen.done,
            what=f"the agent's task {answer.async_id}",
            count=lambda seen: (seen.status, int(seen.done), 1),
            progress=progress,
            timeout_s=timeout_s,
            poll_s=poll_s,
        )

    @verb
    async def conversation(
        self: Agents[Awaited],
        agent_id: str,
        conversation_id: str,
        *,
        custom_variables: Mapping[str, Any] | None = None,
        path: Where = "docs",
    ) -> dict[str, Any]:
        """Return a conversation's history, as the service has it."""
        fields = {"agent_id": agent_id, "conversation_id": conversation_id}
        more = {"custom_variables": custom_variables and dict(custom_variables)}
        place = _place(path) + "/conversation"
        body = json_body(given(fields | more))
        return await self._caller.fetch("POST", place, dict[str, Any], body)


def _broken_off(answer: AgentAnswer) -> StreamError | None:
    """Return the error of an answer that the agent did not finish."""
    for choice in answer.choices:
        if choice.finish_reason in FAILED:
            reason = choice.finish_reason
            return StreamError(_("the agent broke off: {reason}", reason=reason))
    return None


def _place(path: str) -> str:
    if path not in _PATHS:
        raise ConfigError(f"path cannot be {path!r}", hint="Use 'docs' or 'sdk'.")
    return _PATHS[path]


def _asked(
    agent_id: str,
    messages: Question,
    variables: Mapping[str, Any] | None,
    conversation_id: str | None,
    request_id: str | None,
    user_id: str | None,
) -> dict[str, Any]:
    filled("agent_id", agent_id)
    return given(
        {
            "agent_id": agent_id,
            "messages": messages_of(messages),
            "custom_variables": variables and dict(variables),
            "conversation_id": conversation_id,
            "request_id": request_id,
            "user_id": user_id,
        }
    )


def messages_of(question: Question) -> list[dict[str, Any]]:
    """Return a question as messages with parts; ConfigError where it is empty."""
    if isinstance(question, str):
        filled("the question", question)
        return [{"role": "user", "content": [{"type": "text", "text": question}]}]
    if not question:
        raise ConfigError("there are no messages", hint="Pass a text or messages.")
    return [dict(message) for message in question]
