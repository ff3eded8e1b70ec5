"""The model catalogue: a card for each model, from the package and the user's file.

`GLMKIT_MODELS_FILE` names a JSON file of cards: an entry with a known `id` replaces
the fields that it names, any other entry adds a model.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import msgspec

from glmkit.types.errors import ConfigError
from glmkit.types.first_use import prepare
from glmkit.types.translation import _

_DATA = Path(__file__).parent / "data"
_PER_MILLION = 10**6

Status = Literal[
    "current",
    "legacy",
    "deprecated",
    "retired",
    "open-weights",
    "finetune-base",
    "unconfirmed",
]
Unit = Literal["1M tokens", "image", "video", "minute of audio", "call"]
#: The source of a price in the user's own file.
USER = "user"


class _Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a card; an unknown field is an error."""


class Tier(_Record, frozen=True):
    """Prices of a million tokens where prompt and output are below these lengths.

    None: no bound, or a price that is not known.
    """

    prompt_below: int | None = None
    output_below: int | None = None
    input: Decimal | None = None
    cached: Decimal | None = None
    output: Decimal | None = None


class Price(_Record, frozen=True):
    """The price in one currency: `tiers` of tokens, tried in order, or `each` unit.

    `first_day` is the first day it holds (None: not known); `source` a key of
    `sources()`, and `cached_source` that of the price of cached input, if another.
    """

    currency: Literal["CNY", "USD"]
    unit: Unit = "1M tokens"
    first_day: date | None = msgspec.field(default=None, name="from")
    tiers: tuple[Tier, ...] = ()
    each: Decimal | None = None
    source: str = USER
    cached_source: str | None = None

    @property
    def amounts(self) -> tuple[Decimal, ...]:
        """All amounts of the price."""
        asked = [self.each]
        for tier in self.tiers:
            asked += [tier.input, tier.cached, tier.output]
        return tuple(amount for amount in asked if amount is not None)

    @property
    def free(self) -> bool:
        """Whether all amounts are 0."""
        return bool(self.amounts) and not any(self.amounts)


class UseCase(_Record, frozen=True):
    """A use case of the model's page."""

    title: str
    description: str


class Card(_Record, frozen=True, eq=False):
    """The facts about a model; None where nothing is stated or confirmed.

    Lengths are tokens. `in_flight` is the number of concurrent requests by level of
    account; `max_output_enforced` the largest `max_tokens` that the service accepts;
    `withdrawn` the day on which a retired model ended, and `successor` the current
    model in its place.
    """

    id: str
    name: str = ""
    kind: str = "text"
    status: Status = "current"
    withdrawn: date | None = None
    successor: str | None = None
    input_modalities: tuple[str, ...] = ("text",)
    output_modalities: tuple[str, ...] = ("text",)
    context_window: int | None = None
    context_window_label: str | None = None
    max_output: int | None = None
    max_output_label: str | None = None
    max_output_enforced: int | None = None
    default_max_tokens: int | None = None
    in_flight: dict[str, int] | None = None
    features: tuple[str, ...] = ()
    features_on_page: tuple[str, ...] | None = None
    prices: tuple[Price, ...] = ()
    batch_price_factor: Decimal | None = None
    thinking: str | None = None
    dimensions: tuple[int, ...] = ()
    default_dimensions: int | None = None
    max_tokens_per_item: int | None = None
    max_items: int | None = None
    use_cases: tuple[UseCase, ...] = ()
    source: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        factor = self.batch_price_factor
        for price in self.prices:
            for amount in price.amounts:
                _check_amount(amount, amount * (1 if factor is None else factor))

    @property
    def cap(self) -> int | None:
        """The largest `max_tokens` that is accepted."""
        return self.max_output_enforced or self.max_output


prepare(Card)
_decode = msgspec.json.Decoder(tuple[Card, ...]).decode


def _check_amount(*amounts: Decimal) -> None:
    """Raise ValueError for an amount that is not in whole 10⁻¹² units a token."""
    for amount in amounts:
        scaled = amount * _PER_MILLION if amount.is_finite() else amount
        if not amount.is_finite() or amount < 0 or scaled != int(scaled):
            raise ValueError(f"the price {amount:f} is negative or finer than 10⁻⁶")


@lru_cache(maxsize=4096)
def plain(model: str) -> str:
    """Return a model's name without case and punctuation.

    >>> plain("GLM-4-FlashX-250414")
    'glm4flashx250414'
    """
    return re.sub(r"[\W_]", "", model).lower()


def cards() -> tuple[Card, ...]:
    """Return all cards; ConfigError where the user's file is wrong."""
    return tuple(_index(os.environ.get("GLMKIT_MODELS_FILE", "")).values())


def fee(engine: str) -> Card | None:
    """Return the card of a search engine, billed by the call; None if unknown.

    >>> str(fee("search_pro").prices[0].each)
    '0.03'
    """
    return card(engine) or _fees().get(plain(engine))


@lru_cache(maxsize=1)
def _fees() -> dict[str, Card]:
    found = _decode((_DATA / "fees.json").read_bytes())
    return {plain(entry.id): entry for entry in found}


def card(model: str) -> Card | None:
    """Return a model's card, whatever the case and punctuation; None if unknown.

    >>> card("glm4flashx250414").name
    'GLM-4-FlashX-250414'
    """
    return _card(model, os.environ.get("GLMKIT_MODELS_FILE", ""))


@lru_cache(maxsize=1024)
def _card(model: str, user_file: str) -> Card | None:
    return _index(user_file).get(plain(model))


@lru_cache(maxsize=1)
def sources() -> dict[str, str]:
    """Return the short names of sources, with their descriptions."""
    return msgspec.json.decode(
        (_DATA / "sources.json").read_bytes(), type=dict[str, str]
    )


@lru_cache(maxsize=4)
def _index(user_file: str) -> dict[str, Card]:
    packaged = _decode((_DATA / "models.json").read_bytes())
    index = {plain(entry.id): entry for entry in packaged}
    if user_file:
        _lay_over(index, Path(user_file).expanduser())
    return index


def _lay_over(index: dict[str, Card], path: Path) -> None:
    try:
        data = path.read_bytes()
    except OSError as exc:
        raise ConfigError(
            _(
                "the models file {path} cannot be read: {why}",
                path=path,
                why=exc.strerror,
            ),
            hint=_("Correct GLMKIT_MODELS_FILE, or unset it."),
        ) from exc
    for line, raw in _entries(data, path):
        try:
            entry = msgspec.json.decode(raw, type=dict[str, Any])
            known = index.get(plain(str(entry.get("id", ""))))
            merged = (msgspec.to_builtins(known) if known else {}) | entry
            new = msgspec.convert(merged, Card)
        except msgspec.ValidationError as exc:
            raise _refusal(path, line + _line_within(raw, str(exc)), str(exc)) from exc
        index[plain(new.id)] = new


def _entries(data: bytes, path: Path) -> Iterable[tuple[int, bytes]]:
    """Yield each entry with the number of its first line."""
    try:
        raws = msgspec.json.decode(data, type=list[msgspec.Raw])
    except msgspec.DecodeError as exc:
        found = re.search(r"\(byte (\d+)\)", str(exc))
        offset = int(found[1]) if found else 0
        raise _refusal(path, 1 + data[:offset].count(b"\n"), str(exc)) from exc
    position = 0
    for raw in map(bytes, raws):
        position = data.index(raw, position)
        yield 1 + data[:position].count(b"\n"), raw
        position += len(raw)


def _line_within(raw: bytes, message: str) -> int:
    """Return the line of the field that the message names, 0 if it names none."""
    fields = re.findall(r"[`.](\w+)", message)
    places = [raw.find(f'"{field}"'.encode()) for field in fields]
    return raw[: max(0, *places)].count(b"\n") if places else 0


def _refusal(path: Path, line: int, what: str) -> ConfigError:
    return ConfigError(
        _(
            "the models file {path} is wrong in line {line}: {what}",
            path=path,
            line=line,
            what=what,
        ),
        hint=_("Correct that line; the packaged cards show every field."),
    )
