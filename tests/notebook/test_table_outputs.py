"""Tables of answers as outputs: nothing that a terminal obeys or MathJax follows."""

from __future__ import annotations

import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell

from glmkit.notebook import table_outputs

CLIPBOARD = "\x1b]52;c;cHduZWQ=\x07\x9b31m"
LINK = r"$\href{javascript:alert(1)}{click}$"


def bundle(shell: InteractiveShell, value: object) -> dict[str, str]:
    assert shell.display_formatter is not None
    data, _ = shell.display_formatter.format(value)
    return dict(data)


@pytest.mark.parametrize("kind", [pd.DataFrame, lambda rows: pd.Series(rows["a"])])
def test_a_table_of_answers_writes_no_control_character(
    shell: InteractiveShell, kind: type
) -> None:
    shown = bundle(shell, kind({"a": [CLIPBOARD, "plain"]}))["text/plain"]
    assert "52;c;cHduZWQ=" in shown
    assert not {"\x1b", "\x07", "\x9b"} & set(shown)


def test_a_table_with_a_link_as_a_formula_is_not_typeset(
    shell: InteractiveShell,
) -> None:
    html = bundle(shell, pd.DataFrame({"a": [LINK]}))["text/html"]
    assert html.startswith('<div class="mathjax_ignore tex2jax_ignore">')


def test_other_tables_are_shown_as_pandas_does(shell: InteractiveShell) -> None:
    table = pd.DataFrame({"a": ["$x^2$", "<b>"], "b": [1.5, None]})
    assert bundle(shell, table)["text/html"] == table._repr_html_()
    assert bundle(shell, table)["text/plain"] == repr(table)


def test_a_formatter_of_somebody_else_stays(shell: InteractiveShell) -> None:
    assert shell.display_formatter is not None
    formatter = shell.display_formatter.formatters["text/html"]
    table_outputs.unregister(shell)
    formatter.for_type(pd.DataFrame, lambda table: "theirs")
    table_outputs.register(shell)
    assert bundle(shell, pd.DataFrame({"a": [LINK]}))["text/html"] == "theirs"
    formatter.pop(pd.DataFrame)


def test_without_the_extension_pandas_shows_tables_itself(
    shell: InteractiveShell,
) -> None:
    table_outputs.unregister(shell)
    assert "\x1b" in bundle(shell, pd.DataFrame({"a": [CLIPBOARD]}))["text/plain"]
    table_outputs.register(shell)
