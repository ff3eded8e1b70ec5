"""Lines that a magic prints into its cell."""

from __future__ import annotations

from glmkit.types.plain_text import plain


def say(*lines: str) -> None:
    """Print lines without control characters: names may come from anywhere."""
    print(plain("\n".join(lines)))
