"""The cassette's file: lines, keys, damage, several writers, pruning."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies as st

from glmkit.client.replay import RANKS, Cassette, Recording, key_of, lines
from glmkit.types.errors import ReplayError
from glmkit.types.events import (
    Finish,
    Search as Found,
    Source,
    Start,
    Text,
    Thinking,
    ToolCall,
    Usage,
)
from glmkit.types.messages import Request, canonical_key
from glmkit.types.replies import Call
from glmkit.types.requests import request_of
from tests.conftest import ROOT

EVENTS = st.one_of(
    st.builds(Text, st.text()),
    st.builds(Thinking, st.text()),
    st.builds(Start, st.text(), st.text()),
    st.builds(ToolCall, st.integers(0, 9), st.text(), st.text(), st.text()),
    st.builds(Found, st.tuples(st.builds(Source, st.text(), st.text()))),
    st.builds(Usage, st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)),
)


def call(prompt: str = "Hi", **options: Any) -> Call:
    return Call(at=0, endpoint="local", model="m", request=request_of(prompt, options))


def recording(prompt: str = "Hi", said: str = "Ho", **more: Any) -> Recording:
    fields: dict[str, Any] = {"cell": "In[1]", "repeat": 0, "model": "m"}
    fields |= {"endpoint": "zai", "at": "2026-01-01"}
    return Recording(
        request=msgspec.Raw(lines.asked(call(prompt))),
        events=(Start("id", "m"), said, Finish("stop")),
        **{**fields, **more},
    )


def texts(path: Path) -> list[str]:
    """Return the answers of a file, as another process would read them."""
    return [
        "".join(piece for piece in line.recording().events if isinstance(piece, str))
        for line in Cassette(path).newest()
    ]


def left_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"home"}


@given(st.lists(EVENTS))
def test_what_is_read_is_what_was_written(events: list[Any]) -> None:
    written = recording()
    written = msgspec.structs.replace(
        written, events=lines.pieces([*events, Finish("stop")])
    )
    read = lines.decode(lines.encode(written))
    assert [e for batch in read.batches() for e in batch] == [*events, Finish("stop")]
    assert read.key == written.key


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"temperature": 1, "model": "glm-4-plus", "system": "Be brief."},
        {"web_search": True, "thinking": "on", "stop": ["a", "b"]},
        {"extra_body": {"b": [1, 2.5, None], "a": {"z": True}}},
    ],
)
def test_key_is_that_of_the_request_as_it_was_made(options: dict[str, Any]) -> None:
    made = call("Why?", **options)
    assert key_of(made) == canonical_key(made.request)
    elsewhere = msgspec.structs.replace(
        made, endpoint="zai", model="glm-5", stream=True
    )
    assert key_of(elsewhere) == key_of(made)
    named = request_of(
        "Why?", {**options, "request_id": "a1b2c3", "user_id": "someone"}
    )
    assert key_of(msgspec.structs.replace(made, request=named)) == key_of(made)


def test_every_field_of_a_request_changes_its_key() -> None:
    plain = key_of(call())
    others = [
        call("Ho"),
        call(system="Be brief."),
        call(model="glm-4"),
        call(temperature=0.5),
        call(max_tokens=9),
        call(thinking="off"),
        call(web_search=True),
        msgspec.structs.replace(call(), operation="images"),
    ]
    assert len({plain, *map(key_of, others)}) == len(others) + 1


def test_no_secret_and_no_bulk_stands_in_a_line() -> None:
    key = "0123456789abcdef0123456789abcdef.ABCDEFGHabcdefgh"
    server = {"headers": {"X-Any": "tell-nobody"}, "server_url": "https://x.example"}
    made = call(
        f"My key is {key}.",
        tools=[{"type": "mcp", "mcp": server}],
        extra_body={"authorization": "Bearer 1234", "big": "QUJD" * 1000},
    )
    line = lines.asked(made).decode()
    for secret in (key, "tell-nobody", "Bearer 1234", "QUJDQUJD"):
        assert secret not in line
    assert "sha256:" in line
    assert "x.example" in line


def test_line_is_readable_and_its_order_stable(tmp_path: Path) -> None:
    path = tmp_path / "a.glm.jsonl"
    Cassette(path).add(recording("Why is the sky blue?", "Because 天"))
    header, line = path.read_text("utf-8").splitlines()
    assert header == '{"format":"glmkit cassette","version":1}'
    assert line.startswith(
        '{"cell":"In[1]","repeat":0,"request":{"messages":[{"content":"Why is the sky '
        'blue?","role":"user"}]},"events":[{"event":"Start","id":"id","model":"m",'
    )
    assert '"Because 天",{"event":"Finish","reason":"stop"}],"model":"m",' in line


def test_newest_take_of_the_same_cell_answers_else_that_of_any(tmp_path: Path) -> None:
    cassette = Cassette(tmp_path / "a.glm.jsonl")
    cassette.add(recording(said="first"))
    cassette.add(recording(said="second"))
    cassette.add(recording(said="elsewhere", cell="In[9]"))
    key = recording().key

    def said(repeat: int, cell: str) -> Any:
        entry = cassette.find(key, repeat, cell)
        return entry and entry.recording().events[1]

    assert said(0, "In[1]") == "second"
    assert said(0, "In[9]") == "elsewhere"
    assert said(0, "In[5]") == "elsewhere"
    assert said(1, "In[1]") is None


def test_another_process_is_seen_at_the_next_look(tmp_path: Path) -> None:
    path = tmp_path / "a.glm.jsonl"
    mine, other = Cassette(path), Cassette(path)
    mine.add(recording("a", "one"))
    other.add(recording("b", "two"))
    mine.add(recording("c", "three"))
    assert len(mine) == len(other) == 3
    path.unlink()
    assert len(mine) == 0
    mine.add(recording("d", "four"))
    assert texts(path) == ["four"]


def flipped(data: bytes) -> bytes:
    place = data.rindex(b"Ho")
    return data[:place] + b"No" + data[place + 2 :]


DAMAGE: dict[str, tuple[Callable[[bytes], bytes], int, str]] = {
    "changed text": (flipped, 2, "hash does not fit"),
    "half a line": (lambda data: data[:-20], 2, "no end"),
    "no line end": (lambda data: data[:-1], 2, "no end"),
    "other version": (lambda d: d.replace(b'n":1', b'n":2', 1), 1, "format 2"),
    "no header": (lambda data: data.split(b"\n", 1)[1], 1, "begins with"),
    "other file": (lambda data: b"\x89PNG\r\n" + data, 1, "begins with"),
    "blank line": (lambda data: data + b"\n", 3, "hash"),
    "merge marks": (lambda data: data + b"<<<<<<< HEAD\n", 3, "hash"),
    "odd bytes": (lambda data: data + b"\xff\xfe\x00\n", 3, "hash"),
    "huge line": (lambda d: d + b"x" * (64 * 2**20 + 1) + b"\n", 3, "64 MiB"),
    "header without end": (lambda data: lines.HEADER[:-1], 1, "no end"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_names_line_and_next_step_and_nothing_is_written(
    name: str, tmp_path: Path
) -> None:
    damage, number, why = DAMAGE[name]
    path = tmp_path / "a.glm.jsonl"
    Cassette(path).add(recording())
    path.write_bytes(damage(path.read_bytes()))
    before = path.read_bytes()
    uses: list[Callable[[Cassette], object]] = [
        lambda c: c.find("key", 0, ""),
        lambda c: c.add(recording("new")),
        lambda c: c.prune(),
        lambda c: c.begin(),
    ]
    for use in uses:
        with pytest.raises(ReplayError, match=f"line {number} of .*{why}") as caught:
            use(Cassette(path))
        assert caught.value.hint
    assert path.read_bytes() == before
    assert left_in(tmp_path) == {"a.glm.jsonl"}


@pytest.mark.parametrize(
    "body",
    [
        b'{"cell":1}',
        b"[" * 100_000 + b"]" * 100_000,
        b'{"cell":"","repeat":0,"request":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        lines.encode(
            msgspec.structs.replace(recording(), events=("a piece",))
        ).rpartition(b',"sha256"')[0]
        + b"}",
    ],
    ids=["fields", "deep", "deep request", "unfinished"],
)
def test_line_with_a_fitting_hash_is_still_checked(body: bytes) -> None:
    import hashlib

    digest = hashlib.sha256(body).hexdigest().encode()
    with pytest.raises(lines.LineError):
        lines.decode(body[:-1] + b',"sha256":"' + digest + b'"}\n')


def test_line_ends_of_another_system_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.glm.jsonl"
    Cassette(path).add(recording())
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    cassette = Cassette(path)
    cassette.add(recording("new", "line"))
    assert texts(path) == ["Ho", "line"]


def test_refresh_takes_the_earlier_takes_out(tmp_path: Path) -> None:
    path = tmp_path / "a.glm.jsonl"
    cassette = Cassette(path)
    for said in ("first", "second"):
        cassette.add(recording(said=said))
    cassette.add(recording("other", "stays"))
    cassette.add(recording(said="third"), drop=RANKS)
    assert texts(path) == ["stays", "third"]
    assert left_in(tmp_path) == {"a.glm.jsonl"}


def test_prune_drops_what_was_not_used_and_keeps_what_others_added(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.glm.jsonl"
    for prompt in ("used", "unused", "again"):
        Cassette(path).add(recording(prompt, prompt))
    cassette = Cassette(path)
    cassette.begin()
    with pytest.raises(ReplayError, match="all would be dropped"):
        cassette.prune()
    cassette.find(recording("used").key, 0, "In[1]")
    cassette.add(recording("again", "anew"))
    Cassette(path).add(recording("theirs", "theirs"))
    assert cassette.prune() == (2, 3)
    assert texts(path) == ["used", "anew", "theirs"]
    assert cassette.prune() == (0, 3)


WRITER = """
import sys
from pathlib import Path
from tests.client.test_cassette import recording
from glmkit.client.replay import Cassette
cassette = Cassette(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for number in range(100):
    cassette.add(recording(f"{sys.argv[2]} {number}", "word " * 400 * (number % 7)))
"""
#: Writes half of a line, and the rest once it is told to.
TORN = """
import sys
from pathlib import Path
from tests.client.test_cassette import recording
from glmkit.client.replay import lines
line = lines.encode(recording(sys.argv[2], "word " * 400))
half = len(line) // 2
for part in (line[:half], line[half:]):
    with Path(sys.argv[1]).open("ab") as file:
        file.write(part)
    print("ready", flush=True)
    sys.stdin.readline()
"""


def written_by_four(code: str, path: Path) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(path), str(n)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for n in range(4)
    ]
    for writer in writers:  # a busy machine starts them one by one
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.close()
    for writer in writers:
        with writer:
            assert writer.wait() == 0


def test_four_processes_lose_and_tear_no_line(tmp_path: Path) -> None:
    path = tmp_path / "a.glm.jsonl"
    written_by_four(WRITER, path)
    entries = Cassette(path)
    assert len(entries) == 400
    found = {entry.key for entry in entries._entries}
    assert found == {recording(f"{w} {n}").key for w in range(4) for n in range(100)}


def test_writers_without_a_lock_are_found_out(tmp_path: Path) -> None:
    path = tmp_path / "a.glm.jsonl"
    path.write_bytes(lines.HEADER)
    written_by_four(TORN, path)
    with pytest.raises(ReplayError, match="cannot be read"):
        len(Cassette(path))


READ_ONLY = """
import os
import sys
from pathlib import Path
from tests.client.test_cassette import recording
from glmkit.client.replay import Cassette
from glmkit.types.errors import ReplayError
if os.geteuid() == 0:
    os.setresuid(65534, 65534, 65534)
cassette = Cassette(Path(sys.argv[1]))
assert cassette.find(recording().key, 0, "In[1]")
for use in (cassette.check_writable, lambda: cassette.add(recording("new"))):
    try:
        use()
    except ReplayError as exc:
        print(exc)
"""


def test_read_only_folder_is_read_and_refused_before_sending(tmp_path: Path) -> None:
    folder = tmp_path / "given"
    folder.mkdir()
    path = folder / "a.glm.jsonl"
    Cassette(path).add(recording())
    before = path.read_bytes()
    path.chmod(0o444)
    folder.chmod(0o555)
    for parent in (tmp_path, *tmp_path.parents[:3]):
        if parent.stat().st_uid == os.geteuid():
            parent.chmod(parent.stat().st_mode | 0o055)
    done = subprocess.run(
        [sys.executable, "-c", READ_ONLY, str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("cannot be written") == 2
    assert path.read_bytes() == before
    with pytest.raises(ReplayError, match="cannot be written"):
        Cassette(tmp_path / "missing" / "a.glm.jsonl").check_writable()


FULL = """
import resource
import signal
import sys
from pathlib import Path
from tests.client.test_cassette import recording
from glmkit.client.replay import Cassette
from glmkit.types.errors import ReplayError
path = Path(sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
cassette = Cassette(path)
cassette.begin()
resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 100,) * 2)
try:
    cassette.add(recording("new"))
except ReplayError as exc:
    print(exc)
"""


def test_full_disk_leaves_no_half_line(tmp_path: Path) -> None:
    path = tmp_path / "a.glm.jsonl"
    Cassette(path).add(recording())
    before = path.read_bytes()
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "cannot be written: the disk is full" in done.stdout
    assert path.read_bytes() == before


def test_request_of_an_empty_file_is_new(tmp_path: Path) -> None:
    path = tmp_path / "a.glm.jsonl"
    path.touch()
    cassette = Cassette(path)
    assert cassette.find(canonical_key(Request(messages=())), 0, "") is None
    cassette.add(recording())
    assert texts(path) == ["Ho"]
