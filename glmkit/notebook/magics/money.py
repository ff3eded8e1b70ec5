"""`%glm models`, `usage`: what there is and what it cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from glmkit.errors import ConfigError

if TYPE_CHECKING:
    from glmkit.notebook.session import Session


def models(session: Session, *words: str) -> Any:
    """Show the catalogue as a table: `%glm models long`."""
    from glmkit import frames

    return frames.models(" ".join(words) or None)


def usage(session: Session, *words: str) -> Any:
    """Show the calls, or their sums: `%glm usage by model`."""
    from glmkit import frames

    match words:
        case ():
            return frames.usage()
        case ("by", str(by)) | (str(by),):
            return frames.usage(by=by)
        case _:
            raise ConfigError(
                "usage takes `by NAME`", hint="For instance `%glm usage by model`."
            )
