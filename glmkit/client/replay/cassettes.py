"""Which cassette a call has to do with, and its dealings with it."""

from __future__ import annotations

import asyncio
import os
import threading
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import msgspec

from glmkit.client.replay import differences, lines, modes
from glmkit.client.replay.file import Cassette, Entry
from glmkit.client.replay.lines import Recording
from glmkit.client.replay.modes import Mode
from glmkit.types.errors import ReplayError
from glmkit.types.events import Event
from glmkit.types.replies import Call, Reply

#: The cassette where no notebook and nobody else names one.
FILE = "glmkit.glm.jsonl"

#: Fields that a message names.
_MOST_NAMES = 12

_home: Path | None = None
_decks: dict[Path, Deck] = {}
_lock = threading.Lock()


def settle_at(path: Path | None) -> None:
    """Set the file for where neither a client nor GLMKIT_CASSETTE names one.

    None: it is FILE in the folder in which it is used first.
    """
    global _home
    _home = path


def switch(mode: Mode | None) -> None:
    """Set the mode of this process; None takes it back.

    What is used is counted anew, for `prune`.
    """
    if mode and (modes.forced() or mode) != "off":
        deck().begin()
    modes.begin_run(modes.run().cell)
    modes.say(mode)


def switched() -> Mode:
    """Return the mode of a client that has no cassette of its own."""
    return deck().mode()


def deck(path: str | Path | None = None) -> Deck:
    """Return a session with the cassette of a path, else with this process's one."""
    global _home
    if path is not None:
        return Deck(Path(path), "auto")
    named = os.environ.get("GLMKIT_CASSETTE")
    with _lock:
        if not named and _home is None:
            _home = Path.cwd() / FILE  # later changes of folder do not move it
        found = Path(named or _home or FILE).expanduser().absolute()
        if found not in _decks:
            _decks[found] = Deck(found, "auto" if named else None)
        return _decks[found]


def tape(call: Call, own: Deck | None = None) -> Tape | None:
    """Return what a call has to do with a cassette; None where replay is off.

    `own` is the deck of a client that was made with a cassette.
    """
    if own is None and not (modes.said() or _asked_outside()):
        return None
    return (own or deck()).tape(call)


def check_online(own: Deck | None = None) -> None:
    """Raise ReplayError where nothing may be sent, not even what costs nothing."""
    if (own or deck()).mode() == "only":
        raise ReplayError(
            "replay is `only`, and this would be sent: only chats are recorded",
            hint="Run it with replay off.",
        )


def _asked_outside() -> bool:
    environ = os.environ
    return "GLMKIT_REPLAY" in environ or "GLMKIT_CASSETTE" in environ


class Deck:
    """A cassette and how often each request was made of it in this run of a cell."""

    def __init__(self, path: Path, mode: Mode | None = None) -> None:
        self.cassette = Cassette.at(path)
        self._own = mode
        self._run = modes.run().number
        self._claims: dict[str, set[int]] = {}
        self._had: dict[str, int] = {}
        self._touched: set[bytes] = set()
        self._lock = threading.Lock()

    def begin(self) -> None:
        """Count what is used, and which answers were had, anew."""
        self.cassette.begin()
        with self._lock:
            self._had.clear()

    def mode(self) -> Mode:
        """Return the mode that holds now."""
        return modes.forced() or modes.said() or self._own or "off"

    def tape(self, call: Call) -> Tape | None:
        """Return what a call has to do with the cassette; None where replay is off."""
        mode = self.mode()
        return None if mode == "off" else Tape(self, call, mode)

    def claim(self, key: str, again: bool = False) -> int:
        """Take the lowest number that no equal request of this run has.

        `again`: that none has had since `begin`, in whatever run.
        """
        with self._lock:
            if self._run != modes.run().number:
                self._run = modes.run().number
                self._claims, self._touched = {}, set()
            claims = self._claims.setdefault(key, set())
            least = self._had.get(key, 0) if again else 0
            number = next(n for n in count(least) if n not in claims)
            claims.add(number)
            self._had[key] = max(self._had.get(key, 0), number + 1)
            return number

    def release(self, key: str, number: int) -> None:
        """Give a number back: nothing came of the request."""
        with self._lock:
            self._claims.get(key, set()).discard(number)
            if self._had.get(key) == number + 1:
                self._had[key] = number

    def touch(self, entry: Entry) -> None:
        """Note that a recording was used in this run."""
        with self._lock:
            self._touched.add(entry.digest)

    def untouched(self, cell: str) -> list[Entry]:
        """Return the newest recordings of a cell that this run has not used."""
        with self._lock:
            touched = set(self._touched)
        return [e for e in self.cassette.newest(cell) if e.digest not in touched]


class Tape:
    """One call and its cassette: `find` before sending, `keep` at the end.

    `changed` names the fields in which a call that was not found differs from what
    its cell has asked before.
    """

    def __init__(self, deck: Deck, call: Call, mode: Mode) -> None:
        self.changed: tuple[str, ...] = ()
        self._deck = deck
        self._mode = mode
        self._again = modes.again()
        self._cell = call.where.cell or modes.run().cell
        self._asked = lines.asked(call)
        self._key = lines.key_of(call)
        self._chat = call.operation == "chat"
        self._repeat: int | None = None
        self._events: list[Event] = []

    async def find(self) -> Recording | None:
        """Return the recorded answer; None: send, and `keep` what comes.

        Raises ReplayError where mode `only` finds nothing, where the cassette can not
        be read, or where nothing could be added to it.
        """
        self._repeat = self._deck.claim(self._key, self._again)
        return await asyncio.to_thread(self._find, self._repeat)

    def _find(self, repeat: int) -> Recording | None:
        cassette = self._deck.cassette
        if self._mode in ("auto", "only"):
            entry = cassette.find(self._key, repeat, self._cell)
            if entry is not None:
                self._deck.touch(entry)
                return entry.recording()
            if self._mode == "only":
                raise self._missing(repeat)
        if self._chat:
            cassette.check_writable()
            before = self._deck.untouched(self._cell)  # reads the file: damage shows
            if self._cell and self._mode == "auto":
                self._compare(before)
        return None

    def _compare(self, before: list[Entry]) -> None:
        """Note what the same cell has asked before in this one's place."""
        found = differences.nearest(self._asked, ((e.request, e) for e in before))
        if found is not None:
            names, entry = found
            self.changed = tuple(map(lines.told, names[:_MOST_NAMES]))
            self._deck.touch(entry)

    def add(self, batch: list[Event]) -> None:
        """Take the next events of an answer that was sent for."""
        self._events += batch

    async def keep(self, reply: Reply) -> None:
        """Record a finished call; the ReplayError of one that can not carries it."""
        (call,) = reply.calls
        if self._chat and self._repeat is not None:
            recording = Recording(
                cell=self._cell,
                repeat=self._repeat,
                request=msgspec.Raw(self._asked),
                events=lines.pieces(self._events),
                model=call.model,
                endpoint=_named(call.endpoint),
                at=datetime.fromtimestamp(call.at, UTC).isoformat(timespec="seconds"),
                seconds=_rounded(call.seconds),
                first_token_s=_rounded(call.first_token_s),
            )
            try:
                await asyncio.shield(asyncio.to_thread(self._keep, recording))
            except ReplayError as exc:
                exc.reply = reply
                raise

    def _keep(self, recording: Recording) -> None:
        replace = self._mode == "refresh"
        self._deck.touch(self._deck.cassette.add(recording, replace=replace))

    def drop(self) -> None:
        """Forget the call: it failed, or was interrupted."""
        if self._repeat is not None:
            self._deck.release(self._key, self._repeat)

    def _missing(self, repeat: int) -> ReplayError:
        """Say what was asked where, and how it differs from what was recorded."""
        cassette = self._deck.cassette
        who = f"cell {self._cell} asks" if self._cell else "this asks"
        hint = "Record it with `%glm replay auto` where a model can be reached."
        if not self._chat:
            return ReplayError(
                f"replay is `only`, and {who} what is not recorded: only chats are",
                hint="Run it with replay off.",
            )
        if not len(cassette):
            return ReplayError(f"there are no recordings in {cassette.path}", hint=hint)
        if takes := cassette.takes(self._key):
            return ReplayError(
                f"{who} the same for the {repeat + 1}. time in one run, and "
                f"{cassette.path.name} has {takes} of its answers",
                hint=hint,
            )
        same = cassette.newest(self._cell) if self._cell else []
        near = differences.nearest(
            self._asked, ((e.request, e) for e in same or cassette.newest())
        )
        assert near is not None  # there is one at least
        names, entry = near
        whose = f" of cell {lines.told(entry.cell)}" if entry.cell else ""
        return ReplayError(
            f"{who} what {cassette.path.name} has no answer to; the recording{whose} "
            f"differs in: {', '.join(map(lines.told, names[:_MOST_NAMES]))}",
            hint=hint,
        )


def _named(endpoint: str) -> str:
    return "another server" if "://" in endpoint else endpoint


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
