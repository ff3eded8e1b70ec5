"""The gallery's front page, made from the notebooks' metadata.

`python -m glmkit.notebook.gallery_index` (in a checkout: `make gallery-index`) writes
`README.md` and `00_index.ipynb` into the gallery.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from urllib.parse import quote

from glmkit.notebook.gallery import INDEX, WORKING, GalleryNotebook, notebooks
from glmkit.notebook.gallery_data import root
from glmkit.types.plain_text import escaped, say

_INTRO = """# The gallery

Notebooks that run from the first cell to the last: each with its question, its data, a
check against a known truth where there is one, and what it costs. Without a key the
answers that come with a notebook are shown, or a small local model answers; each answer
says which. With a key GLM answers.

**摘要**：按模型和用法整理的示例笔记本，均可直接运行。没有密钥时使用随附的示例答案或本地小模型，
每个回答都会注明来源；有密钥时由 GLM 回答。"""

_COMMANDS = """```
glmkit gallery                  # list: number, title, model, minutes, level
glmkit gallery search WORDS     # in titles, summaries and texts
glmkit gallery open NUMBER      # a copy with its data, in JupyterLab
glmkit gallery copy all FOLDER  # everything
```"""

_FIRST_STEP = """Your own first prompt: open *Start here*, change the text of a cell
that begins with `%%glm`, and press Shift-Enter."""

_HEADINGS = {"": "Start", WORKING: "Ways of working"}
_COLUMNS = "| | notebook | model | data | minutes | level |\n| --- |" + " --- |" * 5


def sections(listed: Sequence[GalleryNotebook], base: Path) -> list[str]:
    """Return a heading and a table for each group of notebooks, as Markdown."""
    found = []
    for group, members in groupby(listed, key=lambda one: one.group):
        rows = "\n".join(_row(one, base) for one in members)
        found.append(f"## {_HEADINGS.get(group, group)}\n\n{_COLUMNS}\n{rows}")
    return found


def _row(one: GalleryNotebook, base: Path) -> str:
    about = one.about
    picture = f"pictures/{one.name}.png"
    image = f'<img src="{quote(picture)}" alt="" width="160">'
    number = "" if about.number is None else f"{about.number:02} "
    link = f"[{number}{_cell(one.title)}]({quote(one.place.as_posix())})"
    data = "<br>".join(f"[{_cell(n)}](data/{quote(n)})" for n in about.data)
    cells = (
        image if (base / picture).is_file() else "",
        f"**{link}**<br>{_cell(about.summary)}",
        _cell(about.model or ""),
        data,
        str(about.minutes),
        about.level,
    )
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    """Return a text as it stands in a cell of a Markdown table."""
    return escaped(text).replace("|", "\\|").replace("\n", " ")


def readme(listed: Sequence[GalleryNotebook], base: Path) -> str:
    """Return the text of the gallery's README.md."""
    return "\n\n".join([_INTRO, _COMMANDS, *sections(listed, base)]) + "\n"


def index(listed: Sequence[GalleryNotebook], base: Path) -> str:
    """Return the text of `00_index.ipynb`: Markdown alone."""
    texts = [f"{_INTRO}\n\n{_FIRST_STEP}", *sections(listed, base)]
    cells = [
        {
            "cell_type": "markdown",
            "id": str(number),
            "metadata": {},
            "source": text.splitlines(keepends=True),
        }
        for number, text in enumerate(texts)
    ]
    kernel = {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    }
    book = {
        "cells": cells,
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(book, indent=1, ensure_ascii=False) + "\n"


def pages(base: Path) -> dict[Path, str]:
    """Return path → text of the files that make up the front page."""
    listed = notebooks()
    return {base / "README.md": readme(listed, base), base / INDEX: index(listed, base)}


def main() -> None:
    """Write the front page into the gallery."""
    for path, text in pages(root()).items():
        path.write_text(text, "utf-8")
        say(str(path))


if __name__ == "__main__":
    main()
