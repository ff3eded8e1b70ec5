"""A sentence hidden at depths of texts of several lengths: which does a model find?"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any, Unpack

import pandas as pd

from glmkit.catalog import cards
from glmkit.catalog.tokens import count
from glmkit.figures.hidden_sentence import heat_map
from glmkit.tables.accessor import TableVerbs
from glmkit.tables.frame import cost_of
from glmkit.tables.plan import Plan
from glmkit.tables.run_options import RunOptions, client_of
from glmkit.types.errors import ConfigError
from glmkit.types.plain_text import plain, say
from glmkit.types.translation import _

DEPTHS = (0.0, 0.25, 0.5, 0.75, 1.0)
LENGTHS = (1_000, 4_000, 16_000, 64_000)
#: Most tokens of a text where the model's window is not known.
_LONGEST = 2_000_000

_WHO = ("The gardener", "A ferryman", "The old clerk", "My neighbour", "The baker",
        "A teacher", "The lamplighter", "A surveyor")  # fmt: skip
_DID = ("mended", "counted", "painted", "carried", "described", "weighed", "sorted",
        "forgot", "measured", "admired")  # fmt: skip
_WHAT = ("the wooden gate", "eleven pears", "a blue ladder", "the north wall",
         "two maps", "a box of nails", "the tall clock", "some letters")  # fmt: skip
_WHEN = ("before noon", "in the rain", "after the market", "without a word",
         "at the harbour", "on a quiet evening", "near the mill")  # fmt: skip
_PLACES = ("Arden", "Belmore", "Corven", "Dunley", "Elstow", "Farnham", "Garth")
_CODES = ("amber", "cobalt", "juniper", "marble", "saffron", "walnut", "zephyr")
_QUESTION = "What is the code word of the archive in {place}? Answer with it alone."


class Needle:
    """What a model found: `.frame` has a row for each question, `.figure` shows them.

    Columns of the frame: `length` in tokens, `depth` from 0 (start) to 1 (end),
    `round`, `code`, `answer`, `found` (NA where there is no answer), and those of
    `df.glm.map`.
    """

    def __init__(self, frame: pd.DataFrame, model: str) -> None:
        self.frame = frame
        self.model = model

    @property
    def shares(self) -> pd.DataFrame:
        """Return `found` and `asked` by `length` and `depth`; unanswered left out."""
        answered = self.frame.dropna(subset=["found"])
        by = answered.groupby(["length", "depth"], sort=True)["found"]
        return by.agg(found="sum", asked="size").reset_index().astype({"found": int})

    @property
    def figure(self) -> Any:
        """Return a heat map of depth and length as a plotly figure."""
        name = self.model
        if "illustration" in set(self.frame.get("answer_model", ())):
            name = _("{model} (illustrations: no model answered)", model=name)
        return heat_map(self.shares, name, cost_of(self.frame))

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return self.figure._repr_mimebundle_(**options)

    def __repr__(self) -> str:
        return plain(self.shares.to_string(index=False))


def needle(  # type: ignore[misc]  # model and seed are options too
    model: str | None = None,
    text: str | None = None,
    *,
    depths: Sequence[float] = DEPTHS,
    lengths: Sequence[int] = LENGTHS,
    rounds: int = 1,
    seed: int = 0,
    run: bool = True,
    **options: Unpack[RunOptions],
) -> Any:
    """Hide a sentence in texts and ask for it, at each depth of each length.

    `lengths` are tokens of the prompt's text, `depths` from 0 to 1, `rounds` how often
    each is asked with another sentence. `text` is what it is hidden in; without one,
    or where it is too short, plain sentences are made from `seed`. What it would cost
    is printed before it is sent; `run=False` returns the plan. Returns a `Needle`,
    which shows itself as a heat map. Raises ConfigError.

        glmkit.needle("glm-4-long", lengths=[8_000, 128_000, 512_000])
    """
    depths, lengths = _listed("depths", depths), _listed("lengths", lengths)
    _check(depths, lengths, rounds)
    _check_window(lengths, model or client_of(options.get("client")).model)
    rows = list(_rows(text, depths, lengths, rounds, seed))
    frame = pd.DataFrame(rows)
    given: dict[str, Any] = dict(options)
    if model is not None:
        given["model"] = model
    plan: Plan = TableVerbs(frame).map(
        "{text}\n\n{question}", to="answer", run=False, **given
    )
    if not run:
        return plan
    lines = dict(plan.lines())
    said = _("{n} questions, {tokens} tokens", n=len(rows), tokens=lines["tokens"])
    say(f"{said}: {lines['cost']} ({lines['model']})")
    found = plan.run()
    hits = [
        pd.NA if pd.isna(answer) else code.lower() in answer.lower()
        for code, answer in zip(found["code"], found["answer"], strict=True)
    ]
    found = found.drop(columns=["text", "question"])
    found["found"] = pd.array(hits, dtype="boolean")
    return Needle(found, plan.task.model)


def _listed(name: str, values: Any) -> list[Any]:
    """Return numbers as a list; ConfigError where they are none."""
    try:
        numbers = list(values)
        [value + 0.0 for value in numbers]
    except TypeError as exc:
        raise ConfigError(
            _("{name} cannot be {value!r}", name=name, value=values),
            hint=_("Pass a list of numbers."),
        ) from exc
    return numbers


def _check_window(lengths: Sequence[int], model: str) -> None:
    """Raise ConfigError for a length that no prompt of the model can have."""
    card = cards.card(model)
    most = (card and card.context_window) or _LONGEST
    if max(lengths) > most:
        raise ConfigError(
            _(
                "a length of {length:,} tokens does not fit: {model} takes {most:,}",
                length=max(lengths),
                model=model,
                most=most,
            ),
            hint=_("Pass shorter lengths=, or a model with a larger window."),
        )


def _check(depths: Sequence[float], lengths: Sequence[int], rounds: int) -> None:
    if not depths or not all(0 <= depth <= 1 for depth in depths):
        raise ConfigError(
            _("depths cannot be {value!r}", value=depths),
            hint=_("Pass numbers from 0 to 1: depths=[0, 0.5, 1]."),
        )
    if not lengths or not all(length >= 100 for length in lengths):
        raise ConfigError(
            _("lengths cannot be {value!r}", value=lengths),
            hint=_("Pass tokens from 100 on: lengths=[1000, 8000]."),
        )
    if type(rounds) is not int or rounds < 1:
        raise ConfigError(
            _("rounds cannot be {value!r}", value=rounds), hint=_("Pass 1 or more.")
        )


def _rows(
    text: str | None,
    depths: Sequence[float],
    lengths: Sequence[int],
    rounds: int,
    seed: int,
) -> Iterator[dict[str, Any]]:
    """Yield a question for each length, depth and round."""
    seeded = random.Random(seed)
    hay = _sentences(text, seeded)
    known: list[str] = []
    sizes: list[int] = []
    total = 0
    for length in sorted(lengths):
        while total < length:
            known.append(next(hay))
            sizes.append(max(1, count(known[-1]).tokens))
            total += sizes[-1]
        kept = _fitting(sizes, length)
        for depth in depths:
            for round_ in range(rounds):
                place = seeded.choice(_PLACES)
                code = f"{seeded.choice(_CODES)}-{seeded.randrange(100, 1000)}"
                hidden = f"The code word of the archive in {place} is {code}."
                at = round(depth * kept)
                parts = [*known[:at], hidden, *known[at:kept]]
                yield {
                    "length": length,
                    "depth": float(depth),
                    "round": round_,
                    "code": code,
                    "text": " ".join(parts),
                    "question": _QUESTION.format(place=place),
                }


def _fitting(sizes: Sequence[int], length: int) -> int:
    total = 0
    for place, size in enumerate(sizes):
        total += size
        if total > length:
            return place
    return len(sizes)


def _sentences(text: str | None, seeded: random.Random) -> Iterator[str]:
    """Yield the lines of a text, then sentences about nothing."""
    yield from (line for line in (text or "").splitlines() if line.strip())
    while True:
        words = (seeded.choice(part) for part in (_WHO, _DID, _WHAT, _WHEN))
        yield " ".join(words) + "."
