"""Chat: a conversation that streams, and what the user does with it."""

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
from glmkit.types.plain_text import plain
from glmkit.types.replies import Reply
from glmkit.types.requests import check_names
from glmkit.types.translation import _
from glmkit_widgets.chat import attachments, page, static_picture
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
    those of `glmkit.Conversation`; or `conversation` is an existing one. `names` are
    the variables that can be attached; `settings` has an `options()` for what is not
    set here; `title` is the chat's name. `.value` is the text of the last answer,
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
        """The conversation that the chat shows."""
        return self._talk

    @property
    def transcript(self) -> ChatTranscript:
        """The turns that are shown, the oldest first."""
        with self._lock:
            return ChatTranscript(self._tree.path())

    def ask(self, question: str) -> Reply:
        """Ask with what is attached, as the page does, and wait for the reply.

        Ctrl-C stops the answer and raises Interrupted. Raises what the call raises.
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
        """Attach a variable's name, a path or a value to the next question.

        Raises ConfigError for what cannot be read or looks like a key.
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
            "hello": lambda message: self._greet(message.get("saves") is True),
            "ask": lambda message: self._taken(message, self._ask(message["text"])),
            "edit": lambda message: self._taken(
                message, self._again(message["key"], message["text"])
            ),
            "retry": lambda message: self._again(message["key"]),
            "stop": lambda message: self.stop(),
            "choose": lambda message: self._choose(message["key"]),
            "fork": lambda message: self._fork_below(message["key"]),
            "attach": self._attach,
            "file": lambda message: self._upload(message["name"], message["data"]),
            "detach": lambda message: self._detach(message["place"]),
            "names": lambda message: self._offer(message["id"]),
            "confirm": lambda message: self._confirmed(
                message["mark"], message["yes"] is True
            ),
            "text": lambda message: self._hand_out(
                message, self._tree[message["key"]].answer
            ),
            "cell": lambda message: self._to_cell(message),
            "export": lambda message: self._download(message, message["form"]),
        }

    def _do(self, name: str, content: dict[str, Any]) -> None:
        job = self._jobs.get(name)
        if job is None:
            raise ConfigError(_("the chat cannot do {name!r}", name=name))
        job(content)

    def _greet(self, saves: bool) -> None:
        """Answer a page that has just opened; `saves`: it saves the picture itself."""
        self._still.saved_by_page = saves
        if saves:
            self.send({"frame": self._frame()})
        self._tell_all()
        if not saves:
            self._still.update(now=True)

    def _taken(self, message: dict[str, Any], run: AnswerRun) -> None:
        """Let the view that asked clear its field."""
        self.send({"took": message["id"]})

    def _attach(self, message: dict[str, Any]) -> None:
        self.attach(message["word"])
        self.send({"took": message["id"]})

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

    def _hand_out(self, message: dict[str, Any], text: str) -> None:
        self.send({"text": text, "to": message["id"]})

    def _to_cell(self, message: dict[str, Any]) -> None:
        """Send the code of an answer; where it has none, its text for a raw cell.

        In a Markdown cell a model's text could fetch any address.
        """
        text = self._tree[message["key"]].answer
        code = code_of(text)
        kind = "raw" if code == text.strip() else "code"
        self.send({"cell": kind, "source": plain(code), "to": message["id"]})

    def _download(self, message: dict[str, Any], form: str) -> None:
        name = self._title or "chat"
        text = transcript.written(name, self._talk.messages, form)
        kind = _KINDS.get(form, "application/x-ipynb+json")
        file = {"file": f"{name}{form}", "kind": kind, "text": text}
        self.send({**file, "to": message["id"]})

    def _with(self, turns: Sequence[ChatTurn]) -> Chat:
        """Show the turns of another chat instead of those read from the messages."""
        self._tree = TurnTree()
        for turn in turns:
            self._tree.add(turn)
        self._show(turns)
        return self

    def _fork_below(self, key: str) -> None:
        self._forks.append(self.fork(self._tree[key]))
        self._tell()

    # What is sent to a page.

    def _tell_all(self) -> None:
        self._follow()
        for turn in self._tree:
            self._tell_turn(turn)
        self._tell()

    def _tell(self, turn: ChatTurn | None = None) -> None:
        """Send the state to the views, with one turn that has changed."""
        if turn is not None:
            self._tell_turn(turn)
        path = []
        for shown in self._tree.path():
            beside = self._tree.beside(shown.key)
            path.append({"key": shown.key, "beside": beside})
        state = {
            "path": path,
            "running": next(iter(self._runs), ""),
            "asks": page.asks(self._given()),
            "total": total(iter(self._tree)),
            "pending": page.chips(self._pending),
            "confirming": [asked.shown for asked in self._confirming.values()],
            "forks": [fork.model_id for fork in self._forks],
            "title": self._title,
        }
        self.send({"state": state})

    def _tell_turn(self, turn: ChatTurn) -> None:
        saves = self._still.saved_by_page
        self.send({"turn": page.turn(turn, saves=saves)})

    def _set(self, _change: object) -> None:
        with self._lock:
            self._tell()

    def _draw(self) -> tuple[str, str]:
        return static_picture.drawn(self._tree.path(), self._title)

    def _frame(self) -> list[str]:
        """Return what the page needs to save the picture: its mark, and the HTML
        before and after the turns."""
        before, after = static_picture.frame(self._title)
        around = self._still.framed(f"{before}\0{after}")
        return [self._still.mark, *around.split("\0")]


def _system(settings: Settings | None) -> str | None:
    """Return the system prompt that a conversation begins with."""
    system = settings.options().get("system") if settings is not None else None
    return None if system is None else str(system)
