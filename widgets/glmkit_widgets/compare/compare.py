"""Compare: two to six models answer one prompt side by side, and the user votes."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from string import ascii_uppercase
from typing import TYPE_CHECKING, Any

import msgspec
import traitlets

from glmkit.ledger import Ledger
from glmkit.ledger.default import ledger as own_ledger
from glmkit.ledger.votes import Ballot, Vote as Cast
from glmkit.types.errors import ConfigError
from glmkit.types.translation import _
from glmkit_widgets.columns.columns import Column, Columns, Settings
from glmkit_widgets.columns.results import AnswerResult, Vote
from glmkit_widgets.compare.differences import changes
from glmkit_widgets.controls.model_list import choices
from glmkit_widgets.shared.answer_runner import AnswerRun
from glmkit_widgets.shared.arguments import names_of
from glmkit_widgets.shared.assets import module, style
from glmkit_widgets.shared.throttled_worker import ThrottledWorker

if TYPE_CHECKING:
    import pandas as pd

    from glmkit.client.clients import Client

#: Free ones, so that nobody is billed for a first try.
_MODELS = ("glm-4-flash-250414", "glm-4.7-flash")
_FEWEST, _MOST = 2, 6
_TIE = "tie"


class Compare(Columns):
    """Show the answers of two to six models to one prompt, side by side.

    The first display asks them all at once; `.run()` asks again, `.wait()` waits, and
    `.stop()` stops. `client` None is the process's own; `settings` has an `options()`
    for what is not set here; `options` are those of `Client.chat`. `blind` hides the
    names, and shuffles the order, until the user has voted. `.value` is a tuple of
    `AnswerResult`, `.to_frame()` the same as a DataFrame; `Compare.votes()` lists the
    votes in this machine's ledger. Raises ConfigError.

    >>> compare = Compare("Why is the sky blue?", ["glm-4-plus", "glm-4-air"])
    >>> compare.models
    ['glm-4-plus', 'glm-4-air']
    >>> compare.close()
    """

    _esm = module("shared/dom", "shared/live", "columns/columns", "compare/compare")
    _css = style("shared/live", "shared/ground", "columns/columns", "compare/compare")

    models: traitlets.List[Any] = traitlets.List(traitlets.Unicode()).tag(sync=True)
    known: traitlets.List[Any] = traitlets.List(read_only=True).tag(sync=True)
    blind = traitlets.Bool(False).tag(sync=True)
    #: The key of the column that was voted best, "tie", or "" before a vote.
    voted = traitlets.Unicode("", read_only=True).tag(sync=True)
    #: The key of the column that the others are compared with, "" for none.
    reference = traitlets.Unicode("", read_only=True).tag(sync=True)

    def __init__(
        self,
        prompt: str = "",
        models: Sequence[str] = _MODELS,
        client: Client | None = None,
        settings: Settings | None = None,
        *,
        blind: bool = False,
        layout: Any = None,
        **options: Any,
    ) -> None:
        self._hides = False
        self._vote: int | None = None
        self._changes: dict[str, str] = {}
        self._marking = ThrottledWorker(self._mark)
        shown = {} if layout is None else {"layout": layout}
        super().__init__(
            prompt,
            client,
            settings,
            options,
            models=names_of(models),
            blind=blind,
            **shown,
        )
        self.set_trait("known", [entry["id"] for entry in choices()])
        self.observe(self._edited, ["models", "blind"])

    def vote(self, best: int | None) -> None:
        """Vote for the best answer, by its place in `.value`; None: a tie.

        The ledger keeps it; a later vote on the same answers replaces it. Raises
        ConfigError before all answers have ended, and LedgerError.
        """
        with self._lock:
            voters = self._voters()
            if best is not None and str(best) not in voters:
                raise ConfigError(
                    _("there is no answer {number} to vote for", number=best),
                    hint=_(
                        "Answers with a text: {numbers}.", numbers=", ".join(voters)
                    ),
                )
            key = _TIE if best is None else str(best)
            lots = {other: _lot(other, key) for other in voters}
            self._results |= {
                other: msgspec.structs.replace(self._results[other], vote=lot)
                for other, lot in lots.items()
            }
            self._vote = own_ledger().vote(self._cast(lots), self._vote)
            self.set_trait("voted", key)
            self._tell()
            self._still.update(now=True)

    @staticmethod
    def votes(ledger: Ledger | None = None) -> pd.DataFrame:
        """Return the votes of a ledger, one row per answer; None: the user's own.

        Rows of one `vote` belong together; `outcome` is "best", "other" or "tie".
        """
        from glmkit.ledger.views import frames

        frame = frames.table(*(ledger or own_ledger()).votes())
        return frame.astype({"vote": "int64", "call": "int64", "blind": "bool"})

    def _leave(self) -> None:
        self._marking.close()
        super()._leave()

    @traitlets.validate("models")
    def _two_to_six(self, proposal: Any) -> list[str]:
        models = [name.strip() for name in proposal["value"] if name.strip()]
        if not _FEWEST <= len(models) <= _MOST:
            raise ConfigError(
                _(
                    "a comparison takes {least} to {most} models, not {count}",
                    least=_FEWEST,
                    most=_MOST,
                    count=len(models),
                ),
                hint=_("Change the list of models."),
            )
        return models

    def _edited(self, change: Any) -> None:
        """Follow the models until a run; names can be shown at any time."""
        with self._lock:
            if not self._under_way and not self._results:
                self._replan()
            elif change["name"] == "blind" and not change["new"]:
                self._hides = False
                self._show()

    def _plan(self) -> list[Column]:
        self._hides = self.blind
        models = list(self.models)
        if self.blind:
            random.shuffle(models)
        options = self._chosen()
        return [
            Column(
                key=str(place),
                group=str(place),
                title=model,
                options={**options, "model": model},
            )
            for place, model in enumerate(models)
        ]

    def run(self) -> None:
        """Ask all models at once; returns while they answer. Raises ConfigError."""
        with self._lock:
            super().run()
            self._vote = None
            self._changes.clear()
            self.set_trait("voted", "")
            if int(self.reference or 0) >= len(self._columns):
                self.set_trait("reference", "")

    def _title(self, column: Column) -> str:
        hidden = self._hides and not self.voted
        letter = ascii_uppercase[int(column.key)]
        return _("Answer {letter}", letter=letter) if hidden else column.title

    def _facts(self, key: str) -> list[tuple[str, str]]:
        # Price and speed would give the model away.
        return [] if self._hides and not self.voted else super()._facts(key)

    def _row(self, column: Column) -> dict[str, Any]:
        changes = self._changes.get(column.key, "")
        return {
            **super()._row(column),
            "changes": changes,
            "votes": not self._under_way and self._spoke(column.key),
        }

    def _spoke(self, key: str) -> bool:
        result = self._results.get(key)
        return result is not None and bool(result.text)

    def _voters(self) -> list[str]:
        """Return the keys of the answers that can get a vote."""
        voters = [c.key for c in self._columns if self._spoke(c.key)]
        if self._under_way or len(voters) < _FEWEST:
            raise ConfigError(
                _("a vote takes two answers"),
                hint=_("Run the comparison, and wait until the answers have ended."),
            )
        return voters

    def _cast(self, lots: dict[str, Vote]) -> Cast:
        ballots = [
            Ballot(self._results[key].call, self._results[key].model, lot)
            for key, lot in lots.items()
            if lot
        ]
        blind = self._hides and not self.voted
        return Cast(time.time(), self._place, blind, ballots)

    def _end(self, column: Column, run: AnswerRun) -> None:
        super()._end(column, run)
        if self.reference:
            self._marking.ask()

    def _against(self, key: str) -> None:
        """Mark the differences from one answer; "" shows all answers as they are."""
        self.set_trait("reference", key)
        self._changes.clear()
        self._show()
        if key:
            self._marking.ask()

    def _mark(self) -> None:
        """Mark the differences, on a thread of its own, as it may take a second."""
        with self._lock:
            found, reference = dict(self._results), self.reference
        base = found.pop(reference, None)
        for key, result in found.items():
            if base is not None and base.text and result.text:
                self._put(reference, base, key, result)

    def _put(
        self, reference: str, base: AnswerResult, key: str, result: AnswerResult
    ) -> None:
        marked = changes(base.text, result.text)
        with self._lock:
            now = self._results.get(reference), self._results.get(key)
            stale = reference != self.reference or any(
                new is None or new.text != old.text
                for new, old in zip(now, (base, result), strict=True)
            )
            if not stale and not self._closed:
                self.feed(f"changes {key}").end(_framed(marked.html))
                self._changes[key] = marked.summary
                self._show()

    def _do(self, name: str, content: dict[str, Any]) -> None:
        match name, content:
            case "run", {"models": list(models), "blind": bool(blind)}:
                self.models, self.blind = models, blind
                super()._do(name, content)
            case "vote", {"best": str(best)}:
                self.vote(None if best == _TIE else int(best))
            case "against", {"key": str(key)}:
                self._against(key)
            case _:
                super()._do(name, content)


def _lot(key: str, best: str) -> Vote:
    if best == _TIE:
        return "tie"
    return "best" if key == best else "other"


def _framed(marked: str) -> str:
    return f'<div class="glmkit-body glmkit-plain glmkit-changes">{marked}</div>'
