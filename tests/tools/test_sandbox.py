"""Code of a model runs away from here, or not at all."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import glmkit
from glmkit.tools import sandbox
from glmkit.types.errors import ToolError
from tests.client.test_clients import client_of
from tests.conftest import ROOT, Paced
from tests.support.bubblewrap import bubblewrap

BUBBLEWRAP = pytest.param(
    "bubblewrap",
    marks=pytest.mark.skipif(
        bubblewrap() is None, reason="bubblewrap is not here, or may not isolate"
    ),
)
BACKENDS = ["monty", BUBBLEWRAP]
CANARY = "canary-0451"


@pytest.fixture(autouse=True)
def canary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A secret in the environment, and one in a file that anybody may read."""
    monkeypatch.setenv("ZHIPUAI_API_KEY", CANARY)
    path = tmp_path / "secret.txt"
    path.write_text(CANARY)
    path.chmod(0o644)
    return path


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("code", "output"),
    [
        ("print('a')\n6 * 7", "a\n42"),
        ("def f(n):\n    return n * 2\n[f(n) for n in range(3)]", "[0, 2, 4]"),
        ("x = 1", ""),
        ("None", ""),
        ("", ""),
        ("'天空'", "'天空'"),
        ("import json\njson.dumps({'a': [1]})", """'{"a": [1]}'"""),
    ],
)
def test_code_runs_and_its_output_comes_back(
    backend: sandbox.Backend, code: str, output: str
) -> None:
    result = sandbox.python(code, backend=backend)
    assert result.output.rstrip() == output
    assert result.ok
    assert result.backend == backend


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("print('before')\n1 / 0", "ZeroDivisionError"),
        ("def f(:", "SyntaxError"),
        ("nowhere", "NameError"),
        ("raise ValueError('so')", "so"),
    ],
)
def test_error_of_the_code_is_in_the_result(
    backend: sandbox.Backend, code: str, error: str
) -> None:
    result = sandbox.python(code, backend=backend)
    assert not result.ok
    assert error in result.error
    if "before" in code:
        assert result.output == "before\n"


#: What must not succeed: each ends with "escaped" if it did.
PROBES = {
    "read a file": "open('{path}').read()",
    "read a file by path": "from pathlib import Path\nPath('{path}').read_text()",
    "read passwords": "open('/etc/passwd').read()\nprint('escaped')",
    "write a file": "open('{folder}/new', 'w').write('escaped')\nprint('escaped')",
    "write beside python": "open('/usr/escaped', 'w')\nprint('escaped')",
    "list the home": "import os\nos.listdir('{folder}')\nprint('escaped')",
    "read the environment": "import os\nos.environ['ZHIPUAI_API_KEY']",
    "read the environment of its parent": "open('/proc/1/environ').read()",
    "read its own environment": "open('/proc/self/environ').read()",
    "see the parent's processes": (
        "import os\n"
        "if any(p == '{pid}' for p in os.listdir('/proc')):\n    print('escaped')"
    ),
    "reach the network": (
        "import socket\n"
        "socket.create_connection(('127.0.0.1', {port}), 1)\nprint('escaped')"
    ),
    "run a program outside": (
        "import subprocess\n"
        "subprocess.run(['/bin/cat', '{path}'], check=True)\nprint('escaped')"
    ),
    "run a shell": "import os\nif os.system('cat {path}') == 0:\n    print('escaped')",
    "kill its maker": "import os\nos.kill({pid}, 0)\nprint('escaped')",
    "import what is installed here": "import msgspec\nprint('escaped')",
    "import this package": "import glmkit\nprint('escaped')",
    "call into C": (
        "import ctypes\n"
        "ctypes.CDLL(None).mount(b'none', b'/tmp', b'tmpfs', 0, None) == 0 "
        "and print('escaped')"
    ),
    "climb through classes": (
        "[c for c in ().__class__.__base__.__subclasses__() "
        "if c.__name__ == 'Popen'][0]('id')\nprint('escaped')"
    ),
    "climb through frames": (
        "import sys\nsys._getframe(0).f_builtins['open']('{path}').read()"
    ),
    "make itself root": "import os\nos.setuid(0)\nprint('escaped')",
    "make a device": (
        "import os\nos.mknod('/tmp/d', 0o660 | 0o020000, 1)\nprint('escaped')"
    ),
    "raise its limits": (
        "import resource\n"
        "resource.setrlimit(resource.RLIMIT_AS, (-1, -1))\nprint('escaped')"
    ),
    "leave its namespace": ("import os\nos.chroot('/tmp')\nprint('escaped')"),
    "fill the machine's memory files": (
        "for n in range(100):\n"
        "    open(f'/dev/shm/{{n}}', 'wb').write(b'x' * 10**6)\nprint('escaped')"
    ),
}


@pytest.mark.parametrize("probe", PROBES)
@pytest.mark.parametrize("backend", BACKENDS)
def test_probe_does_not_escape(
    backend: sandbox.Backend, probe: str, canary: Path, paced: Callable[..., Paced]
) -> None:
    port = paced().origin.split(":")[2].split("/")[0]
    code = PROBES[probe].format(
        path=canary, folder=canary.parent, pid=os.getpid(), port=port
    )
    result = sandbox.python(code, backend=backend, time_s=3)
    assert "escaped" not in result.output
    assert CANARY not in str(result)
    assert sorted(path.name for path in canary.parent.iterdir() if path.is_file()) == [
        "secret.txt"
    ]


#: Probes that would harm this machine if nothing held them, or that need a prisoner.
NEVER_LOOSE = {
    "write beside python",
    "read the environment of its parent",
    "call into C",
    "climb through classes",  # finds Popen only where it was imported
    "make itself root",
    "make a device",
    "leave its namespace",
    "fill the machine's memory files",
}
#: Prints the last value, as the sandboxes do.
_LOOSE = """
import ast, sys
tree = ast.parse(sys.stdin.read())
last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
space = {}
exec(compile(tree, "code", "exec"), space)
if last is not None:
    sys.displayhook(eval(compile(ast.Expression(last.value), "code", "eval"), space))
"""


@pytest.mark.parametrize("probe", sorted(PROBES.keys() - NEVER_LOOSE))
def test_control_probe_escapes_where_there_is_no_sandbox(
    probe: str, canary: Path, paced: Callable[..., Paced]
) -> None:
    port = paced().origin.split(":")[2].split("/")[0]
    code = PROBES[probe].format(
        path=canary, folder=canary.parent, pid=os.getpid(), port=port
    )
    said = subprocess.run(
        [sys.executable, "-c", _LOOSE],
        input=code,
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    ).stdout
    assert "escaped" in said or CANARY in said


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    "code",
    [
        "while True:\n    pass",
        "x = 'a' * 10**10",
        "x = []\nwhile True:\n    x.append('a' * 10**6 + str(len(x)))",
        "def f():\n    f()\nf()",
        "while True:\n    print('x' * 1000)",
        "10 ** 10 ** 10",
        "import time\ntime.sleep(60)",
        "import os\nwhile True:\n    os.fork()",
    ],
)
def test_time_memory_and_output_are_bounded(
    backend: sandbox.Backend, code: str
) -> None:
    result = sandbox.python(code, backend=backend, time_s=1, memory_mb=128)
    assert not result.ok
    assert len(result.output) <= sandbox.OUTPUT_CAP + 20
    assert len(result.error) <= sandbox.OUTPUT_CAP + 20


def test_without_a_sandbox_nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pydantic_monty", None)
    with pytest.raises(ToolError, match="does not run") as caught:
        sandbox.python("1")
    assert "glmkit[sandbox]" in caught.value.hint
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(ToolError, match="does not run"):
        sandbox.python("1", backend="bubblewrap")
    with pytest.raises(ToolError, match="no sandbox"):
        sandbox.python("1", backend="exec")  # type: ignore[arg-type]


def test_without_the_sandboxs_program_nothing_runs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("sysconfig.get_path", lambda name, *more: str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("MONTY_BIN", raising=False)
    with pytest.raises(ToolError, match="program is not installed"):
        sandbox.python("1 + 1")


def test_sandbox_is_a_ready_tool(paced: Callable[..., Paced]) -> None:
    asked = {
        "tool_calls": [
            {
                "id": "c",
                "type": "function",
                "function": {"name": "python", "arguments": '{"code": "6 * 7"}'},
            }
        ]
    }
    place = paced(replies=json.dumps([asked, {"content": "42."}]))
    talk = glmkit.Conversation(client_of(place), tools=[glmkit.sandbox.tool])
    assert talk.ask("6 * 7?").text == "42."
    told = json.loads(place.seen["bodies"][-1]["messages"][-1]["content"])
    assert (told["tool"], told["result"]) == ("python", 42)
