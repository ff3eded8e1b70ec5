"""The review in Python: lines, filters, decisions, pages, pictures; no browser."""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Iterator
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd
import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter

import glmkit
import glmkit.pandas
from glmkit.notebook.magics import widgets as words
from glmkit.types.errors import ConfigError
from glmkit_widgets.registry import WIDGETS
from glmkit_widgets.review.page_texts import PageWish, marked_parts, shown_page
from glmkit_widgets.review.page_worker import PageWorker
from glmkit_widgets.review.pdf_pages import PdfPages
from glmkit_widgets.review.review import Review
from tests.conftest import Paced, Run, wait_for
from tests.documents.evidence_tables import STATEMENT, draw_pdf, statement, table

Make = Callable[..., Review]
Sent = list[tuple[dict[str, Any], list[bytes]]]


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def review() -> Iterator[Make]:
    made: list[Review] = []

    def of(*args: Any, **options: Any) -> Review:
        made.append(Review(*args, **options))
        return made[-1]

    yield of
    for widget in made:
        widget.close()


def listening(widget: Review) -> Sent:
    """Return the list into which the widget's messages go."""
    sent: Sent = []
    widget.send = lambda content, buffers=None: sent.append((content, buffers or []))  # type: ignore[method-assign]
    return sent


def do(widget: Review, name: str, **content: Any) -> None:
    widget._heard(None, {"do": name, "id": "1", **content}, [])


def found(sent: Sent, name: str) -> list[Any]:
    return [message[name] for message, _ in sent if name in message]


def test_the_first_frame_counts_the_values_by_filter(review: Make) -> None:
    assert review(table(20)).value == {
        "all": 40, "missing": 5, "disagrees": 5, "untouched": 40, "rejected": 0,
    }  # fmt: skip


def test_no_text_of_the_table_is_in_the_widgets_state(review: Make) -> None:
    widget = review(table(12), reviewer="Ada")
    state = {k: v for k, v in widget.get_state().items() if k not in ("_esm", "_css")}
    assert "Firm" not in str(state)
    assert "Revenue was" not in str(state)


def test_the_page_gets_the_order_of_a_filter_and_lines_in_portions(
    review: Make,
) -> None:
    widget = review(table(20))
    sent = listening(widget)
    do(widget, "filter", filter="missing", view="v")
    (message, buffers) = next(one for one in sent if "order" in one[0])
    assert message["order"] == {"view": "v", "filter": "missing", "first": 0}
    order = array("i", buffers[0]).tolist()
    assert order == [6, 14, 22, 30, 38]
    do(widget, "lines", items=[*order, 99, -1, "6", True])
    (lines,) = found(sent, "lines")
    assert [line["n"] for line in lines] == order
    assert lines[0] | {"note": None} == {
        "n": 6, "row": 3, "field": "revenue", "value": "1003", "found": "not found",
        "state": "untouched", "mine": "", "note": None,
    }  # fmt: skip


def test_a_review_opens_at_the_first_untouched_value(review: Make) -> None:
    widget = review(table(5))
    for number in (0, 1, 2):
        do(widget, "decide", item=number, decision="confirmed")
    sent = listening(widget)
    do(widget, "filter", filter="all", view="v")
    assert found(sent, "order")[0]["first"] == 3


def test_a_decision_is_in_the_file_before_the_page_hears_of_it(review: Make) -> None:
    widget = review(table(4), reviewer="Ada", file="mine.jsonl")
    seen: list[int] = []
    path = Path("mine.jsonl")

    def hear(content: dict[str, Any], buffers: object = None) -> None:
        if "kept" in content:
            seen.append(len(path.read_text("utf-8").splitlines()))

    widget.send = hear  # type: ignore[method-assign]
    do(widget, "decide", item=2, decision="rejected")
    assert seen == [2]
    assert widget.value["rejected"] == 1
    assert widget.decisions["reviewer"].tolist() == ["Ada"]


def test_what_was_typed_becomes_a_value_of_the_columns_type(review: Make) -> None:
    widget = review(table(4))
    do(widget, "decide", item=0, decision="corrected", corrected=" -1,234 ")
    do(widget, "decide", item=1, decision="corrected", corrected="Ada plc")
    do(widget, "decide", item=2, decision="corrected", corrected="")
    result = widget.result()
    assert result["revenue"].iloc[0] == -1234
    assert pd.isna(result["revenue"].iloc[1])
    assert result["company"].iloc[0] == "Ada plc"
    sent = listening(widget)
    do(widget, "decide", item=4, decision="corrected", corrected="12 million")
    assert "not of type integer" in found(sent, "refused")[0]
    kept = next(message for message, _ in sent if "kept" in message)
    assert kept["line"]["state"] == "untouched"


def test_a_note_leaves_the_decision_and_a_decision_the_note(review: Make) -> None:
    widget = review(table(4), reviewer="Ada")
    do(widget, "decide", item=0, decision="corrected", corrected="5")
    do(widget, "decide", item=0, decision="same", note=" in thousands ")
    do(widget, "decide", item=0, decision="rejected")
    do(widget, "decide", item=1, decision="same", note="alone")
    do(widget, "decide", item=3, decision="none")
    held = widget.decisions[["decision", "note"]].values.tolist()
    assert held == [["rejected", "in thousands"], ["none", "alone"]]
    do(widget, "decide", item=0, decision="none")
    assert widget.decisions["decision"].tolist() == ["none", "none"]
    assert widget.value["untouched"] == 8


def test_a_decision_that_cannot_be_written_is_refused_in_place(review: Make) -> None:
    widget = review(table(4), file="nowhere/mine.jsonl")
    sent = listening(widget)
    do(widget, "decide", item=0, decision="confirmed")
    assert "nowhere" in found(sent, "refused")[0]
    assert widget.value["untouched"] == 8


def test_what_another_reviewer_wrote_is_seen(review: Make) -> None:
    ada, bea = (review(table(4), reviewer=name) for name in ("Ada", "Bea"))
    do(ada, "decide", item=0, decision="confirmed")
    do(bea, "decide", item=0, decision="rejected")
    sent = listening(ada)
    do(ada, "show")
    do(ada, "open", item=0, view="v")
    (opened,) = found(sent, "opened")
    assert (opened["state"], opened["mine"]) == ("differs", "confirmed")
    assert [d["reviewer"] for d in opened["decisions"]] == ["Ada", "Bea"]


@pytest.mark.parametrize(
    "content",
    [
        {"do": "lines", "items": [2**80, None, {}, 1.5]},
        {"do": "lines", "items": "all"},
        {"do": "open", "item": -1, "view": "v"},
        {"do": "open", "item": True, "view": "v"},
        {"do": "filter", "filter": "__class__", "view": "v"},
        {"do": "decide", "item": 0, "decision": ["confirmed"]},
        {"do": "decide", "item": 10**9, "decision": "confirmed"},
        {"do": "page", "item": 0, "view": "v", "page": "1", "pixels": 5, "have": ""},
    ],
)
def test_a_message_that_is_not_of_the_page_changes_nothing(
    review: Make, content: dict[str, Any]
) -> None:
    widget = review(table(4))
    sent = listening(widget)
    widget._heard(None, {"id": "1", **content}, [])
    assert found(sent, "refused") == []
    assert widget.decisions.empty


def test_a_page_of_a_pdf_is_drawn_with_a_box_on_the_quote(review: Make) -> None:
    widget = review(statement(Path("report.pdf").absolute()))
    boxes = {}
    for number in range(6):
        shown, (png,) = shown_page(
            widget._table, widget._pdf, PageWish("v", number, 0, 800)
        )
        assert shown["kind"] == "picture"
        assert Image.open(BytesIO(png)).width == 800
        boxes[number] = shown["boxes"]
    # A line is 22 points high on a page of 420 x 595 points.
    for number, line in [(0, 3), (1, 4), (2, 5), (3, 19), (5, 3)]:
        ((left, top, width, height),) = boxes[number]
        middle = (595 - (540 - 22 * line)) / 595 * 1000
        assert top < middle < top + height + 5
        assert left == pytest.approx(40 / 420 * 1000, abs=5)
        assert 20 < height + width < 400
    assert boxes[4] == []


def test_a_box_stands_where_a_turned_page_shows_the_quote(tmp_path: Path) -> None:
    upright = draw_pdf(tmp_path / "a.pdf", STATEMENT)
    turned = tmp_path / "b.pdf"
    writer = PdfWriter(PdfReader(upright))
    for page in writer.pages:
        page.rotate(90)
    writer.write(turned)
    pages = PdfPages()
    (first,) = pages.draw(str(upright), 2, "Revenue 1,234", 600).boxes  # type: ignore[union-attr]
    shown = pages.draw(str(turned), 2, "Revenue 1,234", 600)
    assert shown is not None
    ((left, top, width, height),) = shown.boxes
    assert shown.width > shown.height
    assert height > width
    assert top == pytest.approx(first[0], abs=2)
    assert left == pytest.approx(1000 - first[1] - first[3], abs=2)
    assert width == pytest.approx(first[3], abs=2)
    pages.close()


def test_the_ink_of_the_quote_is_inside_the_box(tmp_path: Path) -> None:
    path = draw_pdf(tmp_path / "a.pdf", [["", "", "Revenue 1,234"]])
    shown = PdfPages().draw(str(path), 1, "Revenue 1,234", 1000)
    assert shown is not None
    image = Image.open(BytesIO(shown.png)).convert("L")
    ink = image.point(lambda value: 255 if value < 128 else 0).getbbox()
    assert ink is not None
    ((left, top, width, height),) = shown.boxes
    across, down = image.width / 1000, image.height / 1000
    for there, here in zip(
        ink,
        (left * across, top * down, (left + width) * across, (top + height) * down),
        strict=True,
    ):
        assert there == pytest.approx(here, abs=6)


def test_a_quote_is_found_by_rows_where_the_file_has_its_words_out_of_order(
    tmp_path: Path,
) -> None:
    from reportlab.pdfgen.canvas import Canvas

    path = tmp_path / "a.pdf"
    canvas = Canvas(str(path), pagesize=(400, 400))
    for x, column in [(40, ["Revenue", "Costs"]), (250, ["1,234", "567"])]:
        for n, word in enumerate(column):
            canvas.drawString(x, 300 - 40 * n, word)
    canvas.showPage()
    canvas.save()
    shown = PdfPages().draw(str(path), 1, "Costs | 567", 600)
    assert shown is not None
    ((left, top, width, height),) = shown.boxes
    assert left == pytest.approx(100, abs=4)
    assert left + width == pytest.approx(675, abs=10)
    assert top < 1000 - 260 / 400 * 1000 < top + height + 8


@pytest.mark.parametrize("kind", ["gone", "damaged", "empty", "encrypted"])
def test_a_pdf_that_cannot_be_drawn_is_shown_as_its_text(
    review: Make, kind: str
) -> None:
    path = Path("report.pdf").absolute()
    widget = review(statement(path))
    match kind:
        case "gone":
            path.unlink()
        case "damaged":
            path.write_bytes(b"%PDF-1.7\nthis is not one")
        case "empty":
            path.write_bytes(b"")
        case _:
            writer = PdfWriter(PdfReader(path))
            writer.encrypt("secret")
            writer.write(path)
    shown, buffers = shown_page(widget._table, widget._pdf, PageWish("v", 0, 0, 800))
    assert (shown["kind"], shown["drawable"], buffers) == ("text", False, [])
    assert shown["parts"][1] == "Revenue 1,234"


def test_a_huge_page_is_drawn_in_a_bounded_picture(tmp_path: Path) -> None:
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(tmp_path / "a.pdf"), pagesize=(20, 14_400))
    canvas.showPage()
    canvas.save()
    shown = PdfPages().draw(str(tmp_path / "a.pdf"), 1, "", 10**9)
    assert shown is not None
    width, height = Image.open(BytesIO(shown.png)).size
    assert width * height <= 12_200_000


def test_other_pages_and_the_text_of_a_page_can_be_asked_for(review: Make) -> None:
    widget = review(statement(Path("report.pdf").absolute()))
    first, _ = shown_page(widget._table, widget._pdf, PageWish("v", 0, 1, 0))
    assert (first["kind"], first["place"], first["own"]) == ("text", 1, 2)
    assert first["parts"][1] == ""
    last, _ = shown_page(widget._table, widget._pdf, PageWish("v", 0, 99, 0))
    assert (last["place"], last["parts"][1]) == (2, "Revenue 1,234")


def test_a_long_text_is_cut_round_the_quote() -> None:
    text = "a" * 100_000 + " Revenue 1,234 " + "b" * 100_000
    before, quote, after = marked_parts(text, "Revenue 1234")
    assert quote == "Revenue 1,234"
    assert before.startswith("… a")
    assert after.endswith("b …")
    assert len(before + after) < 41_000


def test_a_quote_over_a_page_break_is_marked_where_it_begins() -> None:
    parts = marked_parts("Sales\nRevenue was", "Revenue was 12", "12 in 2025")
    assert parts == ["Sales\n", "Revenue was", ""]


def test_any_text_is_a_document_of_one_page(review: Make) -> None:
    frame = table(4).drop(columns="document")
    frame.insert(0, "note", ["Revenue was 1,234 thousand."] * 4)
    widget = review(frame)
    shown, _ = shown_page(widget._table, widget._pdf, PageWish("v", 0, 0, 800))
    assert shown["parts"] == ["", "Revenue was 1,234 thousand.", ""]
    none = review(table(4).drop(columns="document"))
    assert shown_page(none._table, none._pdf, PageWish("v", 0, 0, 800))[0] == {
        "kind": "none"
    }


def test_of_many_wishes_the_newest_is_shown(review: Make) -> None:
    seen: list[int] = []
    worker = PageWorker(lambda wish: seen.append(wish.item))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "_busy", True)  # as while a page is drawn
        for number in range(50):
            worker.ask(PageWish("v", number, 0, 0))
        worker.ask(PageWish("w", 7, 0, 0))
    worker._run()
    assert seen == [49, 7]


def test_a_picture_that_is_shown_already_is_not_sent_again(review: Make) -> None:
    path = Path("report.pdf").absolute()
    widget = review(statement(path))
    first, _png = shown_page(widget._table, widget._pdf, PageWish("v", 0, 0, 800))
    wish = PageWish("v", 1, 0, 800, first["key"])
    second, buffers = shown_page(widget._table, widget._pdf, wish)
    assert (second["key"], buffers) == (first["key"], [])
    assert second["boxes"] != first["boxes"]
    assert "report" not in first["key"]
    draw_pdf(path, [*STATEMENT, ["another page"]])
    third, buffers = shown_page(widget._table, widget._pdf, wish)
    assert len(buffers) == 1
    assert third["key"] != first["key"]


def test_pages_are_sent_to_the_view_that_asked(review: Make) -> None:
    widget = review(statement(Path("report.pdf").absolute()))
    sent = listening(widget)
    do(widget, "page", item=3, view="mine", page=0, pixels=700, have="")
    wait_for(lambda: found(sent, "page"))
    (page,) = found(sent, "page")
    assert (page["view"], page["item"], page["marked"]) == ("mine", 3, True)


def test_the_static_picture_has_the_first_lines_and_no_markup_of_the_table(
    review: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile = "<img src=x onerror=alert(1)>\x1b[31m"
    widget = review(table(30, company=[hostile] * 30))
    do(widget, "decide", item=0, decision="confirmed")
    html, plain = widget._draw()
    assert "1 of 60 values reviewed" in plain
    assert "&lt;img" in html
    assert "<img" not in html
    assert "\x1b" not in plain
    assert "(35 more)" in plain
    monkeypatch.setenv("GLMKIT_PRIVACY", "1")
    html, plain = widget._draw()
    assert "img" not in html + plain
    assert "1 of 60 values reviewed" in plain


_TWICE = ["a", "a", "a_quote", "a_page", "a_found"]


def test_an_export_is_named_by_its_kind(review: Make, tmp_path: Path) -> None:
    widget = review(table(4))
    for name in ("out.xlsx", "out.HTML"):
        assert widget.export(name).stat().st_size > 1000
    with pytest.raises(ConfigError, match=r"cannot be written to out\.csv") as caught:
        widget.export("out.csv")
    assert ".xlsx" in caught.value.hint


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ([1, 2], "needs a DataFrame, not a list"),
        (pd.DataFrame({"a": [1]}), "no column with a quote"),
        (
            pd.DataFrame([[1] * 5], columns=[*"aa", "a_quote", "a_page", "a_found"]),
            "no c",
        ),
    ],
)
def test_what_is_not_a_table_of_evidence_says_what_is(out: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        Review(out)
    assert "evidence=True" in caught.value.hint


def test_a_table_without_rows_is_a_review_of_nothing(review: Make) -> None:
    widget = review(table(4).iloc[:0])
    assert widget.value["all"] == 0
    assert "0 of 0" in widget._draw()[1]
    assert widget.result().empty


def test_the_word_takes_one_name_of_a_variable(run: Run) -> None:
    entry = next(entry for entry in WIDGETS if entry.word == "review")
    assert words.arguments(entry, ("out",)) == ([], {"table": "out"})
    for line in ((), ("a", "b")):
        with pytest.raises(ConfigError, match="one table"):
            words.arguments(entry, line)
    run("from tests.documents.evidence_tables import table\nout = table(3)")
    result, _ = run("%glm review out")
    assert isinstance(result.result, Review)
    assert len(result.result._table) == 6
    result.result.close()
    failed, _ = run("%glm review nothing")
    assert "no variable 'nothing'" in str(failed.error_in_exec)


def test_many_thousands_of_rows_open_and_count_quickly(review: Make) -> None:
    widget = review(table(20_000))
    sent = listening(widget)
    do(widget, "filter", filter="disagrees", view="v")
    do(widget, "lines", items=[*range(30_000, 30_200)])
    do(widget, "decide", item=39_999, decision="rejected")
    (lines,) = [lines for lines in found(sent, "lines") if len(lines) == 200]
    assert len(json.dumps(lines)) < 40_000
    assert widget.value["rejected"] == 1


class Income(msgspec.Struct):
    """What is asked of a report."""

    revenue: float
    costs: float
    founded: date | None = None
    auditor: str | None = None


def _claim(value: Any, quote: str, page: int) -> dict[str, Any]:
    return {"value": value, "quote": quote, "page": page}


def test_an_extraction_with_evidence_is_reviewed_as_it_comes(
    review: Make, paced: Callable[..., Paced]
) -> None:
    path = draw_pdf(
        Path("report.pdf").absolute(),
        [
            ["Annual report", "Audited by Rain & Sons,", "a listed com-", "pany"],
            ["Income statement", "Revenue 1,234.5", "Costs (567)"],
            ["Founded on 5 March 2019."],
        ],
    )
    answer = {
        "revenue": _claim(1234.5, "Revenue | 1234.5", 2),
        "costs": _claim(567, "Costs (567)", 1),
        "founded": _claim("2019-03-05", "Founded on 5 March 2019", 3),
        "auditor": _claim("Sun", "Audited by Sun", 1),
    }
    place = paced(text="answer")
    docs = pd.DataFrame(
        {"document": [glmkit.read(path)] * 2, "answer": [json.dumps(answer)] * 2}
    )
    out = docs.glm.extract(
        "{document}\nANSWER:{answer}", schema=Income, evidence=True,
        client=glmkit.Client(place.url, api_key=place.key),
    )  # fmt: skip
    widget = review(out)
    assert widget.value["all"] == 8
    assert (widget.value["missing"], widget.value["disagrees"]) == (2, 2)
    seen = []
    for number in range(4):
        shown, _ = shown_page(widget._table, widget._pdf, PageWish("v", number, 0, 600))
        text, _ = shown_page(widget._table, widget._pdf, PageWish("v", number, 0, 0))
        seen.append((shown["kind"], len(shown["boxes"]), shown["place"]))
        assert bool(text["parts"][1]) == bool(shown["boxes"])
    assert seen == [
        ("picture", 1, 2), ("picture", 1, 2), ("picture", 1, 3), ("picture", 0, 1),
    ]  # fmt: skip
    do(widget, "decide", item=2, decision="corrected", corrected="2019-03-06")
    do(widget, "decide", item=1, decision="corrected", corrected="-567")
    result = widget.result()
    assert result["founded"].iloc[0] == pd.Timestamp(2019, 3, 6)
    assert result["costs"].tolist() == [-567, 567]
    assert result["founded"].dtype == out["founded"].dtype
    assert review(out).value["untouched"] == 6
    for name in ("out.xlsx", "out.html"):
        assert widget.export(name).stat().st_size > 1000


def test_labels_with_evidence_are_reviewed_on_their_texts(
    review: Make, paced: Callable[..., Paced]
) -> None:
    place = paced(text="answer")
    answer = {"label": _claim("complaint", "nobody answers", 1)}
    frame = pd.DataFrame(
        {"text": ["The screen broke, and nobody answers."],
         "answer": [json.dumps(answer)]}
    )  # fmt: skip
    out = frame.glm.classify(
        "{text}\nANSWER:{answer}", labels=["praise", "complaint"], evidence=True,
        client=glmkit.Client(place.url, api_key=place.key),
    )  # fmt: skip
    widget = review(out)
    shown, _ = shown_page(widget._table, widget._pdf, PageWish("v", 0, 0, 600))
    assert shown["parts"][1] == "nobody answers"
    do(widget, "decide", item=0, decision="corrected", corrected="praise")
    assert widget.result()["label"].tolist() == ["praise"]
