"""Outputs of DataFrames and Series, which may hold what a model wrote.

pandas escapes HTML, but not what a terminal obeys and what MathJax follows.
"""

from __future__ import annotations

from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from glmkit.types.plain_text import plain

#: Where pandas has defined its tables, the newest first.
_TABLES = (
    ("pandas", "DataFrame"),
    ("pandas", "Series"),
    ("pandas.core.frame", "DataFrame"),
    ("pandas.core.series", "Series"),
)


def register(shell: InteractiveShell) -> None:
    """Filter the outputs of tables that nothing else formats."""
    for kind, function in _FORMATTERS.items():
        for module, name in _TABLES:
            if kind == "text/plain" or name == "DataFrame":
                _add(_formatter(shell, kind), module, name, function)


def unregister(shell: InteractiveShell) -> None:
    """Leave the outputs of tables to pandas again."""
    for kind, function in _FORMATTERS.items():
        formatter = _formatter(shell, kind)
        for known in (formatter.type_printers, formatter.deferred_printers):
            for key in [key for key, value in known.items() if value is function]:
                del known[key]


def _formatter(shell: InteractiveShell, kind: str) -> Any:
    assert shell.display_formatter is not None  # every shell has one
    return shell.display_formatter.formatters[kind]


def _add(formatter: Any, module: str, name: str, function: Any) -> None:
    try:
        formatter.lookup_by_type(f"{module}.{name}")
    except KeyError:
        formatter.for_type_by_name(module, name, function)


def _plain(table: Any, printer: Any, _cycle: bool) -> None:
    printer.text(plain(repr(table)))


def _html(table: Any) -> str | None:
    """Return a table's HTML; one with commands that link or load is not typeset."""
    from glmkit.render.formulas import refused

    html: str | None = table._repr_html_()
    if html is None or not refused(html):
        return html
    return f'<div class="mathjax_ignore tex2jax_ignore">{html}</div>'


_FORMATTERS = {"text/plain": _plain, "text/html": _html}
