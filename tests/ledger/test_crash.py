"""Nothing that was made sure of is lost when a process is killed."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from glmkit.ledger import Ledger
from tests.support.crash_writer import HELD

WRITER = Path(__file__).parents[1] / "support/crash_writer.py"
ROUNDS = 25


def kill_amid_calls(path: Path, lines: int, *arms: str) -> tuple[set[str], set[str]]:
    """Run the writer, kill it after so many lines; return what it opened and ended."""
    command = [sys.executable, str(WRITER), str(path), *arms]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        said = [child.stdout.readline().split() for _ in range(lines)]
        child.kill()
        said += [line.split() for line in child.stdout if line.endswith("\n")]
    opened = {number for word, number in said if word == "open"}
    return opened, {number for word, number in said if word == "done"}


def faults(path: Path, opened: set[str], done: set[str]) -> list[str]:
    """Return what the ledger has lost or invented."""
    table = Ledger(path).read()
    tag, state = table.columns.index("tag"), table.columns.index("state")
    tags = [row[tag] for row in table.rows]
    states = {row[tag]: row[state] for row in table.rows}
    found = [f"{number} lost" for number in opened | done if number not in states]
    found += [f"{number} not done" for number in done if states.get(number) != "done"]
    found += [f"{n} {s}" for n, s in states.items() if s not in {"done", "uncertain"}]
    if len(tags) != len(states):
        found.append("a call is there twice")
    db = sqlite3.connect(path)
    if db.execute("PRAGMA integrity_check").fetchone() != ("ok",):
        found.append("not intact")
    db.close()
    return found


def rounds(folder: Path, *arms: str) -> tuple[list[str], int]:
    """Return all faults, and the number of calls that were cut."""
    chance = random.Random(8)
    found: list[str] = []
    cut = 0
    for number in range(ROUNDS):
        path = folder / f"{number}.db"
        opened, done = kill_amid_calls(path, chance.randint(1, 400), *arms)
        found += faults(path, opened, done)
        cut += len(opened - done)
    return found, cut


@pytest.mark.slow
def test_killed_process_loses_no_call(tmp_path: Path) -> None:
    found, cut = rounds(tmp_path)
    assert found == []
    assert cut > 0


#: The lines of calls that end, and of the eight that are held.
LINES = 2 * HELD + 8


def test_killed_process_leaves_uncertain_rows(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    opened, done = kill_amid_calls(path, LINES, "hold")
    assert len(opened - done) == 8
    assert faults(path, opened, done) == []
    assert faults(path, opened | {"-1"}, done) == ["-1 lost"]
    uncertain = Ledger(path).read(where={"state": "uncertain"})
    assert len(uncertain.rows) == 8


def test_rows_written_late_are_lost_as_this_test_can_see(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    opened, done = kill_amid_calls(path, LINES, "late", "hold")
    found = faults(path, opened, done)
    assert len([fault for fault in found if fault.endswith("lost")]) == 8
