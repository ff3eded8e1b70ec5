"""Lines that a magic prints into its cell."""

from __future__ import annotations


def say(*lines: str) -> None:
    """Print lines without control characters: names may come from anywhere."""
    from glmkit.render import plain

    print("\n".join(map(plain, lines)))
