"""Fields with their quotes: right values lead to a page, wrong ones are flagged."""

from __future__ import annotations

import decimal
import json
import re
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Literal

import msgspec
import pandas as pd
import pydantic
import pytest

import glmkit
import glmkit.pandas
from glmkit.errors import ConfigError
from glmkit.readers.paged_text import PagedText, TextPage
from glmkit.tables.preparation import RowOutcome
from glmkit.tables.relevant_pages import RelevantPages, queries_of
from tests.conftest import Paced

Factory = Callable[..., Paced]
Wan = Annotated[float | None, msgspec.Meta(description="营业收入，万元")]


class Income(msgspec.Struct):
    """What is asked of a report."""

    revenue: Wan
    net_profit: float
    founded: date | None = None
    auditor: str | None = None
    kind: Literal["listed", "private"] | None = None


REPORT = PagedText(
    [
        TextPage(1, "Report of Example Ltd"),
        TextPage(
            2, "单位：万元\n项目 | 2024 | 2023\n营业收入 | １，２３４．５ | 1,100"
        ),
        TextPage(3, "净利润 | （200） | 150\nFounded on 5 March 2019."),
        TextPage(4, "Audited by Rain & Sons, a listed com-\npany"),
    ],
    name="report.pdf",
)


def asked(place: Paced, answer: object, **options: Any) -> pd.Series[Any]:
    """Return the row that an answer of the model becomes."""
    client = glmkit.Client(place.url, api_key=place.key)
    docs = pd.DataFrame({"document": [REPORT], "answer": [json.dumps(answer)]})
    out = docs.glm.extract(
        "{document}\nANSWER:{answer}", schema=Income, client=client, **options
    )
    return out.iloc[0]


def said(value: Any, quote: str | None = None, page: int | None = None) -> Any:
    return {"value": value, "quote": quote, "page": page}


ANSWER = {
    "revenue": said(1234.5, "营业收入 | 1,234.5", 2),
    "net_profit": said(-2_000_000, "净利润 200", 1),
    "founded": said("2019-03-05", "Founded on 5 March 2019", 3),
    "auditor": said("Rain & Sons", "Audited by Rain & Sons, a listed company", 4),
    "kind": said(None),
}


def test_each_value_has_its_quote_its_page_and_its_state(paced: Factory) -> None:
    place = paced(text="answer")
    row = asked(place, ANSWER, evidence=True)
    assert row["extract_status"] == "done"
    assert row["revenue"] == 1234.5
    assert (row["revenue_page"], row["revenue_found"]) == (2, "normalised")
    assert (row["net_profit"], row["net_profit_page"]) == (-2_000_000, 3)
    assert row["net_profit_found"] == "normalised"
    assert row["founded"] == pd.Timestamp(2019, 3, 5)
    assert row["founded_found"] == "exact"
    assert (row["auditor_page"], row["auditor_found"]) == (4, "normalised")
    assert pd.isna(row["kind"])
    assert pd.isna(row["kind_found"])
    assert pd.isna(row["kind_page"])
    prompt = place.seen["bodies"][0]["messages"][-1]["content"]
    assert re.findall(r"^\[page \d\]$", prompt, re.M) == [
        f"[page {number}]" for number in (1, 2, 3, 4)
    ]


@pytest.mark.parametrize(
    ("field", "claim", "state"),
    [
        ("revenue", said(12_345_000, "营业收入 | 1,234.5", 2), "value differs"),
        ("revenue", said(1100.5, "营业收入 | 1,234.5", 2), "value differs"),
        ("net_profit", said(2_000_000, "净利润 | （200）", 3), "value differs"),
        ("net_profit", said(-200, "净利润 | （200）", 3), "value differs"),
        ("net_profit", said(-2_000_000, "net profit of -200", 3), "not found"),
        ("net_profit", said(-2_000_000), "not found"),
        ("founded", said("2019-05-03", "Founded on 5 March 2019", 3), "value differs"),
        ("auditor", said("Sun", "Audited by Sun", 4), "not found"),
    ],
)
def test_a_wrong_unit_sign_number_or_quote_is_flagged(
    paced: Factory, field: str, claim: Any, state: str
) -> None:
    row = asked(paced(text="answer"), {**ANSWER, field: claim}, evidence=True)
    assert row[f"{field}_found"] == state
    assert pd.isna(row[f"{field}_page"]) == (state == "not found")


def test_a_value_that_does_not_fit_its_field_is_asked_again(paced: Factory) -> None:
    place = paced(text="answer")
    row = asked(place, {**ANSWER, "net_profit": said("much")}, evidence=True)
    assert row["extract_status"] == "failed"
    assert place.seen["requests"] > 1


def test_a_required_field_may_be_absent_from_the_text(paced: Factory) -> None:
    row = asked(
        paced(text="answer"), {**ANSWER, "net_profit": said(None)}, evidence=True
    )
    assert row["extract_status"] == "done"
    assert pd.isna(row["net_profit"])


def test_a_label_comes_with_the_words_that_show_it(paced: Factory) -> None:
    place = paced(text="answer")
    client = glmkit.Client(place.url, api_key=place.key)
    text = "The screen broke, and nobody answers."
    answer = {"label": said("complaint", "nobody answers", None)}
    frame = pd.DataFrame({"text": [text], "answer": [json.dumps(answer)]})
    row = frame.glm.classify(
        "{text}\nANSWER:{answer}", labels=["praise", "complaint"], evidence=True,
        client=client,
    ).iloc[0]  # fmt: skip
    assert row["label"] == "complaint"
    assert row["label_found"] == "exact"
    start, end = row["label_span"]
    assert f"{text}\n"[start:end] == "nobody answers"


def test_only_the_pages_that_fit_are_sent(paced: Factory) -> None:
    filler = [TextPage(n, f"Chapter {n}: of ships and sails") for n in range(3, 60)]
    long = PagedText([*REPORT.pages[1:3], *filler], "long.pdf")
    place = paced(text="answer")
    client = glmkit.Client(place.url, api_key=place.key)
    docs = pd.DataFrame({"document": [long], "answer": [json.dumps(ANSWER)]})
    template = "{document}\nANSWER:{answer}"
    options: dict[str, Any] = {"schema": Income, "evidence": True, "client": client}
    row = docs.glm.extract(template, pages="relevant", **options).iloc[0]
    prompt = place.seen["bodies"][-1]["messages"][-1]["content"]
    assert "营业收入" in prompt
    assert prompt.count("[page ") < 10
    assert row["revenue_page"] == 2
    with pytest.raises(ConfigError, match="pages"):
        docs.glm.extract(template, pages="some", **options)


def test_pages_are_found_by_vectors_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a page means decides where its words are not those of the field."""
    from glmkit.tables import relevant_pages as module

    def meant(client: Any, texts: list[str], model: str, size: Any) -> list[RowOutcome]:
        near = [float("turnover" in text or "revenue" in text) for text in texts]
        return [RowOutcome("done", ([n, 1.0 - n],)) for n in near]

    client = glmkit.Client("http://127.0.0.1:9", api_key="k" * 20)
    pages = [TextPage(n, f"Chapter {n}: of ships") for n in range(1, 30)]
    pages[14] = TextPage(15, "The turnover was five million")
    text = PagedText(pages)
    relevant = RelevantPages(["revenue"], client)
    assert relevant.of(text) is text  # no word of it: all are sent
    monkeypatch.setattr(module, "vectors_of", meant)
    relevant.learn([text])
    assert 15 in [page.number for page in relevant.of(text).pages]
    assert len(relevant.of(text).pages) == 3


def test_a_plan_prices_all_pages_and_the_relevant_ones(paced: Factory) -> None:
    place = paced(text="answer")
    long = PagedText([TextPage(n, f"word{n} " * 500) for n in range(1, 30)])
    docs = pd.DataFrame({"document": [long]})
    client = glmkit.Client(place.url, api_key=place.key, model="glm-4-plus")
    options: dict[str, Any] = {"schema": Income, "client": client, "run": False}
    for pages in ("all", "relevant"):
        plan = docs.glm.extract("{document}", pages=pages, **options)
        others = [price.pages for price in plan.others if price.pages]
        if plan.cost is not None:
            assert others == [{"all": "relevant", "relevant": "all"}[pages]]
    assert place.seen["requests"] == 0


def test_a_schema_without_fields_has_no_evidence() -> None:
    docs = pd.DataFrame({"document": [REPORT]})
    with pytest.raises(ConfigError, match="no fields"):
        docs.glm.extract("{document}", schema=list[int], evidence=True, run=False)


def test_chinese_pages_are_found_by_pairs_of_signs() -> None:
    pages = [TextPage(n, "关于公司治理的说明" * 5) for n in range(1, 40)]
    pages[20] = TextPage(21, "本年营业收入为一千万元")
    schema = msgspec.json.schema(Income)["$defs"]["Income"]
    client = glmkit.Client("http://127.0.0.1:9", api_key="k" * 20)
    chosen = RelevantPages(queries_of(schema), client).of(PagedText(pages))
    assert 21 in [page.number for page in chosen.pages]
    assert len(chosen.pages) < 10


class Share(pydantic.BaseModel):
    """A part of a report's revenue."""

    name: str
    amount: float = pydantic.Field(description="万元")
    since: date | None = None


class Parts(pydantic.BaseModel):
    """Fields that hold more than one value, or a number as a text."""

    revenue: decimal.Decimal
    years: list[date] = []
    shares: list[Share] = []
    largest: Share | None = None
    rest: dict[str, int] = {}


QUOTED = ("营业收入 | 1,234.5", 2)
SHARE = {"name": "A", "amount": 1234.5, "since": None}


@pytest.mark.parametrize(
    ("field", "value", "quote", "state"),
    [
        ("revenue", "12345000", QUOTED, "normalised"),
        ("revenue", "999", QUOTED, "value differs"),
        ("years", ["2019-03-05"], ("Founded on 5 March 2019", 3), "exact"),
        ("years", ["2018-03-05"], ("Founded on 5 March 2019", 3), "value differs"),
        ("shares", [SHARE], QUOTED, "normalised"),
        ("shares", [SHARE, {**SHARE, "amount": 7}], QUOTED, "value differs"),
        ("shares", [], (None, None), None),
        ("largest", SHARE, QUOTED, "normalised"),
        ("largest", {**SHARE, "since": "2019-03-05"}, QUOTED, "value differs"),
        ("rest", {"profit": 150}, ("150", 3), "value differs"),
        ("rest", {"profit": 1_500_000}, ("150", 3), "exact"),
    ],
)
def test_every_number_and_date_within_a_value_has_to_stand_in_the_quote(
    paced: Factory, field: str, value: Any, quote: Any, state: str | None
) -> None:
    empty = {name: said(None) for name in Parts.model_fields}
    place = paced(text="answer")
    answer = json.dumps({**empty, field: said(value, *quote)})
    docs = pd.DataFrame({"document": [REPORT], "answer": [answer]})
    client = glmkit.Client(place.url, api_key=place.key)
    template = "{document}\nANSWER:{answer}"
    row = docs.glm.extract(template, schema=Parts, evidence=True, client=client).iloc[0]
    found = row[f"{field}_found"]
    assert (None if pd.isna(found) else found) == state


def test_texts_that_are_equal_but_for_their_pages_get_their_own() -> None:
    client = glmkit.Client("http://127.0.0.1:9", api_key="k" * 20)
    relevant = RelevantPages(["revenue"], client)
    for number, cut in enumerate(
        [["alpha\n\nrevenue", "beta"], ["alpha", "revenue\n\nbeta"]], 1
    ):
        text = PagedText([TextPage(n, part) for n, part in enumerate(cut, 1)])
        assert text == "alpha\n\nrevenue\n\nbeta"
        assert [page.number for page in relevant.of(text).pages] == [number]


def test_names_in_a_document_are_hidden_and_the_document_itself_cannot_be(
    paced: Factory,
) -> None:
    place = paced(text="answer")
    row = asked(place, ANSWER, evidence=True, hide=[["Rain & Sons"]])
    sent = json.dumps(place.seen["bodies"], ensure_ascii=False).partition("ANSWER:")[0]
    assert "Rain & Sons" not in sent
    assert row["auditor_found"] == "normalised"
    with pytest.raises(ConfigError, match="cannot be hidden"):
        asked(place, ANSWER, evidence=True, hide=["document"])
