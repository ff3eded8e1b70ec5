"""Pages without text, read by OCR: those alone are sent."""

from __future__ import annotations

import base64
import io
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from pypdf import PdfReader
from reportlab.pdfgen.canvas import Canvas

import glmkit
from glmkit.documents import scans
from glmkit.errors import ConfigError, ServerError
from tests.conftest import Paced

Factory = Callable[..., Paced]


def drawn(folder: Path, texts: list[str]) -> Path:
    """Write a PDF; a page without text is a grey box as wide as its number."""
    path = folder / "scan.pdf"
    canvas = Canvas(str(path))
    for number, text in enumerate(texts, 1):
        canvas.setPageSize((500 + number, 700))
        if text:
            canvas.drawString(72, 600, text)
        else:
            canvas.rect(50, 50, 300, 300, fill=1)
        canvas.showPage()
    canvas.save()
    return path


def client_of(place: Paced) -> glmkit.Client:
    return glmkit.Client(place.url, api_key=place.key)


def test_the_pages_without_text_are_read_and_the_others_stay(
    resources: Factory, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = resources()
    path = drawn(tmp_path, ["one", "", "three", "", ""])
    text = glmkit.read_scans(path, client=client_of(place))
    assert [page.text for page in text.pages] == [
        "one", "page of 502 points", "three", "page of 504 points", "page of 505 points"
    ]  # fmt: skip
    assert text.blank == ()
    assert text.notes == ("read by OCR: pages 2, 4 to 5",)
    (asked,) = place.seen["asked"]
    sent = base64.b64decode(asked["body"]["file"].rpartition(",")[2])
    assert len(PdfReader(io.BytesIO(sent)).pages) == 3
    assert "3 pages without text go to glm-ocr" in capsys.readouterr().out


def test_a_scan_is_read_whole_and_in_portions(
    resources: Factory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scans, "_MOST", 2)
    place = resources()
    text = glmkit.read_scans(drawn(tmp_path, [""] * 5), client=client_of(place))
    assert [page.text for page in text.pages] == [
        f"page of {500 + number} points" for number in range(1, 6)
    ]
    assert len(place.seen["asked"]) == 3


def test_nothing_is_sent_where_all_pages_have_text(
    resources: Factory, tmp_path: Path
) -> None:
    place = resources()
    path = drawn(tmp_path, ["one", "two"])
    assert glmkit.read_scans(path, client=client_of(place)) == "one\n\ntwo"
    assert place.seen["asked"] == []


def test_pages_that_are_missing_are_told(
    resources: Factory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = drawn(tmp_path, ["", ""])
    whole = scans.part_of
    monkeypatch.setattr(
        scans, "part_of", lambda path, numbers: whole(path, numbers[:1])
    )
    with pytest.raises(ServerError, match="1 pages of 2"):
        glmkit.read_scans(path, client=client_of(resources()))
    with pytest.raises(ConfigError, match="gone"):
        glmkit.read_scans(tmp_path / "gone.pdf")


def test_the_stand_in_refuses_a_scan(platform: object, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(glmkit.APIError, match="stand-in"):
            glmkit.read_scans(drawn(tmp_path, [""]), client=glmkit.Client("local"))
