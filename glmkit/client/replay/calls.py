"""The replay of one call: find its recorded answer, or record the one that comes."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import msgspec

from glmkit.client.replay import differences, lines, modes, ranks
from glmkit.client.replay.file import Entry
from glmkit.client.replay.lines import Recording
from glmkit.client.replay.modes import Mode
from glmkit.client.replay.ranks import Rank
from glmkit.client.replay.sessions import CassetteSession
from glmkit.types.errors import ReplayError
from glmkit.types.events import Event
from glmkit.types.replies import Call, Reply
from glmkit.types.translation import _

#: Fields that a message names.
_MOST_NAMES = 12


class CassetteCall:
    """The replay of one call: `find` before sending, `keep` at the end.

    `changed` names the fields in which a call without a recorded answer differs from
    what its cell asked before; `superseded` is the rank of a recorded answer that a
    better answerer is asked in place of.
    """

    def __init__(self, session: CassetteSession, call: Call, mode: Mode) -> None:
        self.changed: tuple[str, ...] = ()
        self.superseded: Rank | None = None
        self._session = session
        self._mode = mode
        self._again = modes.again()
        self._cell = call.where.cell or modes.run().cell
        self._asked = lines.asked(call)
        self._key = lines.key_of(call)
        self._endpoint = call.endpoint
        self._chat = call.operation == "chat"
        self._repeat: int | None = None
        self._events: list[Event] = []

    async def find(self) -> Recording | None:
        """Return the recorded answer; None: send, and `keep` the answer.

        Raises ReplayError where mode `only` finds nothing, and where the cassette
        cannot be read or written.
        """
        self._repeat = self._session.claim(self._key, self._again)
        return await asyncio.to_thread(self._find, self._repeat)

    def _find(self, repeat: int) -> Recording | None:
        cassette, only = self._session.cassette, self._mode == "only"
        if self._mode in ("auto", "only"):
            least = ranks.RANKS[0] if only else ranks.least_for(self._endpoint)
            entry = cassette.find(self._key, repeat, self._cell, least)
            if entry is not None:
                self._session.touch(entry)
                return entry.recording()
            if only:
                raise self._missing(repeat)
        if self._chat:
            cassette.check_writable()
            before = self._session.untouched(self._cell)  # reads the file: damage shows
            if self._mode == "auto":
                self._compare(repeat, before)
        return None

    def _compare(self, repeat: int, before: list[Entry]) -> None:
        """Note why the call is sent: a lesser record, or another request before."""
        lesser = self._session.cassette.best(self._key, repeat, self._cell)
        if lesser is not None:
            self.superseded = lesser.rank
            self._session.touch(lesser)
        elif self._cell:
            found = differences.nearest(self._asked, ((e.request, e) for e in before))
            if found is not None:
                names, entry = found
                self.changed = tuple(map(lines.printable, names[:_MOST_NAMES]))
                self._session.touch(entry)

    def add(self, batch: list[Event]) -> None:
        """Take the next events of an answer that was sent for."""
        self._events += batch

    async def keep(self, reply: Reply) -> None:
        """Record a finished call; a ReplayError carries the reply."""
        (call,) = reply.calls
        if self._chat and self._repeat is not None:
            rank = ranks.rank_of(reply.stand_in, call.endpoint)
            ranks.note_answer(call.endpoint, rank)
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
                rank=rank,
            )
            try:
                await asyncio.shield(asyncio.to_thread(self._keep, recording))
            except ReplayError as exc:
                exc.reply = reply
                raise

    def _keep(self, recording: Recording) -> None:
        drop = ranks.RANKS if self._mode == "refresh" else ()
        self._session.touch(self._session.cassette.add(recording, drop=drop))

    def drop(self) -> None:
        """Give the call's number back: it failed, or was interrupted."""
        if self._repeat is not None:
            self._session.release(self._key, self._repeat)

    def _missing(self, repeat: int) -> ReplayError:
        """Return the error that names the cell, and the fields that differ."""
        cassette = self._session.cassette
        who = _("cell {cell} asks", cell=self._cell) if self._cell else _("this asks")
        hint = _("Record it with `%glm replay auto` where a model can be reached.")
        if not self._chat:
            return ReplayError(
                _(
                    "replay is `only`, and {who} for something that is not recorded: "
                    "only chats are",
                    who=who,
                ),
                hint=_("Run it with replay off."),
            )
        if not len(cassette):
            return ReplayError(
                _("there are no recordings in {path}", path=cassette.path), hint=hint
            )
        if takes := cassette.takes(self._key):
            return ReplayError(
                _(
                    "{who} the same for the {number}. time in one run, and {file} has "
                    "{takes} of its answers",
                    who=who,
                    number=repeat + 1,
                    file=cassette.path.name,
                    takes=takes,
                ),
                hint=hint,
            )
        names, entry = self._nearest()
        whose = f" of cell {lines.printable(entry.cell)}" if entry.cell else ""
        return ReplayError(
            _(
                "{who} a question that {file} has no answer to; the recording{whose} "
                "differs in: {names}",
                who=who,
                file=cassette.path.name,
                whose=whose,
                names=", ".join(map(lines.printable, names[:_MOST_NAMES])),
            ),
            hint=hint,
        )

    def _nearest(self) -> tuple[tuple[str, ...], Entry]:
        """Return the recording that is most like the call, and the fields that differ.

        There is at least one recording.
        """
        cassette = self._session.cassette
        same = cassette.newest(self._cell) if self._cell else []
        entries = same or cassette.newest()
        near = differences.nearest(self._asked, ((e.request, e) for e in entries))
        assert near is not None
        return near


def _named(endpoint: str) -> str:
    return "another server" if "://" in endpoint else endpoint


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
