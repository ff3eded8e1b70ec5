"""The reference: a page for each public module, made of the docstrings."""

from __future__ import annotations

import warnings
from importlib import import_module
from pathlib import Path
from types import ModuleType

from glmkit.types.errors import ConfigError
from glmkit.types.translation import _

#: The public modules; the top's own names are those that it resolves.
MODULES = (
    "glmkit", "glmkit.errors", "glmkit.figures", "glmkit.gallery", "glmkit.pandas",
    "glmkit.sandbox", "glmkit.widgets",
)  # fmt: skip
_THEME = Path(__file__).with_name("theme")


def write_reference(folder: Path) -> list[Path]:
    """Write a page for each public module into a folder, and the index of its search.

    Raises ConfigError where pdoc is not installed.
    """
    try:
        import pdoc.doc
        import pdoc.render
    except ImportError as exc:
        raise ConfigError(
            _("pdoc is not installed"),
            hint=_('In the checkout: pip install ".[dev]"'),
        ) from exc
    pdoc.render.configure(
        docformat="markdown",
        footer_text="glmkit",
        search=True,
        show_source=False,
        template_directory=_THEME,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of annotations that pdoc cannot resolve
        known = {name: pdoc.doc.Module(_public(name)) for name in MODULES}
        texts = {
            folder / f"{name.replace('.', '/')}.html": pdoc.render.html_module(
                module, known
            )
            for name, module in known.items()
        }
        texts[folder / "search.js"] = pdoc.render.search_index(known)
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return list(texts)


def _public(name: str) -> ModuleType:
    """Return a module whose public names are all there, and listed in `__all__`."""
    module = import_module(name)
    if name != "glmkit":
        return module
    # The errors stand in a module of their own.
    errors = import_module("glmkit.errors").__all__
    listed = sorted(vars(module)["_MODULE_OF"].keys() - {*errors})
    made = ModuleType(name, module.__doc__)
    vars(made).update({each: getattr(module, each) for each in listed})
    vars(made).update(__all__=listed, __file__=module.__file__)
    return made
