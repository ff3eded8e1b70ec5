"""Chat: a conversation that streams, with everything a person does to one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import traitlets

from glmkit.client import default
from glmkit.client.conversation import Conversation
from glmkit.render.answer import transcript
from glmkit.render.answer.views import code_of
from glmkit.transport.background_loop import STEP_S
from glmkit.types.errors import ConfigError, Interrupted
from glmkit.types.replies import Reply
from glmkit.types.requests import check_names
from glmkit_widgets.chat import attachments
from glmkit_widgets.chat.static_picture import drawn
from glmkit_widgets.chat.turn_runner import ChatRunner
from glmkit_widgets.chat.turns import ChatTranscript, ChatTurn, TurnTree, total
from glmkit_widgets.columns.columns import Settings
from glmkit_widgets.shared.answer_runner import AnswerRun
from glmkit_widgets.shared.assets import module, style
from glmkit_widgets.shared.widget import own_client

if TYPE_CHECKING:
    from glmkit.client.clients import Client

_KINDS = {".md": "text/markdown", ".json": "application/json"}


class Chat(ChatRunner):
    """Show a conversation: ask, stop, ask again, edit, fork, attach, export.

    `client` None is the process's own; `system`, `tools`, `history` and `options` are
    those of `glmkit.Conversation`, or `conversation` is one that goes on. `names` are
    the variables that can be attached; `settings` has an `options()` for what is not
    given here; `title` is the chat's name. `.value` is the text of the last answer,
    `.transcript` a list of all turns. Raises ConfigError.

        chat = Chat(system="Be brief.")
        chat                                # shows it
        chat.ask("Why is the sky blue?").cost
        chat.transcript.to_frame()
    """

    _esm = module(
        "shared/dom",
        "shared/live",
        "shared/static_picture",
        "shared/cells",
        "chat/turns",
        "chat/composer",
        "chat/chat",
    )
    _css = style("shared/live", "shared/ground", "chat/chat")

    def __init__(
        self,
        client: Client | None = None,
        system: str | None = None,
        tools: Sequence[Any] = (),
        history: Sequence[Any] = (),
        names: Mapping[str, Any] | None = None,
        settings: Settings | None = None,
        *,
        conversation: Conversation | None = None,
        title: str = "",
        layout: Any = None,
        **options: Any,
    ) -> None:
        talk = conversation or Conversation(
            client or own_client(), system or _system(settings), history, tools
        )
        # Endpoint and key may change while it is open.
        follows = client is None and talk.client is default.made()
        check_names(options)
        traits = {} if layout is None else {"layout": layout}
        self._names = {} if names is None else names
        self._forks: list[Chat] = []
        self._jobs = self._offered_jobs()
        super().__init__(
            client, talk, settings, title, options, follows=follows, **traits
        )
        if isinstance(settings, traitlets.HasTraits):
            settings.observe(self._set)
        self._follow()

    @property
    def conversation(self) -> Conversation:
        """What was said, as `glmkit.Conversation` has it."""
        return self._talk

    @property
    def transcript(self) -> ChatTranscript:
        """The turns that are shown, the oldest first."""
        with self._lock:
            return ChatTranscript(self._tree.path())

    def ask(self, question: str) -> Reply:
        """Ask as the page does, and wait for the reply; what is attached goes along.

        Ctrl-C stops the answer and raises Interrupted. Raises whatever the call does.
        """
        with self._lock:
            run = self._ask(question)
        try:
            while not run.wait(STEP_S):
                for asked in list(self._confirming.values()):
                    asked.answer_by_hand()
        except KeyboardInterrupt:
            run.stop()
            run.wait()
            raise Interrupted(run.reply) from None
        if run.error is not None:
            raise run.error
        assert run.reply is not None  # a run without an error has one
        return run.reply

    def attach(self, what: Any, name: str = "") -> None:
        """Let a variable's name, a path or a value go along with the next question.

        Raises ConfigError for what can not be read or looks like a key.
        """
        if isinstance(what, str):
            made = attachments.of_word(what, self._names)
        else:
            made = attachments.of_value(name or type(what).__name__, what)
        with self._lock:
            self._pending.append(made)
            self._tell()

    def fork(self, turn: ChatTurn | None = None) -> Chat:
        """Return a second chat with the same past, up to a turn; None: all of it."""
        with self._lock:
            path = self._tree.path()
            if turn is not None:
                path = path[: [one.key for one in path].index(turn.key) + 1]
            self._check_free()
            talk = self._talk.fork()
            if path and path[-1].after != talk.messages:
                talk.resume(path[-1].after)
            other = Chat(
                self._client,
                names=self._names,
                settings=self._settings,
                conversation=talk,
                title=f"{self._title} (fork)" if self._title else "",
                **self._options,
            )
            other._place, other._follows = self._place, self._follows
            return other._with(path)

    def export(self, file: str | Path) -> None:
        """Write the chat to a new file: .md, .json (for `history=`) or .ipynb."""
        path = Path(file).expanduser()
        transcript.write(self._title or path.stem, self._talk.messages, path)

    def _leave(self) -> None:
        if isinstance(self._settings, traitlets.HasTraits):
            with suppress(ValueError):  # they are not observed yet
                self._settings.unobserve(self._set)
        for fork in self._forks:
            fork.close()

    # What a page asks for.

    def _offered_jobs(self) -> dict[str, Callable[[dict[str, Any]], object]]:
        return {
            "hello": lambda said: self._tell_all(),
            "ask": lambda said: self._taken(said, self._ask(said["text"])),
            "edit": lambda said: self._taken(
                said, self._again(said["key"], said["text"])
            ),
            "retry": lambda said: self._again(said["key"]),
            "stop": lambda said: self.stop(),
            "choose": lambda said: self._choose(said["key"]),
            "fork": lambda said: self._fork_below(said["key"]),
            "attach": self._attach,
            "file": lambda said: self._upload(said["name"], said["data"]),
            "detach": lambda said: self._detach(said["place"]),
            "names": lambda said: self._offer(said["id"]),
            "confirm": lambda said: self._confirmed(said["mark"], said["yes"] is True),
            "text": lambda said: self._hand_out(said, self._tree[said["key"]].answer),
            "cell": lambda said: self._to_cell(said),
            "export": lambda said: self._download(said, said["form"]),
        }

    def _do(self, name: str, content: dict[str, Any]) -> None:
        job = self._jobs.get(name)
        if job is None:
            raise ConfigError(f"a chat has no {name!r}")
        job(content)

    def _taken(self, said: dict[str, Any], _run: AnswerRun) -> None:
        """Tell the view that sent it: now what was typed may go."""
        self.send({"took": said["id"]})

    def _attach(self, said: dict[str, Any]) -> None:
        self.attach(said["word"])
        self.send({"took": said["id"]})

    def _upload(self, name: str, data: str) -> None:
        self._pending.append(attachments.of_upload(name, data))
        self._tell()

    def _detach(self, place: int) -> None:
        if 0 <= place < len(self._pending):
            del self._pending[place]
            self._tell()

    def _offer(self, mark: str) -> None:
        self.send({"names": attachments.offered(self._names), "to": mark})

    def _confirmed(self, mark: str, yes: bool) -> None:
        if mark in self._confirming:
            self._confirming[mark].answer(yes)

    def _hand_out(self, said: dict[str, Any], text: str) -> None:
        self.send({"text": text, "to": said["id"]})

    def _to_cell(self, said: dict[str, Any]) -> None:
        """Give the code of an answer; where it has none, its text for a raw cell.

        A Markdown cell would let a model's text fetch what it likes.
        """
        text = self._tree[said["key"]].answer
        code = code_of(text)
        kind = "raw" if code == text.strip() else "code"
        self.send({"cell": kind, "source": code, "to": said["id"]})

    def _download(self, said: dict[str, Any], form: str) -> None:
        name = self._title or "chat"
        text = transcript.written(name, self._talk.messages, form)
        kind = _KINDS.get(form, "application/x-ipynb+json")
        self.send({"file": f"{name}{form}", "kind": kind, "text": text, **_to(said)})

    def _with(self, turns: Sequence[ChatTurn]) -> Chat:
        """Show the very turns of another chat in the place of those told anew."""
        self._tree = TurnTree()
        for turn in turns:
            self._tree.add(turn)
        self._show(turns)
        return self

    def _fork_below(self, key: str) -> None:
        self._forks.append(self.fork(self._tree[key]))
        self._tell()

    # What a page is told.

    def _tell_all(self) -> None:
        self._follow()
        for turn in self._tree:
            self._tell_turn(turn)
        self._tell()

    def _tell(self, turn: ChatTurn | None = None) -> None:
        """Tell the views how it stands, with what is new in one turn."""
        if turn is not None:
            self._tell_turn(turn)
        path = []
        for shown in self._tree.path():
            beside = self._tree.beside(shown.key)
            path.append({"key": shown.key, "beside": beside})
        given = self._given()
        state = {
            "path": path,
            "running": next(iter(self._runs), ""),
            "asks": _asks(given),
            "total": total(iter(self._tree)),
            "pending": [[a.kind, a.title, a.about] for a in self._pending],
            "confirming": [asked.told for asked in self._confirming.values()],
            "forks": [fork.model_id for fork in self._forks],
            "title": self._title,
        }
        self.send({"state": state})

    def _tell_turn(self, turn: ChatTurn) -> None:
        attached = [[a.kind, a.title, a.about] for a in turn.attached]
        told = {"key": turn.key, "question": turn.question, "attached": attached}
        has_code = code_of(turn.answer) != turn.answer.strip()
        self.send({"turn": {**told, "code": has_code, "empty": not turn.answer}})

    def _set(self, _change: object) -> None:
        with self._lock:
            self._tell()

    def _draw(self) -> tuple[str, str]:
        return drawn(self._tree.path(), self._title)


def _system(settings: Settings | None) -> str | None:
    """Return the system prompt that a conversation begins with."""
    system = settings.options().get("system") if settings is not None else None
    return None if system is None else str(system)


def _to(said: dict[str, Any]) -> dict[str, str]:
    return {"to": said["id"]}


def _asks(given: Mapping[str, Any]) -> str:
    """Return whom the next question goes to, as far as that is set."""
    shown = [str(given["model"])] if given.get("model") else []
    if given.get("temperature") is not None:
        shown.append(f"temperature {given['temperature']:g}")
    return " · ".join(shown)
