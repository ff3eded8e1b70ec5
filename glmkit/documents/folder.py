"""The documents of a folder as a table of texts."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pandas as pd

from glmkit.catalog import tokens
from glmkit.client.progress_bar import progress_bar
from glmkit.readers import files
from glmkit.types.errors import ConfigError, GLMError, told_of
from glmkit.types.plain_text import one_line
from glmkit.types.translation import _

#: Seconds before a bar of progress is shown.
_SLOW_S = 2.0
_COLUMNS = {
    "document": object,
    "file": str,
    "kind": str,
    "pages": "Int64",
    "characters": "Int64",
    "tokens": "Int64",
    "blank": object,
    "problem": "string",
}


def read_folder(path: str | Path, pattern: str = "*") -> pd.DataFrame:
    """Return the documents of a folder and its subfolders as a table, sorted by name.

    A row is a .pdf, .docx, .xlsx, .pptx, .html, .md, .txt, .csv or .ipynb file whose
    name fits the pattern. Columns: `document` is what `glmkit.read` returns, None
    where it cannot be read; `file`, `kind`, `pages`, `characters`, `tokens` (an
    estimate); `blank`, the numbers of pages without text; `problem`, the error and
    what to do. Hidden files are left out. Raises ConfigError where there is no such
    folder.

        docs = glmkit.read_folder("reports", "*.pdf")
        docs[docs.problem.notna()]
    """
    folder = Path(path).expanduser()
    if not folder.is_dir():
        raise ConfigError(
            _("there is no folder {folder}", folder=folder),
            hint=_("Relative paths start from {here}.", here=Path.cwd()),
        )
    found = sorted(_files(folder, pattern))
    how = {"unit": _("file"), "delay": _SLOW_S, "leave": False}
    bar = progress_bar(iterable=found, desc=_("reading"), **how)
    rows = [_row(folder, file) for file in bar]
    return pd.DataFrame(
        {
            name: pd.Series([row[name] for row in rows], dtype=cast("Any", kind))
            for name, kind in _COLUMNS.items()
        }
    )


def _files(folder: Path, pattern: str) -> Iterator[Path]:
    """Yield the files that a reader knows; a link to a folder is not followed."""
    for here, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            file = Path(here, name)
            hidden = name.startswith((".", "~$"))  # Office locks files by the latter
            known = file.suffix.lower() in files.DOCUMENTS
            if known and not hidden and fnmatch.fnmatch(name, pattern):
                yield file


def _row(folder: Path, file: Path) -> dict[str, Any]:
    name = file.relative_to(folder).as_posix()
    row = dict.fromkeys(_COLUMNS)
    row |= {"file": name, "kind": file.suffix.lower()[1:], "problem": pd.NA}
    try:
        text, _guess = files.decoded(file)
    except GLMError as exc:
        return {**row, "problem": one_line(". ".join(filter(None, told_of(exc))))}
    except Exception as exc:  # a row of its own, so that the others are read
        return {**row, "problem": one_line(f"{type(exc).__name__}: {exc}")}
    return row | {
        "document": text,
        "pages": len(text.pages),
        "characters": len(text),
        "tokens": tokens.count(text).tokens,
        "blank": list(text.blank),
    }
