"""The service's bill, written from the price list's words and nothing else of ours.

Amounts are fractions until the end; nothing is imported from the package under test.
"""

from __future__ import annotations

import json
import random
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

from tests.support.paced_answers import Plan

LIST = Path(__file__).parents[2] / "glmkit/catalog/data/models.json"


@lru_cache(maxsize=1)
def price_list() -> dict[str, Any]:
    return {entry["id"]: entry for entry in json.loads(LIST.read_text("utf-8"))}


#: Models that have prices by the token, and do not chat.
_OTHERWISE = {"glm-4-assistant", "glm-ocr"}


def priced(currency: str) -> list[str]:
    """Return the models that chat, and bill input and output in a currency."""
    return [
        name
        for name, entry in price_list().items()
        for price in entry["prices"]
        if name not in _OTHERWISE
        and price["currency"] == currency
        and price["unit"] == "1M tokens"
        and all(tier["input"] and tier["output"] for tier in price["tiers"])
    ]


def due(model: str, currency: str, prompt: int, output: int, cached: int) -> int:
    """Return what a call is billed, in 10⁻¹² units of the currency."""
    (price,) = [
        price
        for price in price_list()[model]["prices"]
        if price["currency"] == currency
    ]
    tier = next(
        tier
        for tier in price["tiers"]
        if (tier["prompt_below"] is None or prompt < tier["prompt_below"])
        and (tier["output_below"] is None or output < tier["output_below"])
    )
    fresh, answer = Fraction(tier["input"]), Fraction(tier["output"])
    kept = fresh if tier["cached"] is None else Fraction(tier["cached"])
    micro = (prompt - cached) * fresh + cached * kept + output * answer
    exact = micro * 10**6
    assert exact.denominator == 1
    return exact.numerator


def billed(plan: Plan, number: int, model: str, bill: dict[str, int]) -> Plan:
    """Give the request with this number a random usage, and write it on the bill."""
    chance = random.Random(f"{plan.lane} {number}")
    edge = chance.choice([1, 199, 200, 201, 32767, 32768, 32769, 131072])
    prompt = chance.choice([edge, chance.randint(1, 140_000)])
    output = chance.choice([199, 200, chance.randint(1, 5000)])
    cached = chance.choice([-1, 0, chance.randint(0, prompt)])
    owed = due(model, plan.bill, prompt, output, max(cached, 0))
    bill[model] = bill.get(model, 0) + owed
    return replace(
        plan, prompt_tokens=prompt, completion_tokens=output, cached_tokens=cached
    )
