"""Runs a notebook from top to bottom and writes it, with its outputs, beside itself.

`python -m tests.support.replay_run NOTEBOOK OUT [alone]`; `alone` stands in a
network namespace
of its own (`unshare -rn`), where only loopback is, and fails where anything else is.
"""

import sys
from pathlib import Path
from typing import Any

import nbclient
import nbformat

from tests.support.without_routes import stand_alone


def run(notebook: Path, out: Path) -> None:
    """Execute all cells in the notebook's folder; raise what a cell raises."""
    formats: Any = nbformat  # has no types
    book = formats.read(notebook, as_version=4)
    client = nbclient.NotebookClient(
        book,
        kernel_name="python3",
        timeout=120,
        store_widget_state=False,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(notebook.parent)}},
    )
    try:
        client.execute()
    except nbclient.exceptions.CellExecutionError as exc:
        sys.exit(f"{exc.ename}: {exc.evalue}")
    finally:
        formats.write(book, out)


if __name__ == "__main__":
    if "alone" in sys.argv[3:]:
        stand_alone()
    run(Path(sys.argv[1]), Path(sys.argv[2]))
