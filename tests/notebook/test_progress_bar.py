"""Progress bars of a notebook: what shows while a run goes on, and what stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient

from tests.conftest import LIMIT_S, Paced

SETUP = """%load_ext glmkit
import glmkit, pandas as pd, warnings
frame = pd.DataFrame({{"t": [f"row {{n}}" for n in range(9)]}})
client = glmkit.Client({url!r}, api_key={key!r}, in_flight=2)
options = dict(client=client, model="glm-4-plus")"""
RUN = "done = frame.glm.map('{t}', **options)"


@pytest.fixture
def place(paced: Callable[..., Paced]) -> Paced:
    return paced(tokens=10, wait_s=0.4)


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[BlockingKernelClient]:
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(cwd=str(tmp_path))
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=LIMIT_S)
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def run(client: BlockingKernelClient, code: str) -> list[dict[str, Any]]:
    """Run a cell as JupyterLab does, which names it; return its outputs."""
    content = {"code": code, "silent": False, "store_history": True}
    content |= {"user_expressions": {}, "allow_stdin": False, "stop_on_error": True}
    message = client.session.msg("execute_request", content, metadata={"cellId": "a"})
    client.shell_channel.send(message)
    seen: list[dict[str, Any]] = []
    while True:
        heard = client.get_iopub_msg(timeout=LIMIT_S)
        if heard["parent_header"].get("msg_id") != message["header"]["msg_id"]:
            continue
        if heard["content"].get("execution_state") == "idle":
            return seen
        seen.append({"kind": heard["msg_type"], **heard["content"]})


def test_a_bar_is_a_line_that_goes_on_and_leaves_nothing(
    kernel: BlockingKernelClient, place: Paced
) -> None:
    run(kernel, SETUP.format(url=place.url, key=place.key))
    seen = [one for one in run(kernel, RUN) if one["kind"] != "status"]
    lines = [one["data"] for one in seen if "display_data" in one["kind"]]
    assert {kind for line in lines for kind in line} == {"text/plain"}
    texts = [line["text/plain"] for line in lines]
    assert texts[0].startswith("map:   0%|")
    assert any("/9 [" in text and not text.startswith("map:   0%") for text in texts)
    assert texts[-1] == ""
    assert not [one for one in seen if one["kind"] in ("stream", "comm_open", "error")]


def test_what_there_is_to_say_after_a_run_is_no_error(
    kernel: BlockingKernelClient, place: Paced
) -> None:
    run(kernel, SETUP.format(url=place.url, key=place.key))
    run(kernel, RUN)
    said = [one for one in run(kernel, RUN) if one["kind"] == "stream"]
    assert [one["name"] for one in said] == ["stdout"]
    assert said[0]["text"].startswith("9 prompts were answered before")


def test_an_unloaded_extension_leaves_bars_to_tqdm(
    kernel: BlockingKernelClient, place: Paced
) -> None:
    run(kernel, SETUP.format(url=place.url, key=place.key))
    run(kernel, RUN)
    run(kernel, "%unload_ext glmkit")
    again = run(kernel, "frame.glm.map('{t}', fresh=True, **options)")
    assert [one for one in again if one["kind"] == "comm_open"]


def test_a_saved_notebook_has_no_bar_that_stands_still(
    place: Paced, tmp_path: Path
) -> None:
    cells = [SETUP.format(url=place.url, key=place.key), RUN]
    book = nbformat.v4.new_notebook(cells=[*map(nbformat.v4.new_code_cell, cells)])
    where = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(book, kernel_name="python3", timeout=600, resources=where).execute()
    assert book.cells[1].outputs == []
