"""A gallery of a few notebooks, to be found in place of glmkit's own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from glmkit.notebook import gallery_data


def notebook(
    title: str, *code: str, text: str = "", tags: Sequence[str] = (), **about: Any
) -> str:
    """Return a notebook's file: a title, cells of code, and its metadata."""
    kept = {"model": None, "minutes": 5, "level": "beginner", "summary": title, **about}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    head = {"cell_type": "markdown", "id": "head", "metadata": {}}
    cells: list[dict[str, Any]] = [{**head, "source": f"# {title}\n\n{text}"}]
    for number, source in enumerate(code):
        cell = {"cell_type": "code", "id": f"c{number}", "metadata": {"tags": [*tags]}}
        cells.append({**cell, "source": source, "execution_count": None, "outputs": []})
    book = {"cells": cells, "metadata": {"glmkit": kept, "kernelspec": kernel}}
    return json.dumps({**book, "nbformat": 4, "nbformat_minor": 5})


def make(folder: Path, files: dict[str, str], patch: pytest.MonkeyPatch) -> Path:
    """Write files as the gallery of a checkout, and have glmkit find them there."""
    base = folder / "checkout" / "notebooks"
    start = {gallery_data.START: notebook("Start here", number=0)}
    for name, text in {**start, **files}.items():
        path = base / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    (base.parent / "pyproject.toml").touch()
    patch.setattr(gallery_data, "_CHECKOUT", base.parent)
    return base
