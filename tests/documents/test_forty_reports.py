"""Forty reports with planted numbers, and answers of known correctness."""

from __future__ import annotations

import json
import random
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pandas as pd
import pytest

import glmkit
import glmkit.pandas
from tests.conftest import Paced
from tests.documents.forty_reports import COUNT, LOCKED, SCANNED, Truth, made

Factory = Callable[..., Paced]


class Income(msgspec.Struct):
    """The amounts in yuan, the growth in percent."""

    revenue: float
    net_profit: float
    staff: float
    growth: Annotated[float, msgspec.Meta(description="in %")]


FIELDS = Income.__struct_fields__


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Truth]]:
    folder = tmp_path_factory.mktemp("reports")
    return folder, made(folder)


def wrong(field: str, truth: Truth, seeded: random.Random) -> tuple[Any, str]:
    """Return a wrong value with the right quote, and what is wrong with it."""
    value = getattr(truth, field)
    kinds = ["unit", "invented"] + (["sign"] if value else [])
    match seeded.choice(kinds):
        case "unit":
            scale = 100 if field == "growth" else 10_000
            return (value / scale if value % scale else value * scale), "unit"
        case "sign":
            return -value, "sign"
        case _:
            return value + seeded.choice([1_000_003, -777_001]), "invented"


def answered(
    truths: dict[str, Truth], seed: int
) -> tuple[dict[str, str], dict[tuple[str, str], str]]:
    """Return an answer for each report, a third of its fields wrong, and which."""
    seeded = random.Random(seed)
    answers, faults = {}, {}
    for name, truth in truths.items():
        claims = {}
        for field in FIELDS:
            quote, page = truth.quotes[field]
            value = getattr(truth, field)
            if seeded.random() < 0.35:
                value, faults[name, field] = wrong(field, truth, seeded)
            claimed = page if seeded.random() < 0.8 else seeded.randrange(1, 9)
            said = " ".join(quote.split("|")) if seeded.random() < 0.5 else quote
            claims[field] = {"value": value, "quote": said, "page": claimed}
        answers[name] = json.dumps(claims)
    return answers, faults


def extracted(
    place: Paced, docs: pd.DataFrame, answers: dict[str, str]
) -> pd.DataFrame:
    client = glmkit.Client(place.url, api_key=place.key)
    docs = docs.assign(answer=[answers.get(name, "{}") for name in docs["file"]])
    template = "{document}\nANSWER:{answer}"
    out: pd.DataFrame = docs[docs["problem"].isna()].glm.extract(
        template, schema=Income, evidence=True, client=client
    )
    return out.set_index("file")


def test_what_is_right_leads_to_its_page_and_what_is_wrong_is_flagged(
    paced: Factory, reports: tuple[Path, dict[str, Truth]]
) -> None:
    folder, truths = reports
    docs = glmkit.read_folder(folder)
    answers, faults = answered(truths, seed=3)
    assert len(truths) == COUNT - 2
    assert len(set(faults.values())) == 3
    out = extracted(paced(text="answer"), docs, answers)
    assert (out["extract_status"] == "done").all()
    for name, truth in truths.items():
        for field in FIELDS:
            found, page = (
                out.loc[name, f"{field}_found"],
                out.loc[name, f"{field}_page"],
            )
            at = (name, field, out.loc[name, field], faults.get((name, field)))
            assert page == truth.quotes[field][1], at
            if (name, field) in faults:
                assert found == "value differs", at
            else:
                assert found in ("exact", "normalised"), at


def test_an_invented_quote_leads_nowhere(
    paced: Factory, reports: tuple[Path, dict[str, Truth]]
) -> None:
    folder, truths = reports
    docs = glmkit.read_folder(folder, "report_0[0-4].pdf")
    claim = {"value": 5, "quote": "the sum is 5 as is plain to see", "page": 2}
    answers = dict.fromkeys(truths, json.dumps(dict.fromkeys(FIELDS, claim)))
    out = extracted(paced(text="answer"), docs, answers)
    for field in FIELDS:
        assert (out[f"{field}_found"] == "not found").all()
        assert out[f"{field}_page"].isna().all()


def test_a_scan_and_a_password_are_named(
    reports: tuple[Path, dict[str, Truth]],
) -> None:
    folder, _truths = reports
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        docs = glmkit.read_folder(folder).set_index("file")
    assert docs["problem"].notna().sum() == 2
    assert "password" in docs.loc[f"report_{LOCKED}.pdf", "problem"]
    scan = docs.loc[f"report_{SCANNED}.pdf", "problem"]
    assert "scan" in scan
    assert docs["document"].notna().sum() == COUNT - 2


def test_without_the_look_at_the_page_wrong_units_would_pass(
    paced: Factory,
    reports: tuple[Path, dict[str, Truth]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from glmkit.readers import quotes

    monkeypatch.setattr(quotes, "declared", lambda text: None)
    folder, truths = reports
    docs = glmkit.read_folder(folder, "report_0*.pdf")
    claims = {
        name: json.dumps(
            {
                field: {
                    "value": getattr(truth, field) / 10_000,
                    "quote": truth.quotes[field][0],
                    "page": truth.quotes[field][1],
                }
                for field in FIELDS
                if field in ("revenue", "net_profit")
            }
            | {field: {"value": 1, "quote": None, "page": None} for field in FIELDS[2:]}
        )
        for name, truth in truths.items()
    }
    out = extracted(paced(text="answer"), docs, claims)
    assert (out["revenue_found"] != "value differs").any()
