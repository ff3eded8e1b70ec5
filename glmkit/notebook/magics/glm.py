"""The two magics."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from IPython.core.magic import (
    Magics,
    cell_magic,
    line_magic,
    magics_class,
    no_var_expand,
)

from glmkit.notebook import namespace
from glmkit.notebook.magics import cell_options, commands
from glmkit.types.plain_text import say

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from glmkit.notebook.session import Session


def with_body(lines: list[str]) -> list[str]:
    """Give a `%%glm` line that stands alone an empty body, so that the magic runs.

    IPython refuses a cell magic without a body, and names the line magic.
    """
    if len(lines) == 1 and _ALONE.match(lines[0]):
        return [*lines, "\n"]
    return lines


# While a cell is typed it is not complete yet: IPython then leaves this one out.
with_body.has_side_effects = True  # type: ignore[attr-defined]
_ALONE = re.compile(r"%%glm(\s|$)")


@magics_class
class GLMMagics(Magics):
    """`%%glm` and `%glm`."""

    def __init__(self, shell: InteractiveShell, session: Session) -> None:
        super().__init__(shell)
        self.session = session

    @cell_options.options
    @no_var_expand
    @cell_magic("glm")  # type: ignore[arg-type]
    def ask(self, line: str, cell: str) -> Any:
        """Ask a model: the cell is the prompt.

        `{name}` becomes the value of an expression over names of this notebook; every
        other brace goes out as it stands. `--dry-run` shows what would be sent.

        %%glm -m glm-4-plus -t 0.2 -o answer
        What stands out in {df.describe()}?
        """
        from glmkit.notebook.cell import ask

        session, parser = self.session, cell_options.parser(self.ask)
        names = session.names(namespace.caller_of(session.shell))
        question = cell_options.read(parser, line, cell, session.settings, names)
        if question is None:
            say(parser.format_help())
            return None
        if question.each is not None:
            from glmkit.notebook import table_cell

            return table_cell.ask(session, question, names)
        if question.document is not None:
            from glmkit.notebook import document_cell

            return document_cell.ask(session, question, names)
        return ask(session, question, names)

    @no_var_expand
    @line_magic("glm")  # type: ignore[arg-type]
    def manage(self, line: str) -> Any:
        """Show status, models, usage and settings: `%glm help` lists what there is."""
        return commands.run(self.session, line)
