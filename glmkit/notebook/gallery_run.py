"""One run of a notebook in a new kernel, and the page made of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glmkit.types.errors import ConfigError, GLMError
from glmkit.types.translation import _

if TYPE_CHECKING:
    from nbformat import NotebookNode as NotebookNode


async def execute(
    notebook: Path, environment: Mapping[str, str], folder: Path | None = None
) -> NotebookNode:
    """Run all cells in a new kernel and return the notebook with its outputs.

    `environment` is added to this process's; the kernel works in `folder`, by default
    this process's. Raises GLMError with notebook, cell and the error's own words.
    """
    nbformat, nbclient, _convert = _tools()
    errors = nbclient.exceptions
    book: NotebookNode = nbformat.read(notebook, as_version=4)
    client = nbclient.NotebookClient(
        book,
        kernel_name="python3",
        timeout=600,
        # Widget state would be saved with every trait, and shows nothing later.
        store_widget_state=False,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(folder or Path.cwd())}},
    )
    try:
        await client.async_execute(env={**os.environ, **environment})
    except errors.CellExecutionError as exc:
        message = _(
            "{name}, cell {cell}: {kind}: {words}",
            name=notebook.name,
            cell=failed_cell(book),
            kind=exc.ename,
            words=exc.evalue,
        )
        hint = _("Open the notebook and run it up to that cell.")
        raise GLMError(message, hint=hint) from exc
    except (errors.CellTimeoutError, errors.DeadKernelError) as exc:
        message = _("{name} did not end: {words}", name=notebook.name, words=exc)
        raise GLMError(message) from exc
    return book


def failed_cell(book: NotebookNode) -> int | None:
    """Return the number of the first cell whose output is an error, from 1."""
    for number, cell in enumerate(book.cells, start=1):
        if any(out.output_type == "error" for out in cell.get("outputs", ())):
            return number
    return None


def write_html(book: NotebookNode, path: Path) -> None:
    """Write an executed notebook as one HTML file; ConfigError where it cannot be."""
    *_others, nbconvert = _tools()
    page, _resources = nbconvert.HTMLExporter().from_notebook_node(book)
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
        raise ConfigError(
            _("JupyterLab is not installed"),
            hint=_('In the checkout: pip install ".[lab,local]"'),
        ) from exc
    return nbformat, nbclient, nbconvert
