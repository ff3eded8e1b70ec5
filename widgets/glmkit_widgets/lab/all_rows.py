"""The prompt of a lab over its whole table: plan, price, and the run once confirmed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, NamedTuple

from glmkit.tables.execution import TableRun
from glmkit.tables.inputs import Inputs
from glmkit.tables.plan import Plan
from glmkit.tables.progress import spent_of
from glmkit.types.errors import ConfigError
from glmkit.types.replies import Where, where
from glmkit.types.translation import _
from glmkit_widgets.controls import copy_as_code

if TYPE_CHECKING:
    import pandas as pd

    from glmkit.client.clients import Client

#: Seconds from one look at a run to the next.
_LOOK_S = 0.25


class LabQuestion(NamedTuple):
    """What a lab asks: the template, the user's table and how it was read, options."""

    template: str
    source: Any
    inputs: Inputs
    options: Mapping[str, Any]
    client: Client

    def plan(self) -> Plan:
        """Return the plan of a verb over the whole table. Raises ConfigError."""
        import pandas as pd

        from glmkit.tables.accessor import TableVerbs

        frame = self.source
        if not isinstance(frame, pd.DataFrame):
            frame = pd.DataFrame(self.inputs.rows, columns=list(self.inputs.columns))
        options: dict[str, Any] = {**self.options, "client": self.client}
        planned: Plan = TableVerbs(frame).map(self.template, run=False, **options)
        return planned

    def code(self) -> str:
        """Return the same as Python code, over a frame called `df`."""
        return copy_as_code.verb(self.template, self.options)


class AllRows:
    """A verb over a whole table, planned and run on a thread of its own.

    `tell` gets what a page shows: `state` is "counting", "planned", "running" or
    "done"; "" again where there is nothing. `refuse` gets the error that ended it.
    `.frame` is the result of the last run, None before it.
    """

    def __init__(
        self,
        tell: Callable[[dict[str, Any]], None],
        refuse: Callable[[Exception], None],
        place: Where,
    ) -> None:
        self.frame: pd.DataFrame | None = None
        self.ended = Event()
        self.ended.set()
        self._tell = tell
        self._refuse = refuse
        self._place = place
        self._plan: Plan | None = None
        self._stop = Event()

    def count(self, question: LabQuestion) -> None:
        """Make a plan and show it; returns at once. ConfigError while a run goes on."""
        self._begin(lambda: self._count(question), "counting")

    def run(self) -> None:
        """Ask what the plan shows; returns at once. ConfigError without a plan."""
        plan = self._plan
        if plan is None:
            raise ConfigError(
                _("nothing is planned for all rows"),
                hint=_("See first what it costs: `Run on all rows`."),
            )
        self._begin(lambda: self._run(plan), "running")

    def stop(self) -> None:
        """Ask no more rows, or drop the plan; returns at once."""
        self._stop.set()
        if self.ended.is_set():
            self._plan = None
            self._tell({"state": ""})

    def _begin(self, work: Callable[[], None], state: str) -> None:
        if not self.ended.is_set():
            raise ConfigError(
                _("the run over all rows is not finished"),
                hint=_("Wait until it ends, or stop it."),
            )
        self.ended.clear()
        self._stop.clear()
        self._tell({"state": state})
        Thread(
            target=self._guarded, args=(work,), name="glmkit all rows", daemon=True
        ).start()

    def _guarded(self, work: Callable[[], None]) -> None:
        where.set(self._place)
        try:
            work()
        except Exception as exc:
            self._plan = None
            self._tell({"state": ""})
            self._refuse(exc)
        finally:
            self.ended.set()

    def _count(self, question: LabQuestion) -> None:
        planned = question.plan()
        lines = [list(line) for line in planned.lines()]
        if self._stop.is_set():
            self._tell({"state": ""})
            return
        self._plan = planned
        self._tell({"state": "planned", "lines": lines, "asked": planned.facts.asked})

    def _run(self, plan: Plan) -> None:
        self._plan = None
        self.frame, lines = plan.watched(self._watch)
        column = f"{plan.task.verb.targets[0].name}_status"
        counts = self.frame[column].astype(str).value_counts().items()
        states = ", ".join(f"{count:,} {status}" for status, count in counts)
        self._tell({"state": "done", "ended": " ".join([f"{states}.", *lines])})

    def _watch(self, run: TableRun, rows: int) -> None:
        run.start()
        while not run.wait(_LOOK_S):
            if self._stop.is_set():
                run.finish()
            self._tell(
                {
                    "state": "running",
                    "rows": rows,
                    "done": run.rows,
                    "spent": spent_of(run),
                    "stopping": self._stop.is_set(),
                }
            )
