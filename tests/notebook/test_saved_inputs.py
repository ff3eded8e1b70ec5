"""What a saved notebook keeps of what was asked: no data of files, frames, pictures."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.browser.canary import KEY, found_in
from tests.conftest import LIMIT_S, Paced

#: Five words that nobody else uses, so that each way of leaking has a name.
CANARIES = {name: f"canary-{name}-7f3a9c" for name in ("word", "file", "frame")}


def executed(folder: Path, cells: list[str]) -> nbformat.NotebookNode:
    made = list(map(nbformat.v4.new_code_cell, cells))
    book = nbformat.v4.new_notebook(cells=made)
    resources = {"metadata": {"path": str(folder)}}
    # As in JupyterLab, which keeps the state of widgets only where that is set.
    NotebookClient(
        book, timeout=LIMIT_S, resources=resources, store_widget_state=False
    ).execute()
    return book


def fill(folder: Path) -> None:
    """Write what the cells attach: no cell holds a canary itself."""
    (folder / "word.txt").write_text(f"{CANARIES['word']} {KEY}")
    (folder / "secret.txt").write_text(f"{CANARIES['file']} {KEY} " * 100)
    rows = "".join(f"{n},{CANARIES['frame']} {KEY}\n" for n in range(50))
    (folder / "frame.csv").write_text(f"n,text\n{rows}")
    note = PngInfo()
    note.add_text("note", KEY)
    Image.new("RGB", (40, 30), "red").save(folder / "red.png", pnginfo=note)


_CELLS = [
    "%load_ext glmkit\n%glm config endpoint {url}",
    "import pandas as pd\nfrom glmkit.widgets import Chat, Compare, PromptLab\n"
    "word = open('word.txt').read()\nframe = pd.read_csv('frame.csv')",
    "%%glm -o first\nWhat is {{word}}?",
    "%%glm --file secret.txt\nSummarise",
    "%%glm\nWhat stands out in {{frame}}?",
    "%%glm --image red.png\nWhat is it?",
    "%%glm --chat q --file secret.txt\nSummarise {{word}}",
    "%%glm --chat q\nAgain",
    "%glm chat q",
    "%glm rerun",
    "first",
    "%%glm --dry-run --file secret.txt\n{{word}} {{frame}}",
    "chat = Chat()\nchat.attach('secret.txt')\nchat.ask(word)\nchat",
    "compare = Compare(word, models=['a', 'b'])\ncompare.run()\ncompare.wait(60)",
    "compare",
    "PromptLab('{{text}}', frame)",
]


@pytest.mark.parametrize("private", [True, False])
def test_no_data_stays_in_a_private_notebook(
    paced: Callable[..., Paced],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    private: bool,
) -> None:
    monkeypatch.setenv("GLMKIT_PRIVACY", "1" if private else "")
    fill(tmp_path)
    url = paced(tokens=20).url
    book = executed(tmp_path, [cell.format(url=url) for cell in _CELLS])
    saved = nbformat.writes(book).encode()
    found = {name for name, word in CANARIES.items() if word.encode() in saved}
    if private:
        assert found == set()
        assert found_in(saved) == set()
        assert b"curl" not in saved
    else:  # the same cells, so that it would be seen
        assert found


def unfolded(cell: Any) -> str:
    (output,) = cell["outputs"]
    html = str(output["data"]["text/html"])
    return html.partition('<details class="glmkit-badge">')[2]


def test_a_badge_names_files_frames_and_pictures_by_size_and_hash(
    paced: Callable[..., Paced], tmp_path: Path
) -> None:
    fill(tmp_path)
    url = paced(tokens=20).url
    book = executed(tmp_path, [cell.format(url=url) for cell in _CELLS[:8]])
    for cell in book.cells[2:]:
        assert "curl" in unfolded(cell)
    word, file, frame, image, chat, again = map(unfolded, book.cells[2:])
    assert f"{{word}} = {CANARIES['word']}" in word  # a short value is seen
    size = (tmp_path / "secret.txt").stat().st_size
    assert f"[secret.txt: {size:,} bytes, SHA-256 " in file
    assert CANARIES["file"] not in file
    assert "What stands out in {frame}?" in frame
    assert "[{frame}: " in frame
    assert CANARIES["frame"] not in frame
    assert "[image: " in image
    data = base64.b64encode((tmp_path / "red.png").read_bytes())
    assert data[:40].decode() not in image
    assert CANARIES["file"] not in chat + again
    assert "# 2 earlier messages are left out" in again
    assert "Summarise" not in again


def test_a_chat_of_sixty_turns_grows_with_its_turns(
    paced: Callable[..., Paced], tmp_path: Path
) -> None:
    url = paced(tokens=60).url
    question = "Tell me more about the light and the air above us. " * 8
    cells = [f"%load_ext glmkit\n%glm config endpoint {url}"]
    cells += [f"%%glm --chat q\n{question} ({n})" for n in range(60)]
    book = executed(tmp_path, cells)
    sizes = [len(json.dumps(cell["outputs"])) for cell in book.cells[1:]]
    assert sum(sizes) < 300_000
    assert max(sizes) < 1.1 * min(sizes)
