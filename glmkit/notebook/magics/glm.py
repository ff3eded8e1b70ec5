"""The two magics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, cell_magic, line_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring

from glmkit.notebook.magics import lines

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from glmkit.calls import Reply
    from glmkit.notebook.session import Session


@magics_class
class GLMMagics(Magics):
    """`%%glm` and `%glm`."""

    def __init__(self, shell: InteractiveShell, session: Session) -> None:
        super().__init__(shell)
        self.session = session

    @magic_arguments("%%glm")
    @argument("-m", "--model", help="model that answers")
    @argument("-t", "--temperature", type=float, help="0 to 1")
    @argument("--top-p", "--top_p", type=float, help="0.01 to 1")
    @argument(
        "--max-tokens", "--max_tokens", type=int, help="most tokens of the answer"
    )
    @argument("-s", "--system", help="system prompt, in quotes")
    @argument(
        "--no-stream", "--no_stream", action="store_true", help="wait for the whole"
    )
    @argument("-o", "--out", metavar="NAME", help="variable that keeps the Reply")
    @argument("-q", "--quiet", action="store_true", help="show nothing, only keep")
    @cell_magic("glm")  # type: ignore[arg-type]
    def ask(self, line: str, cell: str) -> Reply:
        """Ask a model: the cell is the prompt, byte for byte.

        %%glm -m glm-4-plus -t 0.2 -o answer
        Why is the sky blue?
        """
        given = dict(vars(parse_argstring(self.ask, line)))
        switches = {name: given.pop(name) for name in ("no_stream", "quiet", "out")}
        return self.session.ask(
            cell.removesuffix("\n"),
            {
                name: _unquoted(value)
                for name, value in given.items()
                if value is not None
            },
            out=switches["out"],
            stream=self.session.settings.stream and not switches["no_stream"],
            quiet=switches["quiet"],
        )

    @line_magic("glm")  # type: ignore[arg-type]
    def manage(self, line: str) -> Any:
        """Show status, models, usage and settings: `%glm help` lists what there is."""
        return lines.run(self.session, line)


def _unquoted(value: Any) -> Any:
    """Take off the quotes that IPython leaves round an argument."""
    if isinstance(value, str) and len(value) > 1 and value[0] == value[-1] in "'\"":
        return value[1:-1]
    return value
