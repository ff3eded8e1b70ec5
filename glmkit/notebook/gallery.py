"""The gallery of notebooks: what each is about, search, and a copy to work in."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any, Literal
from unicodedata import east_asian_width

import msgspec

from glmkit.client.replay.atomic_write import write_whole
from glmkit.notebook.gallery_data import START, root
from glmkit.types.errors import ConfigError
from glmkit.types.first_use import prepare
from glmkit.types.translation import _

Level = Literal["beginner", "intermediate", "advanced"]

#: The front page, which is made from the notebooks' metadata.
INDEX = "00_index.ipynb"
CASSETTE = ".glm.jsonl"
WORKING = "working"
#: What any copy of a data file takes along.
_TERMS = ("README.md", "licences")
#: A picture in Markdown, by its relative path.
_PICTURE = re.compile(r"!\[[^\]]*\]\(([^():#?]+)\)")


class Metadata(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `metadata.glmkit` of a notebook holds."""

    model: str | None
    minutes: int
    level: Level
    summary: str
    number: int | None = None
    data: tuple[str, ...] = ()


prepare(Metadata)


class GalleryNotebook(msgspec.Struct, frozen=True):
    """A notebook of the gallery: its file, title, metadata and text."""

    path: Path
    title: str
    about: Metadata
    cells: tuple[str, ...]

    @property
    def name(self) -> str:
        """Return the file's stem, as in `07_question_answering`."""
        return self.path.stem

    @property
    def group(self) -> str:
        """Return the folder that the notebook stands in; "" for the gallery's own."""
        folder = self.path.parent.name
        return "" if (self.path.parent / START).is_file() else folder

    @property
    def place(self) -> Path:
        """Return the path within the gallery."""
        return Path(self.group, self.path.name)

    @property
    def cassette(self) -> Path:
        """Return the path of the file that holds the notebook's recorded answers."""
        return self.path.with_name(self.path.stem + CASSETTE)

    @property
    def label(self) -> str:
        """Return what selects the notebook: its number in two digits, or its name."""
        number = self.about.number
        return self.name if number is None else f"{number:02}"


def notebooks() -> list[GalleryNotebook]:
    """Return the notebooks by number, then by name, without the front page.

    Raises ConfigError where the gallery is not installed or a notebook is damaged.
    """
    paths = (path for path in _files(root()) if path.suffix == ".ipynb")
    found = [read(path) for path in paths if path.name != INDEX]
    return sorted(found, key=_order)


def _order(notebook: GalleryNotebook) -> tuple[bool, bool, int, str]:
    number = notebook.about.number
    return (
        notebook.group == WORKING,
        number is None and bool(notebook.group),
        number or 0,
        notebook.name,
    )


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files of the gallery, without those that programs leave behind."""
    for path in sorted(folder.rglob("*")):
        inner = path.relative_to(folder).parts
        left_behind = any(part.startswith((".", "__pycache__")) for part in inner)
        if path.is_file() and not left_behind:
            yield path


def read(path: Path) -> GalleryNotebook:
    """Read a notebook's metadata and text; ConfigError names what is wrong with it."""
    try:
        book: dict[str, Any] = json.loads(path.read_text("utf-8"))
        cells = tuple("".join(cell["source"]) for cell in book["cells"])
        about = msgspec.convert(book["metadata"].get("glmkit"), Metadata)
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as exc:
        raise ConfigError(
            _("{name} is not a notebook of the gallery: {exc}", name=path, exc=exc),
            hint=_("Install glmkit again to get the notebook as it was."),
        ) from exc
    heading = re.match(r"# (.+)", cells[0]) if cells else None
    title = heading[1].strip() if heading else path.stem
    return GalleryNotebook(path, title, about, cells)


def search(words: Sequence[str]) -> list[GalleryNotebook]:
    """Return the notebooks that hold every word in title, summary or text.

    Those with more of the words in title and summary come first.
    """
    wanted = [word.casefold() for word in words]

    def rank(notebook: GalleryNotebook) -> int:
        head = f"{notebook.title} {notebook.about.summary} {notebook.place}".casefold()
        return -sum(word in head for word in wanted)

    def holds(notebook: GalleryNotebook) -> bool:
        about = notebook.about
        parts = (notebook.title, about.summary, about.model, str(notebook.place))
        text = "\n".join([*map(str, parts), *notebook.cells]).casefold()
        return all(word in text for word in wanted)

    return sorted(filter(holds, notebooks()), key=rank)


def find(which: str) -> GalleryNotebook:
    """Return the notebook of a number ("7", "07") or a name; ConfigError names others.

    A name is that of the file, with or without its folder, number and ending.
    """
    known = notebooks()
    for notebook in known:
        if which.strip() in _names(notebook):
            return notebook
    near = _near(which, known)
    listed = ", ".join(f"{one.label} ({one.title})" for one in near)
    raise ConfigError(
        _("{which!r} is not a notebook of the gallery", which=which),
        hint=_("Near it: {listed}. `glmkit gallery` lists all.", listed=listed)
        if near
        else _("`glmkit gallery` lists the numbers and names."),
    )


def _names(notebook: GalleryNotebook) -> set[str]:
    place = notebook.place
    names = {place.name, place.stem, place.as_posix(), str(place.with_suffix(""))}
    names.add(re.sub(r"^\d+_", "", place.stem))
    if (number := notebook.about.number) is not None:
        names |= {str(number), f"{number:02}"}
    return names


def _near(which: str, known: Sequence[GalleryNotebook]) -> list[GalleryNotebook]:
    """Return the notebooks of the nearest numbers, or of names like it."""
    wanted = which.strip().casefold()
    if re.fullmatch(r"\d{1,9}", wanted):
        numbers = {n: one for one in known if (n := one.about.number) is not None}
        nearest = sorted(numbers, key=lambda number: abs(number - int(wanted)))
        return [numbers[number] for number in nearest[:3]]
    names = {n.casefold(): one for one in known for n in (*_names(one), one.title)}
    near = [name for name in names if len(wanted) > 2 and wanted in name]
    near = near or get_close_matches(wanted, names, n=6, cutoff=0.6)
    return list(dict.fromkeys(names[name] for name in near))[:3]


def table(listed: Iterable[GalleryNotebook]) -> list[str]:
    """Return the lines of a table: number or name, title, model, minutes, level."""
    rows = [("number", "title", "model", "minutes", "level")]
    for one in listed:
        about = one.about
        model = about.model or "-"
        rows.append((one.label, one.title, model, str(about.minutes), about.level))
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(_padded, row, widths)).rstrip() for row in rows]


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return sum(2 if east_asian_width(sign) in "WF" else 1 for sign in text)


class Copied(msgspec.Struct, frozen=True):
    """One file of a copy; `new` is false where it was there already."""

    path: Path
    new: bool


def copy(folder: Path, which: GalleryNotebook | None = None) -> list[Copied]:
    """Copy one notebook with what it needs, or the whole gallery, into a folder.

    The folders of the gallery are kept: `glm-4-air/07_...ipynb`, `data/...`. A file
    that is there already is somebody's work and stays as it is. Raises ConfigError.
    """
    base = root()
    sources = _files(base) if which is None else _needed(base, which)
    try:
        return [
            _copied(source, folder / source.relative_to(base)) for source in sources
        ]
    except OSError as exc:
        raise ConfigError(
            _(
                "the gallery could not be copied to {folder}: {why}",
                folder=folder,
                why=exc.strerror or exc,
            ),
            hint=_(
                "Name a folder that you may write to: "
                "`glmkit gallery copy NUMBER FOLDER`, `glmkit lab FOLDER`."
            ),
        ) from exc


def _needed(base: Path, notebook: GalleryNotebook) -> list[Path]:
    """Return the notebook, its cassette, its data with their terms, its pictures."""
    found = [notebook.path]
    if notebook.cassette.is_file():
        found.append(notebook.cassette)
    data = base / "data"
    if notebook.about.data:
        found += [data / name for name in notebook.about.data]
        terms = (data / name for name in _TERMS)
        found += [p for t in terms for p in ([t] if t.is_file() else _files(t))]
    for name in _PICTURE.findall("\n".join(notebook.cells)):
        path = (notebook.path.parent / name.strip()).resolve()
        if path.is_file() and path.is_relative_to(base.resolve()):
            found.append(base / path.relative_to(base.resolve()))
    return list(dict.fromkeys(found))


def _copied(source: Path, target: Path) -> Copied:
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        return Copied(target, new=False)
    with source.open("rb") as file:
        # An interrupted copy must not look like somebody's work.
        write_whole(target, partial(shutil.copyfileobj, file))
    return Copied(target, new=True)
