"""Documents on the local platform: parsed, laid out, extracted, searched."""

import base64
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docx
import httpx
import openpyxl
import pptx
import pypdf
import pytest

import glmkit
from glmkit.local import launcher
from tests.conftest import LIMIT_S, Site
from tests.readers.drawn import CHINESE, lines, pdf, table

pytestmark = pytest.mark.xdist_group("site")

OPEN = "/api/llm-application/open"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


def nothing(_canvas: object) -> None:
    """Draw nothing."""


def report() -> bytes:
    """Return a PDF of three pages with a table on the second."""
    rows = [["营业收入", "1,234", "(56)"], ["净利润", "78", "9"]]
    return pdf(lines("First page"), table(rows, columns=True), lines("Last page"))


def word(text: str) -> bytes:
    buffer = io.BytesIO()
    document = docx.Document()
    document.add_paragraph(text)
    document.save(buffer)
    return buffer.getvalue()


def excel(text: str) -> bytes:
    buffer = io.BytesIO()
    book = openpyxl.Workbook()
    book.active.append([text, 7])
    book.save(buffer)
    return buffer.getvalue()


def powerpoint(text: str) -> bytes:
    buffer = io.BytesIO()
    presentation = pptx.Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[5])
    slide.shapes.title.text = text
    presentation.save(buffer)
    return buffer.getvalue()


def locked() -> bytes:
    buffer = io.BytesIO()
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(report()))
    writer.encrypt("word", algorithm="AES-256")
    writer.write(buffer)
    return buffer.getvalue()


@pytest.fixture
def http(site: Site) -> Iterator[httpx.Client]:
    """Return a client with the key of the first account."""
    key = {"Authorization": f"Bearer {site.key}"}
    with httpx.Client(base_url=site.url, headers=key, timeout=LIMIT_S) as client:
        yield client


@pytest.fixture
def client(platform: launcher.Platform) -> Iterator[glmkit.Client]:
    with glmkit.Client("local") as made:
        yield made


def parse(http: httpx.Client, name: str, data: bytes) -> httpx.Response:
    fields = {"tool_type": "prime-sync", "file_type": "PDF"}
    return http.post("files/parser/sync", files={"file": (name, data)}, data=fields)


def lay_out(http: httpx.Client, data: bytes, **fields: Any) -> httpx.Response:
    link = f"data:application/pdf;base64,{base64.b64encode(data).decode()}"
    return http.post(
        "layout_parsing", json={"model": "glm-ocr", "file": link, **fields}
    )


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        ("a.pdf", report(), "First page\n\n营业收入 | 1,234 | (56)\n净利润 | 78 | 9\n\n"
                            "Last page"),
        ("a.docx", word("Hello"), "Hello"),
        ("a.xlsx", excel("Hello"), "Hello | 7"),
        ("a.pptx", powerpoint("Hello"), "Hello"),
        ("a.html", b"<h1>Hello</h1><script>no()</script>", "Hello"),
        ("a.txt", "天空".encode("gb18030"), "天空"),
    ],
)  # fmt: skip
def test_documents_are_parsed_by_the_readers(
    http: httpx.Client, name: str, data: bytes, text: str
) -> None:
    assert parse(http, name, data).json()["content"] == text
    fields = {"tool_type": "lite", "file_type": "PDF"}
    files = {"file": (name, data)}
    task = http.post("files/parser/create", files=files, data=fields).json()["task_id"]
    assert http.get(f"files/parser/result/{task}/text").json()["content"] == text


@pytest.mark.parametrize(
    ("name", "data", "code", "said"),
    [
        ("a.png", PNG, "1221", "the local stand-in cannot read pictures and scans"),
        ("a.pdf", pdf(nothing), "1221", "cannot read pictures and scans"),
        ("a.pdf", locked(), "1210", "a.pdf is protected by a password"),
        ("a.pdf", report()[:900], "1210", "a.pdf cannot be read as pdf"),
        ("a.pdf", b"", "1210", "a.pdf is empty"),
        ("a.pdf", word("x"), "1210", "a.pdf is a Word document, not a PDF"),
    ],
)
def test_what_cannot_be_read_whole_is_refused(
    http: httpx.Client, name: str, data: bytes, code: str, said: str
) -> None:
    answer = parse(http, name, data)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
    assert said in answer.json()["error"]["message"]


def test_the_pages_of_a_pdf_are_laid_out_one_by_one(http: httpx.Client) -> None:
    body = lay_out(http, report()).json()
    assert body["data_info"]["num_pages"] == 3
    assert [page[0]["content"] for page in body["layout_details"]] == [
        "First page", "营业收入 | 1,234 | (56)\n净利润 | 78 | 9", "Last page"
    ]  # fmt: skip
    assert body["md_results"].split("\n\n")[0] == "First page"
    some = lay_out(http, report(), start_page_id=2, end_page_id=3).json()
    assert some["md_results"].endswith("净利润 | 78 | 9\n\nLast page")
    assert len(some["layout_details"]) == 2


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"start_page_id": 0}, "1210"),
        ({"start_page_id": 4}, "1210"),
        ({"start_page_id": 3, "end_page_id": 2}, "1210"),
        ({"file": "https://example.org/a.pdf"}, "1221"),
        ({"file": "no base64"}, "1210"),
        ({"file": None}, "1213"),
    ],
)
def test_wrong_pages_and_files_of_a_layout_are_refused(
    http: httpx.Client, fields: dict[str, Any], code: str
) -> None:
    answer = lay_out(http, report(), **fields)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


def test_a_layout_has_at_most_100_pages(http: httpx.Client) -> None:
    long = pdf(*(lines(f"page {n}") for n in range(101)))
    assert lay_out(http, long).json()["error"]["code"] == "1210"


def test_a_clients_extract_and_parse_reach_the_readers(
    client: glmkit.Client, tmp_path: Path
) -> None:
    path = tmp_path / "报告.pdf"
    path.write_bytes(report())
    assert client.documents.extract(path) == glmkit.read(path)
    laid = client.documents.parse(path, start_page_id=3)
    assert laid.text == "Last page"
    path.write_bytes(pdf(nothing))
    with pytest.raises(glmkit.APIError, match="pictures and scans"):
        client.documents.extract(path)
    assert not client.files.list(purpose="file-extract")


def test_knowledge_is_learned_from_documents(http: httpx.Client) -> None:
    open_url = str(http.base_url.join(OPEN))
    made = http.post(f"{open_url}/knowledge", json={"name": "Docs", "embedding_id": 3})
    base = made.json()["data"]["id"]
    files = [
        ("files", ("a.pdf", pdf(lines("Walruses sleep on ice.")))),
        ("files", ("b.docx", word("Penguins sleep standing."))),
        ("files", ("scan.pdf", pdf(nothing))),
        ("files", ("locked.pdf", locked())),
    ]
    taken = http.post(f"{open_url}/document/upload_document/{base}", files=files).json()
    good, bad = taken["data"]["successInfos"], taken["data"]["failedInfos"]
    assert [one["fileName"] for one in good] == ["a.pdf", "b.docx"]
    assert "scans" in bad[0]["failReason"]
    assert "password" in bad[1]["failReason"]
    asked = {"query": "walruses", "knowledge_ids": [base]}
    (hit,) = http.post(f"{open_url}/knowledge/retrieve", json=asked).json()["data"]
    assert hit["text"] == "Walruses sleep on ice."
    assert http.delete(f"{open_url}/knowledge/{base}").json()["code"] == 200


def test_search_reads_the_documents_of_the_folder(
    site: Site, http: httpx.Client
) -> None:
    made = {
        "z1.pdf": pdf(lines("Otters hold hands"), lines("海獭牵手", font=CHINESE)),
        "z2.docx": word("Badgers dig setts"),
        "z3.xlsx": excel("Beavers"),
        "z4.pptx": powerpoint("Herons stand"),
        "z5.html": b"<p>Newts <b>swim</b></p><script>hide()</script>",
        "z6.pdf": locked(),
    }
    for name, data in made.items():
        (site.documents / name).write_bytes(data)
    words = {
        "otters": "z1.pdf", "海獭": "z1.pdf", "badgers": "z2.docx",
        "beavers": "z3.xlsx", "herons": "z4.pptx", "newts": "z5.html",
    }  # fmt: skip
    try:
        for word_, name in words.items():
            asked = {"search_query": word_, "search_engine": "search_std"}
            (found,) = http.post("web_search", json=asked).json()["search_result"]
            assert found["link"].endswith(name)
        page = http.post("reader", json={"url": "z1.pdf"}).json()["reader_result"]
        assert page["content"] == "Otters hold hands\n\n海獭牵手"
    finally:
        for name in made:
            (site.documents / name).unlink()


def test_a_refusal_that_a_folder_would_cure_names_both_ways_to_set_it(
    client: glmkit.Client,
) -> None:
    for asked in (
        lambda: client.web_search("otters"),
        lambda: client.read_page("https://example.org"),
    ):
        with pytest.raises(glmkit.APIError) as caught:
            asked()
        assert "glmkit serve --documents DIR" in str(caught.value)
        assert "GLMKIT_LOCAL_DOCUMENTS" in str(caught.value)


def test_the_variable_is_the_option(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: launcher.Platform
) -> None:
    (tmp_path / "otters.pdf").write_bytes(pdf(lines("Otters hold hands")))
    monkeypatch.setenv("GLMKIT_LOCAL_DOCUMENTS", str(tmp_path))
    with glmkit.Client("local") as client:
        found = client.web_search("otters")
    assert "Otters hold hands" in str(found)
