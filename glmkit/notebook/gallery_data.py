"""Where the gallery is, and the data files that its notebooks read."""

from __future__ import annotations

from difflib import get_close_matches
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path, PurePosixPath

from glmkit.types.errors import ConfigError
from glmkit.types.translation import _

#: A notebook that every gallery has, by which its folder is known.
START = "00_start.ipynb"
_SHARED = f"share/glmkit/notebooks/{START}"
_CHECKOUT = Path(__file__).parents[2]


def root() -> Path:
    """Return the folder of the gallery that came with glmkit; ConfigError if none."""
    found = _checkout() or _installed()
    if found is None:
        raise ConfigError(
            _("the gallery is not installed"),
            hint=_('Install glmkit again; in the checkout: pip install ".[lab,local]"'),
        )
    return found


def _checkout() -> Path | None:
    # What an editable installation copied may be older than the checkout.
    folder = _CHECKOUT / "notebooks"
    here = (_CHECKOUT / "pyproject.toml").is_file() and (folder / START).is_file()
    return folder if here else None


def _installed() -> Path | None:
    try:
        listed = files("glmkit") or []
    except PackageNotFoundError:
        return None
    paths = (Path(str(f.locate())) for f in listed if f.as_posix().endswith(_SHARED))
    return next((path.resolve().parent for path in paths if path.is_file()), None)


def data_file(name: str) -> Path:
    """Return the path of a data file of the gallery.

    Looks in `data` beside the notebook and beside its folder, then in the gallery
    that came with glmkit. Raises ConfigError where the file is in none of them.

    >>> data_file("legal_licences.json")  # doctest: +SKIP
    PosixPath('/home/ann/glmkit-gallery/data/legal_licences.json')
    """
    part = PurePosixPath(name)
    if not part.name or part.is_absolute() or ".." in part.parts or "\\" in name:
        raise ConfigError(
            _("{name!r} is not the name of a data file", name=name),
            hint=_("Name a file of the folder data, without the folder."),
        )
    here = Path.cwd()
    for folder in (here, here.parent, _checkout(), _installed()):
        if folder and (path := folder / "data" / part).is_file():
            return path
    raise ConfigError(
        _("the data file {name!r} was not found", name=name), hint=_advice(name)
    )


def _advice(name: str) -> str:
    known = sorted(data_names())
    if near := get_close_matches(name, known, n=1):
        return _("Did you mean {name!r}?", name=near[0])
    return _(
        "Put it into a folder named data beside the notebook, or copy the notebook "
        "together with its data: `glmkit gallery copy NUMBER`."
    )


def data_names() -> set[str]:
    """Return the names of the data files that came with glmkit."""
    folders = [folder / "data" for folder in (_checkout(), _installed()) if folder]
    return {
        path.relative_to(folder).as_posix()
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and path.suffix not in {".py", ".md"}
    }
