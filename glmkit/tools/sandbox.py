"""Runs Python that a model wrote in a sandbox, or refuses to.

By default in pydantic-monty: an interpreter of its own, in a process of its own, that
has no files, no network, no environment and no other packages (`pip install
'glmkit[sandbox]'`). On request in bubblewrap (Linux): a real Python in empty
namespaces with limits. Where neither is there, nothing runs.
"""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, Literal

import msgspec

from glmkit.tools.tool import tool as _tool
from glmkit.types.errors import ToolError
from glmkit.types.translation import _

Backend = Literal["monty", "bubblewrap"]

#: Characters of output that are kept.
OUTPUT_CAP = 20_000

_NOBODY = 65534
_HINT = "pip install 'glmkit[sandbox]', or on Linux install bubblewrap."
#: Bytes that a file of the sandbox may have, and its folder for such files.
_FILE, _ROOM = 10_000_000, 50_000_000


class Result(msgspec.Struct, frozen=True):
    """The result of running code: what it printed and its last value, and its error.

    `output` is cut after 20,000 characters; `seconds` is wall-clock time.
    """

    output: str
    error: str
    backend: Backend
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether the code ran without an error."""
        return not self.error

    def __str__(self) -> str:
        return "\n".join(text for text in (self.output.rstrip(), self.error) if text)


def python(
    code: str,
    *,
    backend: Backend = "monty",
    time_s: float = 5.0,
    memory_mb: int = 256,
) -> Result:
    """Run Python in a sandbox and return what it printed, and its last value.

    `backend` "bubblewrap" runs a real Python with its standard library, on Linux.
    Raises ToolError where the backend is not there; errors of the code are in the
    result.

        glmkit.sandbox.python("sum(range(10))").output
    """
    runners = {"monty": _in_monty, "bubblewrap": _in_bubblewrap}
    if backend not in runners:
        raise ToolError(
            _("there is no sandbox {backend!r}", backend=backend),
            hint=_("Use 'monty' or 'bubblewrap'."),
        )
    begun = time.perf_counter()
    output, error = runners[backend](code, time_s, memory_mb)
    return Result(_cut(output), _cut(error), backend, time.perf_counter() - begun)


def ready(backend: Backend = "monty") -> bool:
    """Whether the backend is installed; nothing is run.

    >>> ready("monty") in (True, False)
    True
    """
    if backend == "monty":
        return find_spec("pydantic_monty") is not None
    return sys.platform == "linux" and _bubblewrap() is not None


def _bubblewrap() -> str | None:
    return shutil.which("bwrap", path="/usr/local/bin:/usr/bin:/bin")


@_tool(name="python")
def tool(code: str) -> str:
    """Run Python code and return what it prints and the value of its last line.

    The code runs alone: no files, no network, no packages beyond the language.
    """
    return str(python(code))


def _in_monty(code: str, time_s: float, memory_mb: int) -> tuple[str, str]:
    try:
        import pydantic_monty as monty
    except ImportError as exc:
        raise ToolError(
            _("no sandbox is installed, so model code does not run"), hint=_(_HINT)
        ) from exc
    printed = monty.CollectString(max_bytes=4 * OUTPUT_CAP)
    limits: monty.ResourceLimits = {
        "max_feed_duration_secs": time_s,
        "max_total_sleep_secs": time_s,
        "max_memory": memory_mb * 2**20,
    }
    try:
        opened = monty.Monty(max_processes=1, request_timeout=time_s + 5)
    except FileNotFoundError as exc:  # the package is there without its program
        raise ToolError(
            _("the sandbox's program is not installed, so model code does not run"),
            hint=_(_HINT),
        ) from exc
    with opened as pool, pool.checkout(limits=limits) as session:
        try:
            value = session.feed_run(code, print_callback=printed)
        except monty.MontySyntaxError as exc:
            return printed.output, f"SyntaxError: {exc}"
        except monty.MontyError as exc:
            return printed.output, str(exc)
    return printed.output + _shown(value), ""


def _shown(value: Any) -> str:
    if value is None:
        return ""
    try:
        return repr(value)
    except Exception as exc:  # an integer with too many digits, for one
        return f"a {type(value).__name__} that cannot be shown ({exc})"


#: Runs inside the sandbox: sets the limits for good, then runs what stdin brings.
_INSIDE = """
import ast, resource, sys
seconds, memory, size = map(int, sys.argv[1:4])
for kind, most in (
    (resource.RLIMIT_CPU, seconds), (resource.RLIMIT_AS, memory),
    (resource.RLIMIT_DATA, memory), (resource.RLIMIT_FSIZE, size),
    (resource.RLIMIT_NOFILE, 64), (resource.RLIMIT_NPROC, 16),
    (resource.RLIMIT_CORE, 0),
):
    resource.setrlimit(kind, (most, most))
source = sys.stdin.read()
tree = ast.parse(source)
last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
space = {"__name__": "__main__"}
exec(compile(tree, "code", "exec"), space)
if last is not None:
    sys.displayhook(eval(compile(ast.Expression(last.value), "code", "eval"), space))
"""


def _in_bubblewrap(code: str, time_s: float, memory_mb: int) -> tuple[str, str]:
    program = _bubblewrap()
    if sys.platform != "linux" or program is None:
        raise ToolError(
            _("bubblewrap is not here, so model code does not run"), hint=_(_HINT)
        )
    interpreter = _interpreter()
    command = [program, *_walls(interpreter), str(interpreter), "-I", "-S", "-c"]
    limits = [str(int(time_s) + 1), str(memory_mb * 2**20), str(_FILE)]
    # Output goes to files, which the limit on a file's size bounds.
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        late = _ran([*command, _INSIDE, *limits], code, time_s, out, err)
        output, error = _read(out), _read(err)
    if late:
        return output, f"TimeoutError: it took longer than {time_s:g} s"
    return output, error.strip()


def _ran(
    command: list[str], code: str, time_s: float, out: IO[bytes], err: IO[bytes]
) -> bool:
    """Run a command with an empty environment; return whether it timed out.

    The code could read the environment of the program in /proc/1.
    """
    identity: dict[str, Any] = {}
    if os.geteuid() == 0:  # limits of root bind nobody
        identity = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}
    child = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=out,
        stderr=err,
        env={},
        cwd="/",
        start_new_session=True,
        **identity,
    )
    try:
        child.communicate(code.encode("utf-8", "replace"), timeout=time_s)
    except subprocess.TimeoutExpired:
        return True
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)  # its death ends the namespace
        child.communicate()
    if child.returncode and not err.tell():
        err.write(f"it was ended ({child.returncode})".encode())
    return False


def _walls(interpreter: Path) -> list[str]:
    """Return bubblewrap's options: namespaces, and read-only parts of the system."""
    seen = ["/usr", str(interpreter.parent.parent)]
    binds = [word for path in dict.fromkeys(seen) for word in ("--ro-bind", path, path)]
    for link in ("lib", "lib64", "bin"):
        if Path("/", link).is_symlink():
            binds += ["--symlink", f"usr/{link}", f"/{link}"]
        elif Path("/", link).exists():
            binds += ["--ro-bind", f"/{link}", f"/{link}"]
    return [
        "--unshare-all",
        "--unshare-user",
        "--disable-userns",
        "--die-with-parent",
        "--new-session",
        "--clearenv",
        "--cap-drop",
        "ALL",
        *binds,
        "--proc",
        "/proc",
        "--dev",
        "/dev",
        "--remount-ro",
        "/dev",
        "--size",
        str(_ROOM),
        "--tmpfs",
        "/tmp",
        "--remount-ro",
        "/",
        "--chdir",
        "/tmp",
        "--",
    ]


def _interpreter() -> Path:
    """Return a Python that the user of the sandbox may read."""
    own = Path(sys.executable).resolve()
    if os.geteuid() != 0:
        return own
    for candidate in (own, Path("/usr/bin/python3").resolve()):
        if candidate.exists() and all(
            path.stat().st_mode & stat.S_IXOTH for path in candidate.parents
        ):
            return candidate
    raise ToolError(
        _("as root the sandbox needs a Python that every user may run"),
        hint=_("Install one under /usr, or do not work as root."),
    )


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read(4 * OUTPUT_CAP + 4).decode("utf-8", "replace")


def _cut(text: str) -> str:
    more = len(text) - OUTPUT_CAP
    return f"{text[:OUTPUT_CAP]}... (cut)" if more > 0 else text
