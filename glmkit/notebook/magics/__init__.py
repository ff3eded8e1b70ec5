"""`%%glm` asks, `%glm` looks after the rest: lines translated into calls."""

from glmkit.notebook.magics.glm import GLMMagics

__all__ = ["GLMMagics"]
