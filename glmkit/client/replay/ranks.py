"""The rank of a recorded answer, and the least rank that a call may be answered by."""

from __future__ import annotations

from typing import Literal, get_args

from glmkit.config.endpoints import LOCAL

#: Who made an answer, the least first. An illustration was written by a script or by
#: hand; the stand-in is the small local model; the service is a model that was asked
#: with a key or at a custom URL.
Rank = Literal["illustration", "stand-in", "service"]
RANKS: tuple[Rank, ...] = get_args(Rank)

_stand_ins: set[str] = set()


def rank_of(stand_in: str, endpoint: str) -> Rank:
    """Return the rank of an answer by its stand-in mark and its endpoint's name.

    >>> rank_of("", "bigmodel"), rank_of("SmolLM2", "another server")
    ('service', 'stand-in')
    """
    return "stand-in" if stand_in or endpoint == LOCAL.name else "service"


def least_for(endpoint: str) -> Rank:
    """Return the least rank that mode `auto` serves where this endpoint would answer.

    Without a key the stand-in would answer, and every record serves. A custom URL
    counts as a service until it has answered as a stand-in in this process.

    >>> least_for("local"), least_for("bigmodel")
    ('illustration', 'service')
    """
    stands_in = endpoint == LOCAL.name or endpoint in _stand_ins
    return "illustration" if stands_in else "service"


def note_answer(endpoint: str, rank: Rank) -> None:
    """Remember whether an endpoint is one behind which the stand-in answers."""
    if rank == "stand-in":
        _stand_ins.add(endpoint)
    else:
        _stand_ins.discard(endpoint)
