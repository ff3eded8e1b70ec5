"""Finding, starting and ending the local platform, and its command line."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from glmkit.config.endpoints import state_dir
from glmkit.local import launcher, state, weights
from glmkit.types.errors import ConfigError, LocalError
from tests.conftest import wait_for

ENSURE = "from glmkit.local import launcher; print(launcher.ensure().pid)"
posix = pytest.mark.skipif(os.name == "nt", reason="signals and modes of POSIX")
linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@pytest.fixture(autouse=True)
def hosted() -> Iterator[None]:
    """End the platform that a test starts in its own state folder."""
    yield
    with suppress(LocalError):  # a test may have spoilt the weights or the folder
        launcher.stop()


def ask_for_one() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", ENSURE], stdout=subprocess.PIPE, text=True
    )


def children(pid: int) -> list[int]:
    threads = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for path in threads for child in path.read_text().split()]


def command_line(*arguments: str) -> str:
    command = [sys.executable, "-m", "glmkit", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def state_file() -> Path:
    return state.path(weights.find())


def test_processes_that_ask_at_one_time_share_one_platform() -> None:
    asking = [ask_for_one() for _ in range(4)]
    pids = {child.communicate()[0] for child in asking}
    assert [child.returncode for child in asking] == [0] * 4
    assert len(pids) == 1
    found = launcher.find()
    assert found is not None
    assert {f"{found.pid}\n"} == pids


def test_the_first_start_says_what_takes_time_and_the_second_is_silent() -> None:
    said: list[str] = []
    first = launcher.ensure(said.append)
    assert len(said) == 1
    assert launcher.ensure(said.append) == first
    assert len(said) == 1
    assert first.model == weights.STAND_IN
    assert first.key not in repr(first)


@linux
def test_a_killed_platform_is_replaced_and_leaves_no_engine() -> None:
    first = launcher.ensure()
    (engine,) = children(first.pid)
    os.kill(first.pid, signal.SIGKILL)
    second = launcher.ensure()
    assert second.pid != first.pid
    wait_for(lambda: not alive(engine))


def alive(pid: int) -> bool:
    """Whether a process runs; a zombie that nobody reaps here does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


@linux
def test_stop_ends_platform_and_engine() -> None:
    running = launcher.ensure()
    (engine,) = children(running.pid)
    assert launcher.stop() == [running]
    assert launcher.find() is None
    assert not state_file().exists()
    wait_for(lambda: not alive(running.pid) and not alive(engine))
    assert not launcher.stop()


def test_stop_finds_a_platform_of_other_settings_and_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLMKIT_LOCAL_DOCUMENTS", str(tmp_path))
    other = launcher.ensure()
    monkeypatch.delenv("GLMKIT_LOCAL_DOCUMENTS")
    assert launcher.find() is None
    assert launcher.running() == launcher.strays() == [other]
    command = [sys.executable, "-m", "glmkit"]
    looked = subprocess.run([*command, "doctor"], capture_output=True, text=True)
    assert f"process {other.pid}" in looked.stdout
    assert "Run `glmkit local stop`" in looked.stdout
    said = subprocess.run([*command, "local", "stop"], capture_output=True, text=True)
    assert (
        said.stdout == f"stopped {other.model} at {other.url} (process {other.pid})\n"
    )
    assert launcher.running() == []
    said = subprocess.run([*command, "local", "stop"], capture_output=True, text=True)
    assert said.stdout == "nothing runs\n"


@posix
def test_the_platform_has_a_session_of_its_own() -> None:
    running = launcher.ensure()
    assert os.getsid(running.pid) == running.pid


@posix
def test_the_state_is_for_this_user_alone() -> None:
    launcher.ensure()
    for path in state_dir().iterdir():
        mode = 0o700 if path.is_dir() else 0o600
        assert path.stat().st_mode & 0o777 == mode, path
        assert path.suffix in {".json", ".key", ".lock", ".log", ""}


@linux
def test_no_key_reaches_the_platforms_environment_or_command_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ZHIPUAI_API_KEY", "canary.canarycanary")
    running = launcher.ensure()
    for pid in (running.pid, *children(running.pid)):
        for name in ("environ", "cmdline"):
            seen = Path(f"/proc/{pid}/{name}").read_bytes()
            assert b"canary" not in seen
            assert running.key.encode() not in seen
    for path in state_dir().glob("*.log"):
        assert running.key not in path.read_text()


def test_an_idle_platform_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLMKIT_LOCAL_IDLE_S", "0.2")
    launcher.ensure()
    wait_for(lambda: not state_file().exists())
    assert launcher.find() is None


def test_a_state_whose_port_refuses_is_resolved_anew() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    stale = launcher.Platform(f"http://127.0.0.1:{port}/x", "a.b", 1, "m", "0")
    state_dir().mkdir(parents=True)
    state.write(state_file(), stale)
    assert launcher.find() is None
    assert launcher.ensure().pid != 1


def test_another_server_on_the_port_is_not_taken_and_sees_no_key() -> None:
    seen: list[str] = []

    class Impostor(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(f"{self.path} {self.headers}")
            body = json.dumps({"proof": "0" * 64, "pid": 1, "model": "m"}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Impostor) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        stale = launcher.Platform(
            f"http://127.0.0.1:{server.server_port}/x", "id.canary", 1, "m", "0"
        )
        state_dir().mkdir(parents=True)
        state.write(state_file(), stale)
        running = launcher.ensure()
        server.shutdown()
        thread.join()
    assert running.pid != 1
    assert seen
    assert not any("canary" in request for request in seen)


@pytest.mark.parametrize("content", [b"", b"{", b'{"url": 1}', b"\xff"])
def test_a_broken_state_is_no_platform(content: bytes) -> None:
    state_dir().mkdir(parents=True)
    state_file().write_bytes(content)
    assert launcher.find() is None


def test_weights_that_do_not_load_are_a_typed_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "broken.gguf"
    path.write_bytes(b"GGUF\x03\0\0\0" + b"\xff" * 5000)
    monkeypatch.setenv("GLMKIT_LOCAL_MODEL", str(path))
    with pytest.raises(LocalError, match="did not start") as caught:
        launcher.ensure()
    assert "GGUF" in caught.value.hint
    assert not state_file().exists()


def test_a_state_folder_that_can_not_be_made_is_a_typed_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setenv("GLMKIT_STATE_DIR", str(file))
    with pytest.raises(LocalError, match="state cannot be kept") as caught:
        launcher.ensure()
    assert "GLMKIT_STATE_DIR" in caught.value.hint


def test_the_host_is_light() -> None:
    code = (
        "import sys, glmkit.local.launcher; heavy = {'httpx', 'starlette', 'uvicorn', "
        "'xllamacpp', 'asyncio', 'tqdm'}; print(sorted(heavy & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert said.stdout == "[]\n", said.stderr


# The command line


@contextmanager
def serve(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        launcher.serve_command(arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        try:
            yield child
        finally:
            child.terminate()


def refused(*arguments: str) -> str:
    with serve(*arguments) as child:
        out, error = child.communicate()
    assert child.returncode == 1
    assert out == ""
    assert "Traceback" not in error
    assert len(error.splitlines()) == 2
    return error


@linux
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_says_where_and_a_signal_ends_it_cleanly(number: int) -> None:
    with serve("--json", "--key", "my.key") as child:
        assert child.stdout is not None
        assert child.stderr is not None
        said = json.loads(child.stdout.readline())
        assert said["key"] == "my.key"
        assert said["pid"] == child.pid
        assert said["url"].startswith("http://127.0.0.1:")
        (engine,) = children(child.pid)
        child.send_signal(number)
        assert child.wait() == 0
        assert child.stdout.read() + child.stderr.read() == ""
    assert not alive(engine)


def test_a_port_in_use_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        error = refused("--port", str(port))
    assert f"port {port} cannot be used" in error
    assert "--port" in error
    assert "cannot be used" in refused("--port", "99999")


def test_missing_and_damaged_weights_are_said(tmp_path: Path) -> None:
    assert "no model file" in refused("--weights", str(tmp_path / "none.gguf"))
    text = tmp_path / "text.gguf"
    text.write_text("not a model")
    assert "not a GGUF" in refused("--weights", str(text))


@pytest.mark.parametrize("key", ["nodot", "a.b.c", ".b", "a."])
def test_a_malformed_key_is_said(key: str) -> None:
    assert "malformed" in refused("--key", key)


def test_an_unknown_tier_is_a_config_error(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refused("--tier", "V9").startswith("ConfigError: there is no tier 'V9'")
    monkeypatch.setenv("GLMKIT_TIER", "V9")
    assert refused().startswith("ConfigError: there is no tier 'V9'")
    with pytest.raises(ConfigError, match="there is no tier 'V9'") as caught:
        launcher.ensure()
    assert "GLMKIT_TIER" in caught.value.hint


@posix
def test_modules_beside_the_notebook_do_not_pass_for_the_platforms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("json", "uvicorn", "random"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('shadowed')")
    monkeypatch.chdir(tmp_path)
    with serve("--json") as child:
        assert child.stdout is not None
        assert json.loads(child.stdout.readline())["pid"] == child.pid


def test_another_model_file_is_called_by_its_name(tmp_path: Path) -> None:
    found = weights.find()
    assert found is not None
    other = tmp_path / "mine.gguf"
    shutil.copy(found, other)
    with serve("--weights", str(other)) as child:
        assert child.stdout is not None
        line = child.stdout.readline()
    assert "stands in for GLM" in line
    assert weights.STAND_IN not in line


def test_a_platform_comes_back_with_its_key_and_what_it_kept() -> None:
    first = launcher.ensure()
    headers = {"Authorization": f"Bearer {first.key}"}
    files = {"file": ("a.txt", b"kept")}
    sent = httpx.post(
        f"{first.url}/files", files=files, data={"purpose": "agent"}, headers=headers
    )
    launcher.stop()
    again = launcher.ensure()
    assert again.key == first.key
    listed = httpx.get(
        f"{again.url}/files", params={"purpose": "agent"}, headers=headers
    )
    assert [file["id"] for file in listed.json()["data"]] == [sent.json()["id"]]


def test_a_module_that_was_written_anew_makes_another_build(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text("x = 1")
    before = state.age_of(tmp_path)
    assert state.age_of(tmp_path) == before
    os.utime(module, ns=(1, 1))
    assert state.age_of(tmp_path) != before


def test_another_folder_of_documents_makes_another_platform(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = state.path(None)
    monkeypatch.setenv("GLMKIT_LOCAL_DOCUMENTS", str(tmp_path))
    assert state.path(None) != before
