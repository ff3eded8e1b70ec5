"""The gallery of notebooks: where it is, a copy to work in, and one run of it."""

from __future__ import annotations

import os
import shutil
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glmkit.types.errors import ConfigError, GLMError

if TYPE_CHECKING:
    from nbformat import NotebookNode

_SHARED = "share/glmkit/notebooks/"
_CHECKOUT = Path(__file__).parents[2] / "notebooks"
_EXTRA = 'In the checkout: pip install ".[lab,local]"'


def notebooks() -> list[Path]:
    """Return the notebooks that came with this installation; ConfigError if none."""
    found = _installed() or sorted(_CHECKOUT.rglob("*.ipynb"))
    if not found:
        raise ConfigError("the gallery is not installed", hint=_EXTRA)
    return found


def _installed() -> list[Path]:
    try:
        listed = files("glmkit") or []
    except PackageNotFoundError:
        return []
    paths = (Path(str(file.locate())) for file in listed if _SHARED in file.as_posix())
    return sorted(path.resolve() for path in paths if path.suffix == ".ipynb")


def copy(folder: Path) -> list[Path]:
    """Copy the gallery into a folder and return the notebooks there.

    A notebook that is there already is somebody's work, and stays as it is.
    """
    sources = notebooks()
    base = sources[0].parent
    targets = [folder / source.relative_to(base) for source in sources]
    try:
        for source, target in zip(sources, targets, strict=True):
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists():
                shutil.copyfile(source, target)
    except OSError as exc:
        raise ConfigError(
            f"the gallery could not be copied: {exc}",
            hint="Name a folder that you may write to: `glmkit gallery FOLDER`.",
        ) from exc
    return targets


def execute(notebook: Path, environment: dict[str, str]) -> NotebookNode:
    """Run all cells in a new kernel and return the notebook with its outputs.

    `environment` is added to this process's. Raises GLMError with the failing cell's
    own words.
    """
    nbformat, nbclient, _ = _tools()
    book: NotebookNode = nbformat.read(notebook, as_version=4)
    client = nbclient.NotebookClient(
        book,
        kernel_name="python3",
        timeout=600,
        # Widget state would be saved with every trait, and shows nothing later.
        store_widget_state=False,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(Path.cwd())}},
    )
    try:
        client.execute(env={**os.environ, **environment})
    except nbclient.exceptions.CellExecutionError as exc:
        raise GLMError(f"{notebook.name}: {exc.ename}: {exc.evalue}") from exc
    return book


def write_html(book: NotebookNode, path: Path) -> None:
    """Write an executed notebook as one HTML file; ConfigError where it cannot be."""
    *_, nbconvert = _tools()
    page, _ = nbconvert.HTMLExporter().from_notebook_node(book)
    try:
        path.write_text(page, "utf-8")
    except OSError as exc:
        raise ConfigError(
            f"{path} could not be written: {exc}", hint="Name another: --out FILE."
        ) from exc


def _tools() -> tuple[Any, Any, Any]:
    os.environ.setdefault("JUPYTER_PLATFORM_DIRS", "1")
    try:
        import nbclient
        import nbconvert
        import nbformat
    except ImportError as exc:
        raise ConfigError("JupyterLab is not installed", hint=_EXTRA) from exc
    return nbformat, nbclient, nbconvert
