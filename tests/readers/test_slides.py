"""PowerPoint presentations: slides as pages."""

import io
from typing import Any

import pptx
import pytest
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

import glmkit
from glmkit.readers import files
from glmkit.readers.paged_text import PagedText

BOX = Inches(1), Inches(2), Inches(6), Inches(2)


def read(presentation: Any) -> PagedText:
    buffer = io.BytesIO()
    presentation.save(buffer)
    return files.of_bytes(buffer.getvalue(), "a.pptx")


def made() -> tuple[Any, Any]:
    """Return a presentation, and its one slide with a title."""
    presentation = pptx.Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[5])
    slide.shapes.title.text = "结果 2023"
    return presentation, slide


def test_title_texts_groups_tables_and_notes_of_a_slide_are_read() -> None:
    presentation, slide = made()
    slide.shapes.add_textbox(*BOX).text_frame.text = "Profit rose\nby 5%"
    group = slide.shapes.add_group_shape()
    group.shapes.add_group_shape().shapes.add_textbox(*BOX).text_frame.text = "Inside"
    table = slide.shapes.add_table(3, 2, *BOX).table
    for place, text in enumerate(("Year", "Sum", "2023", "1,234", "2022", "(5)")):
        table.cell(place // 2, place % 2).text = text
    slide.notes_slide.notes_text_frame.text = "Say it slowly."
    second = presentation.slides.add_slide(presentation.slide_layouts[6])
    second.shapes.add_textbox(*BOX).text_frame.text = "No title"
    text = read(presentation)
    assert text.unit == "slide"
    assert [(page.number, page.title, page.text) for page in text.pages] == [
        (
            1,
            "结果 2023",
            "结果 2023\n\nProfit rose\nby 5%\n\nInside\n\nYear | Sum\n2023 | 1,234\n"
            "2022 | (5)\n\nNotes: Say it slowly.",
        ),
        (2, "", "No title"),
    ]
    assert text.notes == ()


def test_merged_cells_are_read_once_and_keep_the_places() -> None:
    presentation, slide = made()
    table = slide.shapes.add_table(2, 3, *BOX).table
    table.cell(0, 0).merge(table.cell(0, 1))
    for row, column, text in ((0, 0, "wide"), (0, 2, "b"), (1, 0, "c"), (1, 2, "d")):
        table.cell(row, column).text = text
    assert read(presentation).pages[0].text.split("\n\n")[1] == "wide |  | b\nc |  | d"


def test_charts_and_hidden_slides_are_noted() -> None:
    presentation, slide = made()
    data = CategoryChartData()
    data.categories = ["a"]
    data.add_series("s", (1,))
    slide.shapes.add_chart(XL_CHART_TYPE.PIE, *BOX, data)
    slide._element.set("show", "0")
    assert read(presentation).notes == (
        "hidden slides: 1",
        "charts and diagrams are not read: slides 1",
    )


def test_a_presentation_of_pictures_is_refused_and_names_ocr() -> None:
    presentation = pptx.Presentation()
    presentation.slides.add_slide(presentation.slide_layouts[6])
    with pytest.raises(glmkit.ConfigError, match="holds no text") as caught:
        read(presentation)
    assert "client.documents.parse(path)" in caught.value.hint
