"""Assistants, which the service has deprecated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from glmkit.client.call.execution import Exchange
from glmkit.client.call.pricing import a_million
from glmkit.client.resources.agents import Question, messages_of
from glmkit.client.resources.operations import Live
from glmkit.client.resources.sync_async import Awaited, F, Namespace, live, verb
from glmkit.client.resources.types import Envelope, Record
from glmkit.client.resources.uploads import filled
from glmkit.types.replies import Reply
from glmkit.wire.forms import given, json_body


class Assistant(Record, frozen=True):
    """An assistant that the account may ask."""

    assistant_id: str = ""
    name: str = ""
    description: str = ""
    avatar: str = ""
    starter_prompts: tuple[str, ...] = ()
    created_at: int | None = None
    updated_at: int | None = None


class AssistantTalk(Record, frozen=True):
    """A conversation with an assistant."""

    id: str = ""
    assistant_id: str = ""
    create_time: int | None = None
    update_time: int | None = None
    usage: dict[str, Any] = msgspec.field(default_factory=dict)


class _Talks(Record, frozen=True):
    conversation_list: tuple[AssistantTalk, ...] = ()
    has_more: bool = False


class Assistants(Namespace[F]):
    """Assistants. The service has deprecated them (OAS); prefer agents or chats.

    They always stream, and cost 5 yuan a million tokens.
    """

    @live
    def stream(
        self: Assistants[Any],
        assistant_id: str,
        messages: Question,
        *,
        model: str = "glm-4-assistant",
        conversation_id: str | None = None,
        attachments: Sequence[str] | None = None,
        metadata: Mapping[str, Any] | None = None,
        extra_parameters: Mapping[str, Any] | None = None,
        request_id: str | None = None,
        user_id: str | None = None,
    ) -> Exchange:
        """Ask an assistant and read the answer while it arrives, with `with`.

        `attachments` are ids of uploaded files.
        """
        filled("assistant_id", assistant_id)
        attached = (
            None if attachments is None else [{"file_id": a} for a in attachments]
        )
        payload = given(
            {
                "assistant_id": assistant_id,
                "conversation_id": conversation_id,
                "model": model,
                "messages": messages_of(messages),
                "attachments": attached,
                "metadata": metadata and dict(metadata),
                "extra_parameters": extra_parameters and dict(extra_parameters),
                "request_id": request_id,
                "user_id": user_id,
            }
        )
        operation = Live(
            "/assistant", json_body(payload | {"stream": True}), a_million(5)
        )
        return self._caller.exchange(
            operation, "assistant", model, payload, stream=True
        )

    @verb
    async def ask(
        self: Assistants[Awaited],
        assistant_id: str,
        messages: Question,
        *,
        model: str = "glm-4-assistant",
        conversation_id: str | None = None,
        attachments: Sequence[str] | None = None,
    ) -> Reply:
        """Ask an assistant and wait for the whole answer."""
        stream = self.stream(
            assistant_id,
            messages,
            model=model,
            conversation_id=conversation_id,
            attachments=attachments,
        )
        async with stream:
            async for _ in stream.batches():
                pass
        return stream.reply

    @verb
    async def list(
        self: Assistants[Awaited], assistant_ids: Sequence[str] = ()
    ) -> tuple[Assistant, ...]:
        """List the assistants, or those of these ids."""
        body = json_body({"assistant_id_list": [*assistant_ids]})
        kind = Envelope[tuple[Assistant, ...]]
        found = await self._caller.fetch("POST", "/assistant/list", kind, body)
        return found.data

    @verb
    async def conversations(
        self: Assistants[Awaited], assistant_id: str, *, page: int = 1, size: int = 10
    ) -> tuple[AssistantTalk, ...]:
        """List the conversations with an assistant, `size` on a page."""
        fields = {"assistant_id": assistant_id, "page": page, "page_size": size}
        path, kind = "/assistant/conversation/list", Envelope[_Talks]
        found = await self._caller.fetch("POST", path, kind, json_body(fields))
        return found.data.conversation_list
