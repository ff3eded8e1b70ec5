"""Window of requests in flight: by a known right, or learned.

Additive increase and multiplicative decrease, counted in rounds: a round is as many
successes as there are slots, and a round shrinks the window once at most.
"""

from __future__ import annotations

from typing import NamedTuple

#: Slots to begin with where the right is not known.
UNKNOWN_RIGHT = 5
#: No unknown right is thought to be above this.
HIGHEST = 1024
#: What is left of a window that was refused; a search that overshot goes back by half.
SHRINK = 0.85


class Right(NamedTuple):
    """How many requests may be in flight: `most`, and whether that is known.

    Where it is not, `most` is the number to begin the search with.
    """

    most: int = UNKNOWN_RIGHT
    known: bool = False


class Window:
    """Number of slots, adjusted to the responses of the service.

    >>> window = Window(Right())
    >>> for ticket in range(5):
    ...     window.succeeded()
    >>> window.size
    10
    >>> window.refused(ticket=5, latest=5)
    >>> window.size
    5
    """

    def __init__(self, right: Right, learned: int | None = None) -> None:
        self.size = 0
        self._right: Right | None = None
        self._searching = False
        self._shrunk = False
        self._successes = 0
        self._mark = 0
        self._saved = 0
        self.ask(right, learned)

    def ask(self, right: Right, learned: int | None = None) -> bool:
        """Apply a right from now on; return whether it changed.

        `learned` is what was known of it before.
        """
        if right == self._right:
            return False
        kept = self.size if self._shrunk else right.most
        self._right = right
        self._searching = not right.known and learned is None
        self.size = max(1, min(learned or kept, right.most if right.known else HIGHEST))
        self._saved = self.size
        return True

    def succeeded(self) -> None:
        """Count a success of a full window: after a round of them it grows."""
        self._successes += 1
        if self._successes < self.size or self._right is None:
            return
        self._successes = 0
        most = self._right.most if self._right.known else HIGHEST
        grown = self.size * 2 if self._searching else self.size + 1
        self.size = min(grown, most)
        self._shrunk = self._shrunk and self.size < most

    def refused(self, ticket: int, latest: int) -> None:
        """Shrink: too many were in flight.

        Requests are numbered by `ticket`; those that had started before the last
        shrinking (`latest` was the newest then) say nothing new.
        """
        if ticket <= self._mark:
            return
        self._mark = latest
        share = 0.5 if self._searching else SHRINK
        self.size = max(1, min(self.size - 1, int(self.size * share)))
        self._shrunk = True
        self.overloaded()

    def overloaded(self) -> None:
        """Stop growing fast: the service is overloaded."""
        self._searching = False
        self._successes = 0

    def news(self) -> int | None:
        """Return a newly learned size that is worth storing; None otherwise."""
        if self._right is None or self._right.known:
            return None
        if 4 * self._saved <= 5 * self.size and 5 * self.size <= 6 * self._saved:
            return None
        self._saved = self.size
        return self.size
