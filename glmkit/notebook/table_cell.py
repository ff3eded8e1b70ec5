"""Runs `%%glm --each df`: the cell is the template of every row of a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from glmkit.notebook import schemas, surfaces
from glmkit.notebook.dataframe_verbs import html_of
from glmkit.types.errors import ConfigError
from glmkit.types.plain_text import plain
from glmkit.types.translation import _

if TYPE_CHECKING:
    import pandas as pd

    from glmkit.notebook.question import Question
    from glmkit.notebook.session import Session
    from glmkit.tables.plan import Plan

#: Rows that are asked before `--all`.
FIRST = 20


def ask(
    session: Session, question: Question, names: Mapping[str, Any]
) -> pd.DataFrame | None:
    """Ask the first rows, or all of them, and return the frame; also as `-o NAME`.

    A dry run shows the plan and returns None. Rows that were answered before are kept,
    so that `--all` after the first rows asks only the rest.
    """
    plan = _plan(session, question, names)
    if question.dry_run:
        surfaces.show_text(repr(plan), html_of(plan))
        return None
    if not question.all and question.out == question.each:
        raise ConfigError(
            _("-o {name} would replace the table by its first rows", name=question.out),
            hint=_("Use another name, or ask all rows with --all."),
        )
    with session.here(question.tag):
        frame = plan.run() if question.all else plan.sample(FIRST)
    if question.out is not None:
        session.shell.user_ns[question.out] = frame
    if not question.all and plan.rows > len(frame):
        surfaces.show_text(_rest(plan, len(frame)))
    return None if question.quiet else frame


def _plan(session: Session, question: Question, names: Mapping[str, Any]) -> Plan:
    from glmkit.tables.accessor import TableVerbs

    verbs = TableVerbs(_table(question.each or "", names))
    options: dict[str, Any] = {
        **question.options,
        "client": session.client(),
        "fresh": question.fresh,
        "run": False,
    }
    if question.to is not None:
        options["to"] = question.to
    plan: Plan
    if question.labels is not None and question.schema is not None:
        raise ConfigError(
            _("--labels and --schema ask for two kinds of answer"),
            hint=_("Leave one of them out."),
        )
    if question.labels is not None:
        labels = [label.strip() for label in question.labels.split(",")]
        plan = verbs.classify(question.prompt, labels=labels, **options)
    elif question.schema is not None:
        schema = schemas.schema(question.schema, names)
        plan = verbs.extract(question.prompt, schema=schema, **options)
    else:
        plan = verbs.map(question.prompt, **options)
    return plan


def _table(name: str, names: Mapping[str, Any]) -> Any:
    """Return the DataFrame or Series of that name. Raises ConfigError."""
    if name not in names:
        raise ConfigError(
            _("there is no {name!r} in this notebook", name=name),
            hint=_("--each takes the name of a DataFrame or Series."),
        )
    table = names[name]
    if not hasattr(table, "iloc"):
        raise ConfigError(
            _("{name} is of type {kind}", name=name, kind=type(table).__name__),
            hint=_("--each takes the name of a DataFrame or Series."),
        )
    return table


def _rest(plan: Plan, asked: int) -> str:
    """Return what the other rows would take."""
    cost = next(what for name, what in plan.lines() if name == "cost")
    said = _(
        "{asked:,} of {rows:,} rows. The rest: {n:,} prompts, {cost}. --all asks them.",
        asked=asked,
        rows=plan.rows,
        n=plan.asked,
        cost=cost,
    )
    return plain(said)
