"""Word documents: everything in the body once, in order, with what was not read."""

import io
from typing import Any
from zipfile import ZipFile

import docx
import pytest
from docx.enum.text import WD_BREAK
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

import glmkit
from glmkit.readers import files
from glmkit.readers.paged_text import PagedText

NAMES = nsdecls("w", "r")
BOX = (
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:v="urn:schemas-microsoft-com:vml"'
)


def bytes_of(document: Any) -> bytes:
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def read(document: Any) -> PagedText:
    return files.of_bytes(bytes_of(document), "a.docx")


def of_xml(*blocks: str) -> PagedText:
    """Return the text of a document whose body has these blocks."""
    document = docx.Document()
    body = document.element.body
    for block in blocks:
        root = parse_xml(f"<w:body {NAMES} {BOX}>{block}</w:body>")
        for child in list(root):
            body.insert(len(body) - 1, child)
    return read(document)


def run(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(inside: str) -> str:
    return f"<w:p>{inside}</w:p>"


def test_headings_and_page_breaks_begin_sections() -> None:
    document = docx.Document()
    document.add_paragraph("Before.")
    document.add_heading("Results", 1)
    document.add_paragraph("Profit rose.")
    document.add_heading("By region", 2)
    document.add_heading("Details", 3)
    end = document.add_paragraph("China first.")
    end.add_run().add_break(WD_BREAK.PAGE)
    document.add_paragraph("On a new page.")
    text = read(document)
    assert text.unit == "section"
    assert [(page.title, page.text) for page in text.pages] == [
        ("", "Before."),
        ("Results", "Results\n\nProfit rose."),
        ("By region", "By region\n\nDetails\n\nChina first."),
        ("", "On a new page."),
    ]


def test_the_pages_that_word_saved_are_the_pages() -> None:
    mark = "<w:r><w:lastRenderedPageBreak/></w:r>"
    text = of_xml(
        paragraph(run("one")),
        paragraph(run("ends ") + mark + run("begins")),
        paragraph(f'<w:r><w:br w:type="page"/></w:r>{mark}{run("three")}'),
    )
    assert text.unit == "page"
    assert [page.text for page in text.pages] == ["one\n\nends", "begins", "three"]


def test_a_tables_row_over_a_page_is_on_one_page() -> None:
    mark = "<w:r><w:lastRenderedPageBreak/></w:r>"
    rows = [("a", "1"), (f"{mark}b", "2"), (f"c {mark}c", "3")]
    cells = "".join(
        "<w:tr>"
        + "".join(
            "<w:tc>"
            + paragraph("".join(
                part if part == mark else run(part)
                for part in text.replace(mark, f"\0{mark}\0").split("\0") if part
            ))
            + "</w:tc>"
            for text in row
        )
        + "</w:tr>"
        for row in rows
    )  # fmt: skip
    text = of_xml(f"<w:tbl>{cells}</w:tbl>", paragraph(run("after")))
    assert [page.text for page in text.pages] == [
        "| a | 1 |",
        "| b | 2 |\n| c c | 3 |",
        "after",
    ]


def test_tracked_changes_are_read_as_accepted_and_noted() -> None:
    text = of_xml(
        paragraph(
            run("Profit was ")
            + '<w:del w:id="1" w:author="a"><w:r><w:delText>5</w:delText></w:r></w:del>'
            + f'<w:ins w:id="2" w:author="a">{run("7")}</w:ins>'
            + run(" million.")
            + f'<w:moveFrom w:id="3" w:author="a">{run("Moved.")}</w:moveFrom>'
        ),
        "<w:p><w:pPr><w:rPr><w:del w:id='4' w:author='a'/></w:rPr></w:pPr>"
        + run("Joined ") + "</w:p>",
        paragraph(run("lines.")),
        "<w:tbl><w:tr><w:trPr><w:del w:id='5' w:author='a'/></w:trPr>"
        f"<w:tc>{paragraph(run('gone'))}</w:tc></w:tr>"
        f"<w:tr><w:tc>{paragraph(run('stays'))}</w:tc></w:tr></w:tbl>",
    )  # fmt: skip
    assert text == "Profit was 7 million.\n\nJoined lines.\n\n| stays |"
    assert text.notes == ("tracked changes are read as if they were accepted",)


def test_links_controls_and_fields_are_read_in_their_place() -> None:
    text = of_xml(
        paragraph(
            run("See ")
            + f'<w:hyperlink r:id="x">{run("the site")}</w:hyperlink>'
            + f"<w:sdt><w:sdtContent>{run(' for ')}</w:sdtContent></w:sdt>"
            + '<w:r><w:instrText>PAGE</w:instrText></w:r><w:fldSimple w:instr="DATE">'
            + run("2024")
            + "</w:fldSimple>"
        ),
        f"<w:sdt><w:sdtContent>{paragraph(run('Inside.'))}</w:sdtContent></w:sdt>",
    )
    assert text == "See the site for 2024\n\nInside."


def test_a_text_box_is_read_once() -> None:
    content = f"<w:txbxContent>{paragraph(run('In a box.'))}</w:txbxContent>"
    text = of_xml(
        paragraph(
            run("Beside it.")
            + "<w:r><mc:AlternateContent><mc:Choice Requires='wps'>"
            + f"<w:drawing>{content}</w:drawing></mc:Choice><mc:Fallback><w:pict>"
            + f"<v:textbox>{content}</v:textbox></w:pict></mc:Fallback>"
            + "</mc:AlternateContent></w:r>"
        ),
        paragraph(f"<w:r><w:pict><v:textbox>{content}</v:textbox></w:pict></w:r>"),
    )
    assert text.split("\n\n") == ["Beside it.", "In a box.", "In a box."]


def test_merged_and_nested_cells_are_read_once() -> None:
    document = docx.Document()
    table = document.add_table(3, 3)
    for place, cell in enumerate(table._cells):
        cell.text = f"c{place}"
    table.cell(0, 0).merge(table.cell(0, 1)).text = "wide"
    table.cell(1, 2).merge(table.cell(2, 2)).text = "tall"
    inner = table.cell(1, 0).add_table(2, 2)
    for place, cell in enumerate(inner._cells):
        cell.text = f"n{place}"
    text = read(document)
    assert text.split("\n") == [
        "| wide |  | c2 |",
        "| c3 n0, n1; n2, n3 | c4 | tall |",
        "| c6 | c7 |  |",
    ]


def test_a_footnote_follows_its_paragraph() -> None:
    document = docx.Document()
    document.add_paragraph("Profit rose")
    document.add_paragraph("The end")
    reference = parse_xml(f'<w:r {NAMES}><w:footnoteReference w:id="2"/></w:r>')
    document.paragraphs[0]._p.append(reference)
    notes = (
        f'<w:footnotes {NAMES}><w:footnote w:id="2"><w:p><w:r><w:footnoteRef/></w:r>'
        f"{run('Before tax.')}</w:p></w:footnote></w:footnotes>"
    )
    data = with_part(
        bytes_of(document),
        "word/footnotes.xml",
        notes,
        "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml",
        "footnotes",
    )
    text = files.of_bytes(data, "a.docx")
    assert text == "Profit rose[2]\n\n[footnote 2] Before tax.\n\nThe end"


def with_part(data: bytes, name: str, content: str, kind: str, relation: str) -> bytes:
    """Return a document with one more part that its body refers to."""
    buffer = io.BytesIO()
    base = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    with ZipFile(io.BytesIO(data)) as old, ZipFile(buffer, "w") as new:
        for item in old.namelist():
            part = old.read(item)
            if item == "[Content_Types].xml":
                added = f'<Override PartName="/{name}" ContentType="{kind}"/></Types>'
                part = part.replace(b"</Types>", added.encode())
            if item == "word/_rels/document.xml.rels":
                file = name.removeprefix("word/")
                added = (
                    f'<Relationship Id="n1" Type="{base}/{relation}" Target="{file}"/>'
                )
                part = part.replace(
                    b"</Relationships>", f"{added}</Relationships>".encode()
                )
            new.writestr(item, part)
        new.writestr(name, content)
    return buffer.getvalue()


def test_headers_are_noted_as_not_read() -> None:
    document = docx.Document()
    document.add_paragraph("Body")
    document.sections[0].header.paragraphs[0].text = "Confidential"
    assert read(document).notes == ("headers and footers are not read",)


def test_signs_and_symbols_are_characters() -> None:
    text = of_xml(
        paragraph(
            run("a") + "<w:r><w:tab/><w:noBreakHyphen/><w:softHyphen/><w:cr/>"
            '<w:sym w:font="x" w:char="2265"/></w:r>' + run("5")
        )
    )
    assert text == "a\t-\n≥5"


def test_a_document_without_text_is_refused() -> None:
    with pytest.raises(glmkit.ConfigError, match="holds no text"):
        read(docx.Document())
