"""A killed client: the server's own count says what the ledger has to know."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from glmkit.ledger import Ledger
from tests.conftest import Paced
from tests.ledger.test_store import dicts, raw

ROUNDS = 250


def kill_client(
    server: Paced, data: Path, replies: int, *arms: str, in_flight: int = 0
) -> set[str]:
    """Kill a client once it had so many replies; return the tags of all it had.

    It is killed with at least so many calls `in_flight`.
    """
    command = [sys.executable, "-m", "tests.support.crash_client", server.url, *arms]
    environment = {**os.environ, "GLMKIT_DATA_DIR": str(data)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=environment
    ) as child:
        assert child.stdout is not None
        had = [child.stdout.readline().strip() for _ in range(replies)]
        server.until(lambda seen: seen["active"] >= in_flight)
        child.kill()
        had += [line.strip() for line in child.stdout if line.endswith("\n")]
    return {tag for tag in had if tag}


def faults(server: Paced, ledger: Ledger, had: set[str]) -> list[str]:
    """Return what the ledger has lost, invented or counted twice."""
    asked = server.until(lambda seen: not seen["active"])["requests"]
    rows = dicts(ledger)
    states = {row["tag"]: row["state"] for row in rows}
    found = [f"{tag} lost" for tag in had if states.get(tag) != "done"]
    found += [
        f"{tag} {state}"
        for tag, state in states.items()
        if state not in {"done", "uncertain"}
    ]
    if len(states) != len(rows):
        found.append("a call is there twice")
    if asked > len(rows):
        found.append(f"{asked - len(rows)} requests that the ledger knows nothing of")
    sums = dicts(ledger, by=["model"])
    if sum(row["calls"] for row in sums) != len(rows):
        found.append("the sums count other calls than the rows")
    if raw(ledger.path, "PRAGMA integrity_check") != [("ok",)]:
        found.append("not intact")
    return found


def rounds(
    count: int,
    paced: Callable[..., Paced],
    folder: Path,
) -> tuple[list[str], int]:
    """Return all faults, and how many calls were cut."""
    chance = random.Random(12)
    found: list[str] = []
    cut = 0
    for number in range(count):
        server = paced(tokens=4, wait_s=chance.choice((0, 0.002, 0.02)))
        data = folder / str(number)
        had = kill_client(server, data, chance.randint(1, 60))
        ledger = Ledger(data / "ledger.db")
        found += faults(server, ledger, had)
        cut += len(dicts(ledger, where={"state": "uncertain"}))
        ledger.disconnect()
    return found, cut


def test_killed_client_leaves_a_ledger_that_knows_every_call(
    paced: Callable[..., Paced], tmp_path: Path
) -> None:
    found, _ = rounds(3, paced, tmp_path)
    assert found == []


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_no_kill_of_250_loses_a_call(
    paced: Callable[..., Paced], tmp_path: Path
) -> None:
    found, cut = rounds(ROUNDS, paced, tmp_path)
    assert found == []
    assert cut > 0


@pytest.mark.parametrize("arm", ["", "late"])
def test_client_without_a_journal_loses_calls_as_this_test_can_see(
    paced: Callable[..., Paced], tmp_path: Path, arm: str
) -> None:
    """It is killed while eight calls wait for their answers."""
    server = paced(gate=0)
    kill_client(server, tmp_path, 0, *filter(None, [arm]), in_flight=8)
    ledger = Ledger(tmp_path / "ledger.db")
    found = faults(server, ledger, set())
    if arm:
        assert "8 requests that the ledger knows nothing of" in found
    else:
        assert found == []
        assert len(dicts(ledger, where={"state": "uncertain"})) == 8
    ledger.disconnect()
