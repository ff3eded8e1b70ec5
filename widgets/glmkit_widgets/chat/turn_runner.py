"""The kernel's side of a chat: it asks one turn at a time and confirms tools."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any

import msgspec

from glmkit.client.conversation import Conversation
from glmkit.client.prompts import values as digests
from glmkit.render.answer.badge import NOTHING, About
from glmkit.tools.tool import Tool
from glmkit.types.errors import ConfigError, Interrupted, told_of
from glmkit.types.replies import where
from glmkit.types.translation import _
from glmkit_widgets.chat import attachments
from glmkit_widgets.chat.attachments import Attachment
from glmkit_widgets.chat.tool_confirmation import Confirmation
from glmkit_widgets.chat.turns import ChatTurn, TurnTree
from glmkit_widgets.columns.columns import Settings
from glmkit_widgets.shared.answer_runner import AnswerRun
from glmkit_widgets.shared.widget import GLMWidget

if TYPE_CHECKING:
    from glmkit.client.clients import Client


class ChatRunner(GLMWidget):
    """Asks the turns of one conversation and keeps each answer.

    A question that is edited or asked again begins where the old one began, and the
    old one is kept beside it. With `follows` each question goes to the client that is
    the process's own at that time.
    """

    def __init__(
        self,
        client: Client | None,
        conversation: Conversation,
        settings: Settings | None,
        title: str,
        options: dict[str, Any],
        *,
        follows: bool,
        **traits: Any,
    ) -> None:
        self._follows = follows
        self._options = options
        self._talk = conversation
        self._asker = self._talk.asker
        self._settings = settings
        self._title = title
        self._place = where.get()
        self._tree = TurnTree()
        self._marks = count(1)
        self._pending: list[Attachment] = []
        self._confirming: dict[str, Confirmation] = {}
        super().__init__(client, **traits)

    def stop(self) -> None:
        """Stop the answer and keep what arrived; a tool that waits is declined."""
        super().stop()
        with self._lock:
            for asked in self._confirming.values():
                asked.answer(False)

    def _tell(self, turn: ChatTurn | None = None) -> None:
        """Send the state to the views, with one turn that has changed."""
        raise NotImplementedError

    def _ask(self, question: str) -> AnswerRun:
        """Ask with all that is attached. Raises ConfigError."""
        self._check(question, self._pending)
        self._follow()
        path = self._tree.path()
        parent = path[-1].key if path else ""
        attached = tuple(self._pending)
        self._pending.clear()
        return self._begin(parent, question, attached, self._talk.messages)

    def _again(self, key: str, question: str | None = None) -> AnswerRun:
        """Ask again from the same point; the old turn stays beside the new one."""
        old = self._tree[key]
        words = old.question if question is None else question
        self._check(words, old.attached)
        self._talk.resume(old.before)
        return self._begin(old.parent, words, old.attached, old.before)

    def _check(self, question: str, attached: Sequence[Attachment]) -> None:
        self._check_free()
        if not question.strip() and not attached:
            raise ConfigError(
                _("the question is empty"), hint=_("Write a question, then send it.")
            )
        digests.refuse_keys(question)

    def _check_free(self) -> None:
        if self._runs:
            raise ConfigError(
                _("the last answer is not finished"),
                hint=_("Wait until it ends, or stop it."),
            )

    def _begin(
        self,
        parent: str,
        question: str,
        attached: tuple[Attachment, ...],
        before: tuple[Any, ...],
    ) -> AnswerRun:
        turn = ChatTurn(
            key=f"t{self._tree.number}",
            parent=parent,
            question=question,
            attached=attached,
            before=before,
        )
        prompt = attachments.prompt_of(question, attached)
        options = self._given()

        def open() -> Any:
            self._talk.asker = self._confirm
            if self._follows:
                self._talk.client = self.client
            return self._talk.stream(prompt, **options)

        self._tree.add(turn)
        place = where.set(self._place)
        try:
            run = self.begin(
                turn.key, open, lambda run: self._ended(turn, run), about=self._about
            )
        finally:
            where.reset(place)
        self._tell(turn)
        return run

    def _given(self) -> dict[str, Any]:
        """Return the options of the next question."""
        given = {} if self._settings is None else dict(self._settings.options())
        given.pop("system", None)  # it is sent once, at the beginning
        return given | self._options

    def _ended(self, turn: ChatTurn, run: AnswerRun) -> None:
        self._talk.asker = self._asker
        done = msgspec.structs.replace(
            turn,
            answer=run.reply.text if run.reply else "",
            reply=run.reply,
            error=_reason(run.error),
            html=run.html,
            saved=run.saved,
            after=self._talk.messages,
        )
        self._tree.put(done)
        self._tell(done)
        self.set_trait("value", done.answer)

    def _choose(self, key: str) -> None:
        """Go on from another version of a turn."""
        self._check_free()
        self._tree.choose(key)
        last = self._tree.path()[-1]
        self._talk.resume(last.after)
        self.set_trait("value", last.answer)
        self._tell()
        self._still.update(now=True)

    def _follow(self) -> None:
        """Add the turns that were asked elsewhere, such as in a cell of this chat."""
        if not self._runs:
            self._show(self._tree.follow(self._talk.messages))

    def _show(self, turns: Sequence[ChatTurn]) -> None:
        """Show turns that are complete already."""
        for turn in turns:
            self.feed(turn.key).end(turn.html)
        if turns:
            self.set_trait("value", turns[-1].answer)

    def _about(self) -> About:
        if not self._title:
            return NOTHING
        asked = sum(message.role == "user" for message in self._talk.messages)
        return About(self._title, asked)

    def _confirm(self, tool: Tool, arguments: Mapping[str, Any]) -> bool:
        """Ask the user by buttons; waits on the thread of the run."""
        with self._lock:
            if self._closed or any(run.stopping for run in self._runs.values()):
                return False
            asked = Confirmation(f"c{next(self._marks)}", tool, arguments)
            self._confirming[asked.mark] = asked
            self._tell()
        yes = asked.wait()
        with self._lock:
            del self._confirming[asked.mark]
            if not self._closed:
                self._tell()
        return yes


def _reason(error: BaseException | None) -> str:
    match error:
        case None:
            return ""
        case Interrupted():
            return _("interrupted")
        case Exception():
            return told_of(error)[0]
        case _:
            return type(error).__name__
