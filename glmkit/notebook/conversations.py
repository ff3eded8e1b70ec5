"""The named conversations of one notebook."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from glmkit.types.errors import ConfigError

if TYPE_CHECKING:
    from glmkit.client.clients import Client
    from glmkit.client.conversation import Conversation
    from glmkit.types.messages import Message


class NamedChat:
    """One conversation by its name."""

    def __init__(
        self,
        name: str,
        talk: Conversation,
        tools: tuple[Any, ...] = (),
    ) -> None:
        self.name = name
        self.talk = talk
        self.tools = tools

    @property
    def messages(self) -> tuple[Message, ...]:
        """All messages, the system's first."""
        return self.talk.messages

    @property
    def turns(self) -> int:
        """How many questions were asked."""
        return sum(message.role == "user" for message in self.messages)

    @property
    def system(self) -> str | None:
        """The system's message, if there is one."""
        first = next(iter(self.messages), None)
        if first is None or first.role != "system":
            return None
        return str(first.content)

    def fork(self, name: str) -> NamedChat:
        """Return a chat with the same past."""
        return NamedChat(name, self.talk.fork(), self.tools)

    def goes_on(self, tools: tuple[Any, ...]) -> bool:
        """Whether the conversation can go on as it is, tools of before included."""
        return tools in ((), self.tools)


class Chats(Mapping[str, NamedChat]):
    """The chats of a notebook by name, the oldest first."""

    def __init__(self) -> None:
        self._chats: dict[str, NamedChat] = {}

    def __getitem__(self, name: str) -> NamedChat:
        if name in self._chats:
            return self._chats[name]
        near = difflib.get_close_matches(name, self._chats, 1)
        raise ConfigError(
            f"there is no chat {name!r}",
            hint=f"Did you mean {near[0]!r}?" if near else "`%glm chats` lists them.",
        )

    def __contains__(self, name: object) -> bool:
        return name in self._chats

    def __iter__(self) -> Iterator[str]:
        return iter(self._chats)

    def __len__(self) -> int:
        return len(self._chats)

    def take(
        self,
        name: str,
        client: Client,
        *,
        system: str | None = None,
        tools: tuple[Any, ...] = (),
        fresh: bool = False,
    ) -> NamedChat:
        """Return the chat of a name, begun, or begun again where it has to be.

        A system prompt holds for a whole conversation: ConfigError for another one.
        """
        old = None if fresh else self._chats.get(name)
        if old is not None and system and system != old.system:
            raise ConfigError(
                f"chat {name!r} has begun with another system prompt",
                hint="Add --fresh to begin it again, or use another name.",
            )
        if old is None or not old.goes_on(tools):
            from glmkit.client.conversation import Conversation

            history = old.messages if old else ()
            tools = tools or (old.tools if old else ())
            begun = Conversation(
                client, None if history else system, history=history, tools=tools
            )
            self._chats[name] = NamedChat(name, begun, tools)
        chat = self._chats[name]
        chat.talk.client = client
        return chat

    def fork(self, name: str, other: str) -> NamedChat:
        """Keep a second chat with the same past under another name."""
        if other in self._chats:
            raise ConfigError(
                f"there is a chat {other!r} already", hint="Take another name."
            )
        self._chats[other] = self[name].fork(other)
        return self._chats[other]

    def drop(self, name: str) -> None:
        """Forget a chat."""
        self[name]
        del self._chats[name]
