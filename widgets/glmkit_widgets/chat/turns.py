"""The turns of a chat: a tree of questions, of which one path is shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, overload

import msgspec

from glmkit.render.answer import transcript
from glmkit.types.messages import Message
from glmkit.types.money import Money
from glmkit.types.plain_text import plain
from glmkit.types.replies import Reply
from glmkit_widgets.chat.attachments import Attachment, parted

if TYPE_CHECKING:
    import pandas as pd

History = tuple[Message, ...]


class ChatTurn(msgspec.Struct, frozen=True, kw_only=True):
    """One question and its answer.

    `parent` is the key of the turn before, "" for none; `before` and `after` are the
    whole history around it. `reply` is None where nothing arrived, or where the turn
    was there when the chat was made; `error` says why an answer is not complete.
    `html` is the answer in the page, `saved` the same in a saved notebook.
    """

    key: str
    parent: str
    question: str
    attached: tuple[Attachment, ...] = ()
    answer: str = ""
    reply: Reply | None = None
    error: str = ""
    html: str = ""
    saved: str = ""
    before: History = ()
    after: History = ()

    @property
    def model(self) -> str:
        """The model that answered."""
        return self.reply.model if self.reply else ""

    @property
    def cost(self) -> Money | None:
        """What is owed for it; None where that is not known."""
        return self.reply.cost if self.reply else None


class ChatTranscript(Sequence[ChatTurn]):
    """The turns that a chat shows, the oldest first."""

    def __init__(self, turns: Sequence[ChatTurn]) -> None:
        self._turns = tuple(turns)

    @overload
    def __getitem__(self, place: int) -> ChatTurn: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[ChatTurn]: ...
    def __getitem__(self, place: int | slice) -> ChatTurn | Sequence[ChatTurn]:
        return self._turns[place]

    def __len__(self) -> int:
        return len(self._turns)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per turn: question, answer, tokens, cost, seconds.

        Tokens are whole numbers or missing; `cost` and `list_cost` are exact decimals
        in `currency`, None where unknown.
        """
        import pandas as pd

        frame = pd.DataFrame([_row(turn) for turn in self], columns=_COLUMNS)
        return frame.astype(dict.fromkeys(_COUNTS, "Int64"))

    def __repr__(self) -> str:
        said = (f"You: {t.question}\n\nModel: {t.answer}" for t in self)
        return plain("\n\n".join(said))


_COUNTS = ["prompt_tokens", "completion_tokens"]
_COLUMNS = [
    *("question", "attached", "answer", "model", "finish_reason", *_COUNTS),
    *("cost", "list_cost", "currency", "seconds", "first_token_s", "error"),
]


def _row(turn: ChatTurn) -> list[object]:
    reply = turn.reply
    usage = reply.usage if reply else None
    owed, listed = (reply.cost, reply.list_cost) if reply else (None, None)
    money = owed if owed is not None else listed
    return [
        turn.question,
        ", ".join(attachment.title for attachment in turn.attached),
        turn.answer,
        turn.model,
        reply.finish_reason if reply else "",
        usage.prompt_tokens if usage else None,
        usage.completion_tokens if usage else None,
        None if owed is None else owed.amount,
        None if listed is None else listed.amount,
        "" if money is None else money.currency,
        reply.seconds if reply else None,
        reply.first_token_s if reply else None,
        turn.error,
    ]


class TurnTree:
    """All turns of a chat; at each fork the one chosen last is on the path.

    A question that is edited or asked again is kept beside the turn it replaces.

    >>> tree = TurnTree()
    >>> tree.add(ChatTurn(key="t1", parent="", question="Why?"))
    >>> tree.add(ChatTurn(key="t2", parent="", question="Why not?"))
    >>> [turn.question for turn in tree.path()], tree.beside("t2")
    (['Why not?'], ['t1', 't2'])
    >>> tree.choose("t1")
    >>> [turn.question for turn in tree.path()]
    ['Why?']
    """

    def __init__(self) -> None:
        self._turns: dict[str, ChatTurn] = {}
        self._chosen: dict[str, str] = {}

    def __getitem__(self, key: str) -> ChatTurn:
        return self._turns[key]

    def __contains__(self, key: str) -> bool:
        return key in self._turns

    def __iter__(self) -> Iterator[ChatTurn]:
        return iter(self._turns.values())

    def __len__(self) -> int:
        return len(self._turns)

    def add(self, turn: ChatTurn) -> None:
        """Add a turn, or replace one with the same key, and choose it."""
        self._turns[turn.key] = turn
        self._chosen[turn.parent] = turn.key

    def put(self, turn: ChatTurn) -> None:
        """Replace a turn; the path stays."""
        self._turns[turn.key] = turn

    def choose(self, key: str) -> None:
        """Show this version of a turn, and what came after it."""
        self._chosen[self._turns[key].parent] = key

    def end_at(self, key: str) -> None:
        """End the path with this turn; "" empties it."""
        self._chosen.pop(key, None)

    @property
    def number(self) -> int:
        """The number of the next turn's key."""
        return 1 + max((int(key[1:]) for key in self._turns), default=0)

    def follow(self, history: History) -> list[ChatTurn]:
        """Follow a history that has changed elsewhere; return the new turns.

        The path is kept as far as it agrees, and continues with the rest.
        """
        path = self.path()
        points = [(turn.key, turn.after) for turn in reversed(path)]
        points += [("", path[0].before)] if path else []
        for key, after in [*points, ("", ())]:
            if history[: len(after)] == after:
                new = turns_of(history, len(after), key, self.number)
                self.end_at(key)
                for turn in new:
                    self.add(turn)
                return new
        raise AssertionError("nothing at all agrees with everything")

    def beside(self, key: str) -> list[str]:
        """Return the keys of all versions of a turn, this one too."""
        parent = self._turns[key].parent
        return [turn.key for turn in self if turn.parent == parent]

    def path(self) -> list[ChatTurn]:
        """Return the turns that are shown, the oldest first."""
        found, key = [], ""
        while key in self._chosen:
            key = self._chosen[key]
            found.append(self._turns[key])
        return found


def total(turns: Iterator[ChatTurn]) -> str:
    """Return tokens and cost of turns in one line; unknown costs are only counted.

    >>> total(iter([ChatTurn(key="t1", parent="", question="Why?")]))
    ''
    """
    replies = [turn.reply for turn in turns if turn.reply and _counts(turn.reply)]
    if not replies:
        return ""
    usages = [reply.usage for reply in replies if reply.usage is not None]
    tokens = sum(usage.total_tokens for usage in usages)
    count = f"{len(replies)} answer" + ("s" if len(replies) != 1 else "")
    owed = _sum([reply.cost for reply in replies])
    listed = _sum([reply.list_cost for reply in replies])
    beside = f" (list {listed})" if listed and listed != owed else ""
    unknown = sum(reply.cost is None for reply in replies)
    more = f", {unknown} of unknown cost" if unknown and owed is not None else ""
    money = "cost unknown" if owed is None else f"{owed}"
    return " · ".join([count, f"{tokens:,} tokens", f"{money}{beside}{more}"])


def _counts(reply: Reply) -> bool:
    """Whether something arrived, or may be billed: a refusal is neither."""
    unknown = reply.cost is None and reply.calls[-1].state != "failed"
    return bool(reply.text or reply.thinking or reply.cost or unknown)


def _sum(amounts: Sequence[Money | None]) -> Money | None:
    known = [amount for amount in amounts if amount is not None]
    result = known[0] if known else None
    for amount in known[1:]:
        if result is not None and amount.currency == result.currency:
            result = result + amount
    return result


def turns_of(history: History, start: int, parent: str, number: int) -> list[ChatTurn]:
    """Return the turns of a history from `start` on; their keys begin at `number`."""
    asked = [n for n in range(start, len(history)) if history[n].role == "user"]
    ends = [*asked, len(history)][1:]
    found: list[ChatTurn] = []
    for begin, end in zip(asked, ends, strict=True):
        answers = [m for m in history[begin + 1 : end] if m.role == "assistant"]
        question, attached = parted(history[begin])
        html = transcript.inside(history[begin + 1 : end])
        found.append(
            ChatTurn(
                key=f"t{number + len(found)}",
                parent=found[-1].key if found else parent,
                question=question,
                attached=attached,
                answer=transcript.text_of(answers[-1], calls=False) if answers else "",
                html=html,
                saved=html,
                before=history[:begin],
                after=history[:end],
            )
        )
    return found
