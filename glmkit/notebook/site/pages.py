"""Executed notebooks as pages that share their style sheets and plotly's script."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from shutil import copyfile
from string import Template
from typing import Any

import nbconvert
from nbconvert.filters import Highlight2HTML
from nbformat import NotebookNode

from glmkit.types.errors import ConfigError
from glmkit.types.plain_text import escaped
from glmkit.types.translation import _

ASSETS = "assets"
REFERENCE = "reference/glmkit.html"
_OWN = ("site.css", "site.js")
_LAB = ("index.css", "theme-light.css", "theme-dark.css")
_PLOTLY = "plotly.min.js"
_FIGURE = "application/vnd.plotly.v1+json"
#: What a page without a kernel cannot show, or must not run.
_LIVE = ("application/vnd.jupyter.widget-view+json", "application/javascript")

#: Scripts of the page's own folder alone run; nothing is loaded from another server.
_POLICY = (
    "default-src 'none'; script-src 'self' file:; style-src 'self' file: "
    "'unsafe-inline'; img-src 'self' file: data: blob:; font-src data:"
)
_PAGE = Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="$policy">
<title>$title</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="$up$assets/index.css">
<link rel="stylesheet" href="$up$assets/theme-light.css" media="$light">
<link rel="stylesheet" href="$up$assets/theme-dark.css" media="$dark">
<link rel="stylesheet" href="$up$assets/site.css">
$scripts
</head>
<body class="jp-Notebook" data-jp-theme-light="true">
<nav aria-label="Site"><a href="${up}index.html">Gallery</a>
<a href="$up$reference">Reference</a>$download</nav>
<main>
$body
</main>
</body>
</html>
""")


def write_assets(site: Path) -> None:
    """Write the style sheets and scripts that the pages share."""
    folder = site / ASSETS
    folder.mkdir(parents=True, exist_ok=True)
    exporter = nbconvert.HTMLExporter(template_name="lab")
    lab = [Path(p) for p in exporter.template_paths if Path(p).name == "lab"]
    plotly = find_spec("plotly")
    if not lab or plotly is None or not plotly.submodule_search_locations:
        raise ConfigError(
            _("the style sheets of nbconvert or plotly's script are missing"),
            hint=_('In the checkout: pip install ".[dev]"'),
        )
    script = Path(plotly.submodule_search_locations[0]) / "package_data" / _PLOTLY
    sources = [Path(__file__).with_name(name) for name in _OWN]
    sources += [lab[0] / "static" / name for name in _LAB]
    for source in (*sources, script):
        copyfile(source, folder / source.name)


def page(book: NotebookNode, place: PurePosixPath, title: str) -> str:
    """Return an executed notebook as a page at `place`, a path within the site."""
    up = "../" * (len(place.parts) - 1)
    figures = _without_live_outputs(book)
    names = [_PLOTLY] * bool(figures) + ["site.js"]
    scripts = (f'<script defer src="{up}{ASSETS}/{name}"></script>' for name in names)
    source = escaped(place.with_suffix(".ipynb").name, quote=True)
    download = f'\n<a href="{source}" download>This notebook</a>'
    return _PAGE.substitute(
        assets=ASSETS,
        body=_links(_body(book)),
        dark="(prefers-color-scheme: dark)",
        download="" if place.name == "index.html" else download,
        light="not all and (prefers-color-scheme: dark)",
        policy=_POLICY,
        reference=REFERENCE,
        scripts="\n".join(scripts),
        title=escaped(title),
        up=up,
    )


def _body(book: NotebookNode) -> str:
    exporter = nbconvert.HTMLExporter(
        # The cells alone: the template's page asks other servers for its scripts.
        raw_template="{% extends 'lab/base.html.j2' %}",
        exclude_anchor_links=True,
        filters={"highlight_code": _highlighted},
    )
    text, _resources = exporter.from_notebook_node(book)
    return str(text)


def _highlighted(source: str, language: str = "ipython3", **_how: Any) -> str:
    """Return highlighted code; the prompt of a `%%glm` cell is text, not Python."""
    plain = source.lstrip().startswith("%%glm")
    text: str = Highlight2HTML()(source, language="text" if plain else language)
    return text


def _links(text: str) -> str:
    """Return HTML whose links to notebooks lead to their pages."""
    text = re.sub(r'(href="(?![a-z]+:)[^"#?]*)00_index\.ipynb"', r'\1index.html"', text)
    return re.sub(r'(href="(?![a-z]+:)[^"#?]*)\.ipynb(["#])', r"\1.html\2", text)


def _without_live_outputs(book: NotebookNode) -> int:
    """Prepare the outputs for a page; return how many figures it will draw."""
    figures = 0
    for cell in book.cells:
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            for kind in _LIVE:
                data.pop(kind, None)
            if _FIGURE in data:
                figures += 1
                data["text/html"] = _figure(data.pop(_FIGURE))
    return figures


def _figure(figure: Mapping[str, Any]) -> str:
    """Return a figure as data, which `site.js` draws in the page's colours."""
    kept = {name: figure[name] for name in ("data", "layout") if name in figure}
    # As it stands in a script element, `<` must not end it.
    text = json.dumps(kept).replace("<", "\\u003c")
    return (
        '<div class="figure" role="img"></div>'
        f'<script type="application/json">{text}</script>'
    )
