"""Follows a run in the foreground: a bar, Ctrl-C, and a summary at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from glmkit.client.progress_bar import progress_bar, say_after
from glmkit.config.endpoints import state_dir
from glmkit.ledger.default import ledger
from glmkit.tables.execution import TableRun, kept_line, replayed_line
from glmkit.transport.limiter import Places
from glmkit.types.errors import ConfigError, GLMError, Interrupted
from glmkit.types.money import Money
from glmkit.types.translation import _

#: Seconds from one look at a run to the next.
_LOOK_S = 0.1
#: Seconds between two pictures of the bar: a log gets a line for each.
_DRAWN_S = 0.5


#: Starts a run over so many rows, shows how it goes on, and returns at its end.
Watch = Callable[[TableRun, int], None]


def follow(
    run: TableRun,
    rows: int,
    digest: str,
    budget: Money | None,
    watch: Watch | None = None,
) -> list[str]:
    """Run to the end, and return the lines to show after it.

    `digest` is that of the rows: the same question over other rows is another run,
    unless both have a `budget`, which holds for all rows of a question together.

    What ended the run before its time is raised where no row was answered; otherwise
    it is one of the lines, and the frame holds what is there. `watch` None shows a
    progress bar: the first Ctrl-C lets the rows in flight end and asks no more; the
    second gives them up and raises Interrupted.
    """
    with _alone(run.task.run if budget else f"{run.task.run}-{digest[:16]}"):
        if budget is not None:
            ledger().set_budget("run", run.task.run, budget)
        try:
            (watch or _with_bar)(run, rows)
        finally:
            if budget is not None:
                ledger().set_budget("run", run.task.run, None)
    if run.error is not None and not any(one.values for one in run.outcomes):
        raise run.error
    return _said(run)


def show(lines: list[str]) -> None:
    """Print what there is to say after a run, beside its bar."""
    say_after(*lines)


_running: set[str] = set()


@contextmanager
def _alone(run: str) -> Iterator[None]:
    """Hold a run for this kernel; ConfigError where it runs already."""
    places = Places(state_dir() / "runs" / run)
    if run in _running or (places.take(1) is None and not places.fault):
        raise ConfigError(
            _("the same run is under way already, here or in another kernel"),
            hint=_("Wait for its end: a second run would ask nothing new."),
        )
    _running.add(run)
    try:
        yield
    finally:
        _running.discard(run)
        places.close()


def _with_bar(run: TableRun, rows: int) -> None:
    how = {"desc": run.task.verb.name, "unit": "row", "mininterval": _DRAWN_S}
    with progress_bar(total=rows, leave=False, **how) as bar:
        run.start()
        try:
            _until_the_end(run, bar)
        except KeyboardInterrupt:
            run.finish()
            try:
                bar.set_description(_("ending; Ctrl-C again gives up"))
                _until_the_end(run, bar)
            except KeyboardInterrupt:
                _give_up(run)
                raise Interrupted from None


def _until_the_end(run: TableRun, bar: Any) -> None:
    while not run.wait(_LOOK_S):
        _show(bar, run)
    _show(bar, run)


def _show(bar: Any, run: TableRun) -> None:
    bar.set_postfix_str(spent_of(run), refresh=False)
    bar.update(run.rows - bar.n)


def _give_up(run: TableRun) -> None:
    run.stop()
    while not run.wait(_LOOK_S):
        pass


def spent_of(run: TableRun) -> str:
    """Return what a run has cost so far."""
    amounts = [str(Money(parts, unit)) for unit, parts in run.spent.items()]
    if run.unpriced:
        amounts.append(_("{n:,} of unknown cost", n=run.unpriced))
    return ", ".join(amounts)


def _said(run: TableRun) -> list[str]:
    """Return the lines that follow a run: nothing where there is nothing to say."""
    states = [one.status for one in run.outcomes]
    lines = [kept_line(run.outcomes), replayed_line(run.outcomes)]
    if lost := states.count("uncertain"):
        lines.append(
            _("{n:,} rows may have been billed; retry='uncertain' asks them", n=lost)
            + _worth(run)
        )
    if run.error is not None:
        hint = run.error.hint if isinstance(run.error, GLMError) else ""
        lines.append(
            _("The run ended early: {error} {hint}", error=run.error, hint=hint)
        )
    return [line for line in lines if line]


def _worth(run: TableRun) -> str:
    """Return what the answered prompts have cost on average, as an expectation."""
    asked = sum(one.status == "done" for one in run.outcomes)
    lost = sum(one.status == "uncertain" for one in run.outcomes)
    if not asked or len(run.spent) != 1:
        return "."
    ((unit, parts),) = run.spent.items()
    return _(" (about {cost}).", cost=Money(parts // asked * lost, unit))
