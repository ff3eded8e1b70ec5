"""One row a call: opened, completed, read; from many threads, loops and processes."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest

from glmkit.config.endpoints import data_dir
from glmkit.ledger import Ledger
from glmkit.ledger.volumes import on_network
from glmkit.types.errors import ConfigError, LedgerError
from glmkit.types.events import Source, ToolCall, Usage
from glmkit.types.messages import Request, canonical_key
from glmkit.types.money import Money
from glmkit.types.options import COLUMNS
from glmkit.types.replies import Answer, Call, Where
from glmkit.types.requests import request_of

REQUEST = request_of("Why is the sky blue?", {"temperature": 0.3, "max_tokens": 50})


def pending(number: int = 0, **fields: Any) -> Call:
    values: dict[str, Any] = {
        "at": 1.7e9 + number,
        "where": Where("n.ipynb", "c1", str(number)),
        "endpoint": "local",
        "model": "glm-4-plus",
        "request": REQUEST,
    }
    return Call(**(values | fields))


def done(call: Call, **fields: Any) -> Call:
    usage = Usage(10, 20, 30, 4, None)
    answer = Answer("id-1", "glm4plus", text="Scattering.", usage=usage)
    values = {"state": "done", "answer": answer, "seconds": 1.5} | fields
    return msgspec.structs.replace(call, **values)


async def one_call(ledger: Ledger, number: int = 0) -> Call:
    call = done(await ledger.open(pending(number)))
    await ledger.close(call)
    return call


def dicts(ledger: Ledger, **query: Any) -> list[dict[str, Any]]:
    columns, found = ledger.read(**query)
    return [dict(zip(columns, row, strict=True)) for row in found]


def raw(path: Path, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    db = sqlite3.connect(path, isolation_level=None)
    try:
        return db.execute(sql, parameters).fetchall()
    finally:
        db.close()


def run_child(code: str, *arguments: object) -> str:
    """Run code in a process of its own, warnings being errors; return what it said."""
    command = [sys.executable, "-W", "error", "-c", code, *map(str, arguments)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


def test_pending_row_is_committed_before_open_returns(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.db")
    call = asyncio.run(ledger.open(pending()))
    rows = raw(ledger.path, "SELECT id, state, key, request FROM calls")
    ((row_id, state, key, request),) = rows
    assert (row_id, state) == (call.id, "pending")
    assert call.group == call.id
    assert key == canonical_key(REQUEST)
    assert msgspec.json.decode(request, type=Request) == REQUEST


def test_completed_row_holds_the_whole_call(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.db")
    answer = Answer(
        "id-1",
        "glm4plus",
        "req-1",
        "smol",
        "Scattering.",
        "Hm.",
        (ToolCall(0, "t1", "look", "{}"),),
        (Source("A title", "https://example.org"),),
        Usage(10, 20, 30, 4, 5),
        "stop",
    )

    async def work() -> None:
        call = await ledger.open(pending(group=7, stream=True))
        await ledger.close(
            done(
                call,
                answer=answer,
                source="stand-in",
                cost=Money(0, "CNY"),
                list_cost=Money(5 * 10**7, "CNY"),
                first_token_s=0.25,
                retries=2,
                status=429,
                error="RateLimitError",
                error_code="1302",
            )
        )

    asyncio.run(work())
    (row,) = dicts(ledger)
    assert row == {
        "id": 1,
        "group": 7,
        "at": 1.7e9,
        "notebook": "n.ipynb",
        "cell": "c1",
        "tag": "0",
        "session": "1",
        "endpoint": "local",
        "model": "glm-4-plus",
        "operation": "chat",
        "answered": "glm4plus",
        "source": "stand-in",
        "state": "done",
        "stream": 1,
        **dict.fromkeys(COLUMNS),
        "temperature": 0.3,
        "max_tokens": 50,
        "prompt_tokens": 10,
        "cached_tokens": 4,
        "completion_tokens": 20,
        "reasoning_tokens": 5,
        "total_tokens": 30,
        "cost": 0,
        "currency": "CNY",
        "cost_basis": "owed",
        "paid_by": "money",
        "reserved": None,
        "at_most": 0,
        "list_cost": 50_000_000,
        "list_currency": "CNY",
        "seconds": 1.5,
        "first_token_s": 0.25,
        "finish_reason": "stop",
        "error": "RateLimitError",
        "error_code": "1302",
        "status": 429,
        "retries": 2,
        "request_id": "req-1",
    }
    texts = raw(ledger.path, "SELECT text, thinking, tool_calls, sources FROM calls")
    assert texts[0][:2] == ("Scattering.", "Hm.")
    assert "look" in texts[0][2]
    assert "A title" in texts[0][3]


def test_closing_twice_changes_nothing(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.db")
    call = asyncio.run(one_call(ledger))
    before = ledger.read()
    asyncio.run(ledger.close(call))
    assert ledger.read() == before


def test_ledger_lies_in_the_data_folder_for_this_user_alone() -> None:
    ledger = Ledger()
    asyncio.run(one_call(ledger))
    assert ledger.path == data_dir() / "ledger.db"
    assert ledger.journal_mode == "wal"
    modes = {path.name: path.stat().st_mode & 0o777 for path in data_dir().iterdir()}
    assert set(modes.values()) == {0o600}
    assert "ledger.db-wal" in modes
    assert data_dir().stat().st_mode & 0o777 == 0o700


def test_all_ledgers_of_a_process_share_one_connection(tmp_path: Path) -> None:
    one, other = Ledger(tmp_path / "ledger.db"), Ledger(tmp_path / "ledger.db")
    asyncio.run(one_call(one))
    asyncio.run(one_call(other))
    assert len(raw(one.path, "SELECT id FROM owners")) == 1
    assert len(one.read().rows) == 2


def test_threads_and_loops_write_at_once(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.db")

    async def burst(first: int) -> None:
        await asyncio.gather(*(one_call(ledger, first + step) for step in range(25)))

    threads = [
        threading.Thread(target=lambda first=first: asyncio.run(burst(first)))
        for first in range(0, 200, 25)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = dicts(ledger)
    assert {row["tag"] for row in rows} == {str(number) for number in range(200)}
    assert {row["state"] for row in rows} == {"done"}


def test_several_new_processes_share_a_new_ledger(tmp_path: Path) -> None:
    code = """
import asyncio, sys
from pathlib import Path
from tests.ledger.test_store import one_call
from glmkit.ledger import Ledger
async def work():
    ledger = Ledger(Path(sys.argv[1]))
    for number in range(50):
        await one_call(ledger, int(sys.argv[2]) + number)
asyncio.run(work())
"""
    path = tmp_path / "new" / "ledger.db"
    children = [
        subprocess.Popen([sys.executable, "-W", "error", "-c", code, path, str(first)])
        for first in range(0, 200, 50)
    ]
    assert [child.wait() for child in children] == [0, 0, 0, 0]
    rows = dicts(Ledger(path))
    assert {row["tag"] for row in rows} == {str(number) for number in range(200)}
    assert {row["state"] for row in rows} == {"done"}


def test_both_sides_of_a_fork_keep_writing(tmp_path: Path) -> None:
    code = """
import asyncio, os, sys
from pathlib import Path
from tests.ledger.test_store import one_call
from glmkit.ledger import Ledger
ledger = Ledger(Path(sys.argv[1]))
asyncio.run(one_call(ledger, 0))
pid = os.fork()
async def work():
    for number in range(50):
        await one_call(ledger, number)
asyncio.run(work())
if pid:
    assert os.waitpid(pid, 0)[1] == 0
"""
    path = tmp_path / "ledger.db"
    run_child(code, path)
    assert raw(path, "PRAGMA integrity_check") == [("ok",)]
    counts = raw(path, "SELECT count(*) FROM calls GROUP BY owner ORDER BY 1")
    assert counts == [(50,), (51,)]


def test_process_ends_without_a_warning(tmp_path: Path) -> None:
    code = """
import asyncio, sys
from pathlib import Path
from tests.ledger.test_store import one_call
from glmkit.ledger import Ledger
ledger = Ledger(Path(sys.argv[1]))
asyncio.run(one_call(ledger))
ledger.read()
"""
    assert run_child(code, tmp_path / "ledger.db") == ""


def test_loop_goes_on_while_another_process_holds_the_ledger(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.db")
    asyncio.run(one_call(ledger))
    holder = sqlite3.connect(ledger.path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")

    async def work() -> Call:
        opening = asyncio.create_task(ledger.open(pending(1)))
        for _ in range(20):  # only a loop that goes on reaches the release
            await asyncio.sleep(0.005)
        assert not opening.done()
        holder.execute("ROLLBACK")
        return await opening

    assert asyncio.run(work()).id == 2
    holder.close()


def test_call_given_up_before_it_was_sent_leaves_no_row(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.db")
    asyncio.run(one_call(ledger))
    holder = sqlite3.connect(ledger.path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")

    async def work() -> None:
        opening = asyncio.create_task(ledger.open(pending(1)))
        while not any("asyncio" in thread.name for thread in threading.enumerate()):
            await asyncio.sleep(0.001)  # until a worker thread has taken it over
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        holder.execute("ROLLBACK")

    asyncio.run(work())  # waits for the worker thread as well
    holder.close()
    assert [row["tag"] for row in dicts(ledger)] == ["0"]


def test_open_row_of_a_living_process_stays_pending(tmp_path: Path) -> None:
    code = """
import asyncio, sys
from pathlib import Path
from tests.ledger.test_store import pending
from glmkit.ledger import Ledger
ledger = Ledger(Path(sys.argv[1]))
asyncio.run(ledger.open(pending()))
print("open", flush=True)
sys.stdin.read()
"""
    path = tmp_path / "ledger.db"
    command = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"open\n"
        assert [row["state"] for row in dicts(Ledger(path))] == ["pending"]
        child.kill()
    assert [row["state"] for row in dicts(Ledger(path))] == ["uncertain"]


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ("started = '1'", "uncertain"),  # the number went to a later process
        ("boot = 'before'", "uncertain"),
        ("machine = 'elsewhere', started = '1'", "pending"),  # nobody here can know
    ],
)
def test_owner_is_told_from_others_of_its_number(
    change: str, state: str, tmp_path: Path
) -> None:
    ledger = Ledger(tmp_path / "ledger.db")
    asyncio.run(ledger.open(pending()))
    ledger.disconnect()
    raw(ledger.path, f"UPDATE owners SET {change}")
    assert [row["state"] for row in dicts(ledger)] == [state]


def test_chores_keep_open_rows_findable_and_the_log_short(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    code = """
import asyncio, sys
from pathlib import Path
from tests.ledger.test_store import one_call, pending
from glmkit.ledger import Ledger
ledger = Ledger(Path(sys.argv[1]))
async def work():
    await ledger.open(pending(-1))
    for number in range(1200):
        await one_call(ledger, number)
    await ledger.open(pending(-2))
asyncio.run(work())
"""
    run_child(code, path)
    uncertain = dicts(Ledger(path), where={"state": "uncertain"})
    assert [row["tag"] for row in uncertain] == ["-1", "-2"]


@pytest.mark.parametrize(("open_calls", "done"), [(1, True), (20, False)])
def test_chores_wait_while_many_calls_are_under_way(
    open_calls: int, done: bool, tmp_path: Path
) -> None:
    ledger = Ledger(tmp_path / "ledger.db")

    async def work() -> None:
        for number in range(open_calls):
            await ledger.open(pending(-number))
        for number in range(600):
            await one_call(ledger, number)

    asyncio.run(work())
    for thread in threading.enumerate():
        if thread.name == "glmkit-ledger":
            thread.join()
    ((folded,),) = raw(ledger.path, "SELECT upto FROM folds")
    assert (folded > 0) is done


def test_sums_by_model_and_place_add_up(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.db")

    async def work() -> None:
        for number, model in enumerate(("glm-4-plus", "glm-4-plus", "mystery")):
            call = await ledger.open(pending(number, model=model))
            cost = None if model == "mystery" else Money(7, "CNY")
            await ledger.close(done(call, cost=cost))

    asyncio.run(work())
    plus, mystery = dicts(ledger, by=["model"])
    assert (plus["calls"], plus["cost_cny"], plus["unpriced"]) == (2, 14, 0)
    assert (mystery["calls"], mystery["cost_cny"], mystery["unpriced"]) == (1, None, 1)
    assert plus["cost_usd"] is None
    later = dicts(ledger, since=1.7e9 + 1, where={"model": ["glm-4-plus", "mystery"]})
    assert [row["tag"] for row in later] == ["1", "2"]


def test_unknown_column_is_refused_and_never_reaches_the_statement(
    tmp_path: Path,
) -> None:
    ledger = Ledger(tmp_path / "ledger.db")
    with pytest.raises(ConfigError) as caught:
        ledger.read(by=["modle"])
    assert "'model'" in caught.value.hint
    with pytest.raises(ConfigError):
        ledger.read(where={"1=1; --": "x"})


def test_row_of_a_replaced_file_is_not_taken_for_ours(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.db")
    call = asyncio.run(ledger.open(pending(1)))
    ledger.disconnect()
    ledger.path.unlink()
    asyncio.run(one_call(ledger, 2))
    with pytest.raises(LedgerError, match="no row 1 of this call"):
        asyncio.run(ledger.close(done(call)))
    assert [row["tag"] for row in dicts(ledger)] == ["2"]


@pytest.mark.parametrize(
    ("system", "network"),
    [("ext4", False), ("nfs4", True), ("cifs", True), ("fuse.sshfs", True)],
)
def test_network_file_system_is_known_by_its_mount(
    system: str, network: bool, tmp_path: Path
) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"root / ext4 rw 0 0\nserver:/x {tmp_path} {system} rw 0 0\n")
    assert on_network(tmp_path / "ledger.db", mounts) is network
    assert not on_network(Path(os.sep) / "elsewhere", mounts)
