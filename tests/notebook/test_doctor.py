"""`glmkit doctor`: what it shows, and that it works where everything is broken."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from glmkit.config import variables
from glmkit.notebook import doctor
from glmkit.transport.http import certificates
from tests.conftest import ROOT, Run
from tests.transport.test_proxies import CLOSED

NAMES = ("keyring", "proxy", "certificates", "folders", "locks")


def seen() -> dict[str, doctor.Finding]:
    certificates.context.cache_clear()
    return {finding.name: finding for finding in doctor.examine()}


def test_machine_that_is_well_has_no_next_step() -> None:
    findings = seen()
    assert set(NAMES) <= set(findings)
    well = [findings[name].next for name in NAMES if name != "keyring"]
    assert well == [""] * 4
    assert findings["keyring"].state == "cannot be used: this machine has none"


def test_machine_that_is_not_names_the_line_that_mends_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{CLOSED}")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "gone.pem"))
    monkeypatch.setenv("GLMKIT_DATA_DIR", str(tmp_path / "file" / "data"))
    findings = seen()
    certificates.context.cache_clear()
    for name, step in {
        "proxy": "correct HTTPS_PROXY",
        "certificates": "Correct SSL_CERT_FILE",
        "folders": "Set GLMKIT_DATA_DIR",
        "ledger": "set GLMKIT_DATA_DIR",
    }.items():
        assert step in findings[name].next


def test_gateway_says_what_it_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLMKIT_ENDPOINT", "http://127.0.0.1:8000/v1")
    monkeypatch.setenv("GLMKIT_SERVES", "bigmodel")
    state = seen()["endpoint"].state
    assert state == "http://127.0.0.1:8000/v1, which serves bigmodel, without a key"


def look(environment: dict[str, str]) -> dict[str, list[str]]:
    """Run it in a process with that environment too; return its lines by name."""
    command = [sys.executable, "-m", "glmkit", "doctor"]
    done = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, **environment}
    )
    assert (done.returncode, done.stderr) == (0, "")
    found: dict[str, list[str]] = {}
    name = ""
    for line in done.stdout.splitlines():
        head = re.match(r"(\S.*?)  +(\S.*)", line)
        if head:
            name = head[1]
            found[name] = [head[2]]
        else:
            found[name].append(line.strip())
    return found


def test_it_works_where_everything_is_broken(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    broken = {
        "GLMKIT_ENDPOINT": "nowhere",
        "GLMKIT_DATA_DIR": str(file),
        "GLMKIT_STATE_DIR": str(file / "below"),
        "GLMKIT_TIER": "V9",
        "GLMKIT_LOCAL_MODEL": str(tmp_path / "missing.gguf"),
        "HTTPS_PROXY": "junk://x y\x1b[31m",
        "SSL_CERT_FILE": str(tmp_path / "missing.pem"),
        "PYTHON_KEYRING_BACKEND": "nowhere.Missing",
    }
    found = look(broken)
    for name, mends in {
        "folders": "Set GLMKIT_DATA_DIR",
        "endpoint": "'bigmodel'",
        "variables": "V0",
        "keyring": "ZHIPUAI_API_KEY",
        "proxy": "HTTPS_PROXY",
        "certificates": "SSL_CERT_FILE",
        "ledger": "GLMKIT_DATA_DIR",
        "slots": "GLMKIT_TIER",
        "weights": "GLMKIT_LOCAL_MODEL",
    }.items():
        state, step = found[name]
        assert step.startswith("→ "), name
        assert mends in state + step, name
    assert {"python", "libraries", "engine", "ports", "orphans"} <= {*found}
    assert "\x1b" not in str(found)


def test_a_proxy_that_does_not_answer_is_named() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        found = look({"HTTPS_PROXY": f"http://me:secret@127.0.0.1:{port}"})
    state, step = found["proxy"]
    assert f"http://127.0.0.1:{port} (HTTPS_PROXY): Connection refused" in state
    assert "correct HTTPS_PROXY" in step
    assert "secret" not in str(found)


def test_a_variable_of_a_wrong_name_is_found() -> None:
    state, step = look({"GLMKIT_ENDPIONT": "local"})["variables"]
    assert state.startswith("not read by glmkit: GLMKIT_ENDPIONT")
    assert step.startswith("→ Did you mean GLMKIT_ENDPOINT")


def test_a_check_that_fails_does_not_end_the_rest() -> None:
    def failing() -> tuple[str, str]:
        raise RuntimeError("it broke\nin two lines")

    findings = doctor.examine({"odd": failing})
    assert findings[-1].state.startswith("cannot be looked at: RuntimeError: it broke")
    assert "\n" not in findings[-1].state


def test_in_a_notebook_it_names_notebook_and_front_end(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JPY_SESSION_NAME", "lesson.ipynb")
    _, out = run("%glm doctor")
    assert "lesson.ipynb, cassette lesson.glm.jsonl" in out
    assert "answers are shown by: text" in out


def test_the_table_of_variables_is_what_the_code_reads() -> None:
    sources = [*ROOT.glob("glmkit/**/*.py"), *ROOT.glob("widgets/**/*.py")]
    table = ROOT / "glmkit/config/variables.py"
    named = {
        name
        for path in sources
        if path != table
        for name in re.findall(r"\bGLMKIT_[A-Z_]+\b", path.read_text("utf-8"))
    }
    assert named == {name for name in variables.VARIABLES if name[:7] == "GLMKIT_"}
