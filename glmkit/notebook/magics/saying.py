"""Lines that a magic prints into its cell."""

from __future__ import annotations

from glmkit.render import plain


def say(*lines: str) -> None:
    """Print lines without control characters: names may come from anywhere."""
    print("\n".join(map(plain, lines)))
