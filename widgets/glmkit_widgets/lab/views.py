"""What the page and the picture of a prompt lab show of a grid and its results."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from glmkit.config.privacy import private
from glmkit.render.answer.badge import badge_of, partial_of
from glmkit.render.answer.live import rendering_of
from glmkit.render.page import folded, table, wrapped
from glmkit.tables.grid import Cell, CellResult, Forecast, Grid, State, spent as sums
from glmkit.tables.inputs import Inputs, slips, worded
from glmkit.types.errors import Interrupted
from glmkit.types.plain_text import escaped
from glmkit.types.translation import _
from glmkit_widgets.shared.answer_runner import wrong

#: Characters of an answer and of an input in a list; rows of the picture, and of the
#: inputs.
_TEXT, _INPUT, _ROWS, _FEW = 400, 120, 25, 4
_STATES: tuple[State, ...] = ("waiting", "running", "done", "failed", "stopped")


def short(text: str, most: int) -> str:
    """Return the beginning of a text on one line.

    >>> short("one\\ntwo", 5)
    'one …'
    """
    line = " ".join(text[: 2 * most].split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def inputs(table: Inputs) -> dict[str, Any]:
    """Return the number of the inputs, and the first ones."""
    rows = table.rows if table.columns else ()
    few = [[short(worded(value), _INPUT) for value in row] for row in rows[:_FEW]]
    return {"columns": list(table.columns), "rows": few, "count": len(rows)}


def begun(grid: Grid) -> dict[str, Any]:
    """Return the cells before any result."""
    lines = [
        short(" · ".join(map(worded, row)), _INPUT)
        if grid.inputs.columns
        else short(grid.template, _INPUT)
        for row in grid.inputs.rows
    ]
    return {
        "grid": {
            "inputs": lines,
            "models": list(grid.models),
            "temperatures": list(grid.temperatures),
        }
    }


def row(number: int, result: CellResult) -> dict[str, Any]:
    """Return a result as a list shows it."""
    found: dict[str, Any] = {"n": number, "state": result.state}
    if result.reason:
        found["text"] = short(result.reason, _TEXT)
    elif result.reply is not None:
        found["text"] = short(result.text, _TEXT)
    reply = result.reply
    if reply is not None and result.state != "running":
        usage, cost = reply.usage, result.cost
        found |= {
            "finish": reply.finish_reason if result.state == "done" else "",
            "tokens": usage.total_tokens if usage else None,
            "seconds": reply.seconds,
            "cost": None if cost is None else str(cost),
            "amount": None if cost is None else float(cost.amount),
        }
    return found


def counts(results: Sequence[CellResult]) -> dict[str, int]:
    """Return the number of cells, in all and by state."""
    states = [result.state for result in results]
    return {"cells": len(states), **{name: states.count(name) for name in _STATES}}


def spent(results: Sequence[CellResult]) -> str:
    """Return the cost so far, and for how many answers it is unknown."""
    known = " + ".join(map(str, sums(iter(results)).values()))
    asked = [r for r in results if r.reply is not None and r.state != "running"]
    unknown = sum(result.cost is None for result in asked)
    if not unknown:
        return known
    if not known:
        return _("cost unknown")
    return _("{cost} and {count:,} of unknown cost", cost=known, count=unknown)


def duration(seconds: float) -> str:
    """Return a remaining time, roughly.

    >>> duration(8), duration(95), duration(7200)
    ('about 8 s left', 'about 2 min left', 'about 2 h left')
    """
    if seconds < 90:
        return f"about {max(1, round(seconds))} s left"
    if seconds < 5400:
        return f"about {round(seconds / 60)} min left"
    return f"about {round(seconds / 3600)} h left"


def left(counts: dict[str, int], before: int, began: float) -> str:
    """Return the remaining time of a run, "" while nothing of it has ended.

    `before` cells had ended when it began, at this monotonic time.
    """
    going = counts["waiting"] + counts["running"]
    ended = counts["cells"] - going - before
    return duration((time.monotonic() - began) / ended * going) if ended > 0 else ""


def plan(grid: Grid, found: Forecast, default: str) -> dict[str, Any]:
    """Return the estimate of a run, in counts and words."""
    columns = grid.inputs.columns
    mark = "about " if found.about else ""
    return {
        "cells": len(grid),
        "tokens": f"{mark}{found.tokens:,} tokens in",
        "cost": found.cost,
        "default": default,
        "columns": len(columns),
        "notes": [note[:200] for note in slips(grid.template, columns)],
    }


def whole(grid: Grid, number: int, result: CellResult) -> str:
    """Return a whole cell as safe HTML: its input, its prompt, its answer."""
    cell = grid[number]
    values = zip(grid.inputs.columns, grid.inputs.rows[cell.input], strict=True)
    rows = [[name, worded(value)] for name, value in values]
    held = table(("input", "value"), rows) if rows else ""
    prompt = folded("Prompt", wrapped(grid.prompt(cell.input)))
    return f"{held}{prompt}{_answer(result)}"


def _answer(result: CellResult) -> str:
    fault = wrong(result.error) if result.error else ""
    if result.reply is None:
        state = "" if fault else f"<p>{escaped(_state(result.state))}</p>"
        return fault + state
    ended = Interrupted() if result.state == "stopped" else result.error
    badge = badge_of(result.reply)
    return (
        rendering_of(result.reply).inside(badge, partial_of(result.reply, ended))
        + fault
    )


def _state(state: State) -> str:
    match state:
        case "running":
            return _("Waiting for the answer.")
        case "stopped":
            return _("Stopped.")
        case _:
            return _("Not asked yet.")


def picture(grid: Grid, results: Sequence[CellResult]) -> tuple[str, str]:
    """Return the last state as safe HTML and as plain text.

    With GLMKIT_PRIVACY only the counts are shown.
    """
    held = results or [CellResult()] * len(grid)
    known = counts(held)
    summary = ", ".join(
        f"{known[name]:,} {name}" for name in _STATES if known[name] or name == "done"
    )
    size = f"{known['cells']:,} cell" + ("s" if known["cells"] != 1 else "")
    head = f"{size}: {summary}; {spent(held) or 'no cost'}"
    if private():
        note = _("GLMKIT_PRIVACY keeps prompts and answers out of the notebook.")
        return f"<p>{escaped(head)}</p><p>{note}</p>", f"{head}\n{note}"
    lines = [_line(grid, number, held[number]) for number in _first(held)]
    names = ("input", "model", "temperature", "answer")
    below = len(held) - len(lines)
    more = f"({below:,} more)" if below else ""
    html = f"<p>{escaped(head)}</p>{table(names, lines)}<p>{escaped(more)}</p>"
    template = short(grid.template, _TEXT)
    plain = [template, head, *(" | ".join(line) for line in lines), more]
    return f"<p>{escaped(template)}</p>{html}", "\n".join(filter(None, plain))


def _first(held: Sequence[CellResult]) -> range:
    return range(min(len(held), _ROWS))


def _line(grid: Grid, number: int, result: CellResult) -> list[str]:
    cell: Cell = grid[number]
    values = " · ".join(map(worded, grid.inputs.rows[cell.input]))
    warm = "default" if cell.temperature is None else f"{cell.temperature:g}"
    text = result.reason or result.text or _state(result.state)
    return [short(values, _INPUT), cell.model or "default", warm, short(text, _TEXT)]
