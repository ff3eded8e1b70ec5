"""Lines that a magic prints into its cell."""

from glmkit.types.plain_text import say

__all__ = ["say"]
