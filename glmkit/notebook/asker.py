"""A cell's question on its way: to a client, or to a named conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from glmkit.client.prompts.media import prompt_of
from glmkit.notebook import question as asking_
from glmkit.render.answer.badge import About
from glmkit.render.answer.views import View
from glmkit.types.messages import Message, Request
from glmkit.types.requests import turns_of

if TYPE_CHECKING:
    from glmkit.client.call.streams import Stream
    from glmkit.client.clients import Client
    from glmkit.notebook.caught_warnings import Cautions
    from glmkit.notebook.conversations import Chat
    from glmkit.notebook.question import Asking, Ready
    from glmkit.notebook.session import Session
    from glmkit.types.replies import Reply


class Asked:
    """A question that can be sent, whole or streamed; nothing has left yet."""

    def __init__(
        self, client: Client, ready: Ready, view: View, chat: Chat | None
    ) -> None:
        self.client = client
        self.ready = ready
        self.view = view
        self.cautions: Cautions | None = None
        self._named = chat
        self._options = dict(ready.options)
        self._turns = turns_of(prompt_of(ready.prompt))
        self._talk = chat.talk if chat else None
        if chat is not None:
            self._options.pop("system", None)
        elif ready.tools:
            self._talk = self._conversation()

    def _conversation(self) -> Any:
        """Return a conversation of one question: tools are used in rounds."""
        from glmkit.client.conversation import Conversation

        system = self._options.pop("system", None)
        return Conversation(self.client, system, tools=self.ready.tools)

    @property
    def model(self) -> str:
        """The model that is asked."""
        return str(self._options.get("model") or self.client.model)

    def request(self) -> Request:
        """Return the request with all that was said before."""
        turns = (*self._talk.messages, *self._turns) if self._talk else self._turns
        options = dict(self._options)
        if self.ready.tools:
            options["tools"] = self.ready.tools
        request, _ = self.client.request(turns, options)
        return request

    def check(self) -> None:
        """Raise what can be known before anything is sent."""
        before: tuple[Message, ...] = self._talk.messages if self._talk else ()
        request = Request(messages=(*before, *self._turns))
        asking_.check(request, self.model)

    def stream(self) -> Stream:
        """Ask and read the answer while it arrives."""
        if self._talk is not None:
            stream: Stream = self._talk.stream(self._turns, **self._options)
            return stream
        return self.client.stream(self._turns, **self._options)

    def whole(self) -> Reply:
        """Ask and wait for the whole reply."""
        if self._talk is not None:
            reply: Reply = self._talk.ask(self._turns, **self._options)
            return reply
        return self.client.chat(self._turns, **self._options)

    def again(self, client: Client, model: str | None) -> Asked | None:
        """Return the same question with its tools, beside its chat.

        None where it used none, or was another client's: then its request is all.
        """
        chat = self._named
        tools = self.ready.tools or (chat.tools if chat else ())
        if not tools or self._talk is None or client is not self.client:
            return None
        options = {**self._options, **({"model": model} if model else {})}
        ready = msgspec.structs.replace(self.ready, options=options, tools=())
        other = Asked(client, ready, self.view, None)
        other._talk = self._talk.fork()
        other._talk.undo()
        return other

    def about(self) -> About:
        """Return what the badge says of the cell, as it stands now."""
        warned = self.cautions.notes() if self.cautions else ()
        notes = (*self.ready.notes, *warned)
        if self._named is None:
            return About(notes=notes)
        return About(self._named.name, self._named.turns, notes)


def prepared(session: Session, asking: Asking) -> Asked:
    """Make a cell's question ready; GLMError for what is known to be wrong before."""
    ready = asking_.ready(asking, session.names())
    client = session.client()
    view = View(asking.format, structured=asking.schema is not None)
    chat = None
    if asking.chat is not None:
        chat = session.chats.take(
            asking.chat,
            client,
            system=ready.options.get("system"),
            tools=ready.tools,
            fresh=asking.fresh,
        )
    asked = Asked(client, ready, view, chat)
    asked.check()
    return asked
