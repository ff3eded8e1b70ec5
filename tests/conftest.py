"""What every test stands on: a home of its own, no keys, no way off loopback.

Fixtures: `platform` (the real local platform with its real engine, one for all workers)
and `paced` (a factory of endpoints on the paced wire server); `shell` (a real IPython
shell), `run` (a cell in it), `place` (the paced endpoint of its cells).
"""

from __future__ import annotations

import builtins
import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from hypothesis import settings

from tests.support.guard import (
    sitecustomize as guard,  # installs the guard in this process
)

if TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionResult, InteractiveShell

    from glmkit.local import launcher

# A busy machine is no fault of an example that took longer than others.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")

ROOT = Path(__file__).parent.parent
_PRIVATE = ("GLMKIT_", "ZHIPUAI_", "ZAI_", "OPENAI_", "JUPYTER_")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name no test by the bytes of a file: some hold the time of the run."""
    return "data" if isinstance(val, bytes) and len(val) > 60 else None


def pytest_configure(config: pytest.Config) -> None:
    """Find the person's weights, then leave the person's settings behind."""
    # A shell's background job ignores Ctrl-C, and one of nohup the terminal's end: so
    # would the kernels and servers under test.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    if "GLMKIT_TEST_ROOT" not in os.environ:  # workers inherit what is set here
        found = _weights()
        _forget_settings()
        if found:
            os.environ["GLMKIT_LOCAL_MODEL"] = str(found)
        os.environ["GLMKIT_TEST_ROOT"] = tempfile.mkdtemp(prefix="glmkit-test-")
        os.environ["PYTHONPATH"] = str(Path(guard.__file__).parent)
        # The keyring of a machine without one; a desktop's own is never touched.
        os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
        config.stash[_OWNER] = True
    os.environ["GLMKIT_TEST_ESCAPES"] = str(_root() / f"escapes-{os.getpid()}")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the shared platform once the last worker is done, and tidy up."""
    if not config.stash.get(_OWNER, False):
        return
    if shared_state().exists():
        from glmkit.local import launcher

        os.environ["GLMKIT_STATE_DIR"] = str(shared_state())
        launcher.stop()
    shutil.rmtree(_root(), ignore_errors=True)


_OWNER = pytest.StashKey[bool]()


def _weights() -> Path | None:
    from glmkit.local import weights

    return weights.find()


def _forget_settings() -> None:
    for name in os.environ.keys() - {"GLMKIT_CHROMIUM"}:
        if name.startswith(_PRIVATE) or name.upper() in _PROXIES:
            del os.environ[name]


def _root() -> Path:
    return Path(os.environ["GLMKIT_TEST_ROOT"])


def shared_state() -> Path:
    """Return the state folder of the platform that all workers share."""
    return _root() / "state"


@pytest.fixture(autouse=True)
def home(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A home of this test's own; at the end nothing may have left loopback."""
    folder = tmp_path / "home"
    shared = "platform" in request.fixturenames
    for name, path in home_variables(folder).items():
        monkeypatch.setenv(name, path)
    if shared:
        monkeypatch.setenv("GLMKIT_STATE_DIR", str(shared_state()))
    folder.mkdir()
    yield folder
    if clients := sys.modules.get("glmkit.client.default"):
        clients.forget()
    if ledgers := sys.modules.get("glmkit.ledger.connection"):
        ledgers.disconnect()
    left = escapes()
    forgive_escapes()
    assert not left, f"left loopback: {left}"


def home_variables(folder: Path) -> dict[str, str]:
    """Return the environment that makes `folder` the home, for child processes too."""
    names = {
        "HOME": "",
        "USERPROFILE": "",
        "XDG_CONFIG_HOME": ".config",
        "XDG_CACHE_HOME": ".cache",
        "XDG_DATA_HOME": ".local/share",
        "XDG_STATE_HOME": ".local/state",
        "IPYTHONDIR": ".ipython",
        "JUPYTER_CONFIG_DIR": ".jupyter",
        "JUPYTER_DATA_DIR": ".local/share/jupyter",
        "JUPYTER_RUNTIME_DIR": ".local/share/jupyter/runtime",
        "GLMKIT_DATA_DIR": "glmkit/data",
        "GLMKIT_STATE_DIR": "glmkit/state",
    }
    return {name: str(folder / place) for name, place in names.items()}


def escapes() -> list[str]:
    """Return what this worker and its children tried to reach beyond loopback."""
    record = Path(os.environ["GLMKIT_TEST_ESCAPES"])
    return record.read_text("utf-8").splitlines() if record.exists() else []


def forgive_escapes() -> None:
    Path(os.environ["GLMKIT_TEST_ESCAPES"]).unlink(missing_ok=True)


@pytest.fixture(scope="session")
def platform() -> launcher.Platform:
    """Return the real local platform; every worker finds the same one."""
    from glmkit.local import launcher

    if "GLMKIT_LOCAL_MODEL" not in os.environ:
        pytest.fail("no weights: `make weights` (or `glmkit local install`) gets them")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GLMKIT_STATE_DIR", str(shared_state()))
        return launcher.ensure()


@dataclass(frozen=True)
class Site:
    """A served platform with two accounts and a folder of documents."""

    url: str
    key: str
    other: str
    documents: Path


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Serve a platform as `glmkit serve` does; `xdist_group("site")` shares it."""
    from glmkit.local import launcher

    folder = tmp_path_factory.mktemp("documents")
    (folder / "whales.md").write_text("# Whales\n\nThe blue whale eats krill.\n")
    (folder / "sky.txt").write_text("天空是蓝色的，因为瑞利散射。", "utf-8")
    keys = ("first0123456789.secret0123456789", "other0123456789.secret0123456789")
    options = [word for key in keys for word in ("--key", key)]
    command = launcher.serve_command([*options, "--documents", str(folder), "--json"])
    # Its record stays out of the user's folder, where `glmkit local stop` looks.
    env = os.environ | {"GLMKIT_STATE_DIR": str(folder.with_name("site-state"))}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=env) as child:
        assert child.stdout is not None
        url = json.loads(child.stdout.readline())["url"]
        yield Site(url, *keys, folder)
        child.terminate()


@dataclass(frozen=True)
class Paced:
    """An endpoint on the paced server, with counters of its own."""

    url: str
    origin: str
    key: str = "paced0123456789.secret0123456789"

    @property
    def seen(self) -> dict[str, Any]:
        """Return what the server saw here: the fields of `paced.Lane`."""
        with urllib.request.urlopen(f"{self.origin}/state") as response:
            seen: dict[str, Any] = json.load(response)
        return seen

    def release(self) -> None:
        """Let answers go on that wait at a gate, and all as fast as they can."""
        with urllib.request.urlopen(f"{self.origin}/release"):
            pass

    def until(self, true: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait for a state of the server; fail where it does not come."""
        return wait_for(lambda: self.seen, true)


#: Bounds a failure alone: what is waited for comes in a moment, or never.
LIMIT_S = 120.0


def wait_for(
    look: Callable[[], Any],
    true: Callable[[Any], object] = bool,
    limit_s: float = LIMIT_S,
) -> Any:
    """Look again until what is seen is true; fail with the last sight."""
    end = time.monotonic() + limit_s
    while not true(seen := look()):
        if time.monotonic() > end:
            pytest.fail(f"waited {limit_s} s in vain; last seen: {seen}")
        time.sleep(0.01)
    return seen


@contextmanager
def serving(module: str) -> Iterator[str]:
    """Run a server of ours as a process of its own; it ends with its stdin."""
    with subprocess.Popen(
        [sys.executable, "-m", module],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        yield json.loads(child.stdout.readline())["url"]
        child.stdin.close()


@pytest.fixture(scope="session")
def paced_server() -> Iterator[str]:
    """Run the paced wire server for this worker and return its origin."""
    with serving("tests.support.paced") as origin:
        yield origin


_lanes = count(1)


@pytest.fixture
def paced(paced_server: str) -> Callable[..., Paced]:
    """Return `paced(tokens=.., rate=.., ...)`; options: `paced_answers.Plan`."""

    def endpoint(**options: object) -> Paced:
        lane = f"{paced_server}/lane={os.getpid()}-{next(_lanes)}"
        words = "".join(
            f"/{name}={quote(str(value), safe='')}" for name, value in options.items()
        )
        return Paced(f"{lane}{words}/api/paas/v4", lane)

    return endpoint


@pytest.fixture(scope="session")
def resource_server() -> Iterator[str]:
    """Run the server of everything that is not a chat, and return its origin."""
    with serving("tests.support.resource_server") as origin:
        yield origin


@pytest.fixture
def resources(resource_server: str) -> Callable[..., Paced]:
    """Return `resources(status=..)`: an endpoint on it, with a lane of its own."""

    def endpoint(**options: object) -> Paced:
        lane = f"{resource_server}/lane={os.getpid()}-{next(_lanes)}"
        words = "".join(f"/{name}={value}" for name, value in options.items())
        return Paced(f"{lane}{words}/api/paas/v4", lane)

    return endpoint


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    """Return a real IPython shell, without a kernel, that has loaded the extension."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    from glmkit.notebook import extension

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    vars(builtins).pop("_", None)  # doctests leave one; IPython keeps its hands off it
    InteractiveShell.clear_instance()
    made = InteractiveShell.instance(config=config)
    made.run_cell("%load_ext glmkit")
    yield made
    extension.unload(made)
    InteractiveShell.clear_instance()


#: Runs a cell; its result and what it printed.
Run = Callable[[str], "tuple[ExecutionResult, str]"]


@pytest.fixture
def run(shell: InteractiveShell) -> Run:
    """Return `run(cell)`: a cell of the shell, with its result and what it printed."""

    def cell(text: str) -> tuple[ExecutionResult, str]:
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            result = shell.run_cell(text, store_history=True)
        return result, out.getvalue()

    return cell


@pytest.fixture
def place(paced: Callable[..., Paced], monkeypatch: pytest.MonkeyPatch) -> Paced:
    """Return a paced endpoint that cells use unless told otherwise."""
    made = paced(tokens=12)
    monkeypatch.setenv("GLMKIT_ENDPOINT", made.url)
    return made
