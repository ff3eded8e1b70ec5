"""A streamed answer in each kind of front end: what is shown last is whole.

A front end is played here by a client of a real kernel, which shows what such a one
shows; the real ones stand in `test_places.py` and in `tests/browser`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Paced
from tests.notebook.test_kernel import Kernel, errors, kernel
from tests.support.paced_answers import pieces

__all__ = ["kernel"]  # the fixture

#: What the model says: 300 words.
WORDS = "".join(pieces("paragraph", 300))
BADGE = "7 tokens in, 300 out"
VIEW = "application/vnd.jupyter.widget-view+json"


class FrontEnd:
    """A client that shows outputs as a kind of front end does.

    One that `updates` replaces outputs by their display id, others ignore that; one
    that names the `cell` says which cell it executes; one with `widgets` runs them.
    """

    def __init__(
        self,
        kernel: Kernel,
        *,
        updates: bool = False,
        cell: bool = False,
        widgets: bool = False,
    ) -> None:
        self.kernel = kernel
        self.updates = updates
        self.metadata = {"cellId": "one"} if cell else {}
        self.widgets = widgets
        self.kinds: list[str] = []

    def run(self, code: str) -> list[dict[str, str]]:
        """Run a cell, and return the outputs that are seen at its end."""
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": True,
        }
        return self.send("execute_request", content, self.metadata)

    def ask(self) -> list[dict[str, str]]:
        outputs = self.run("%%glm\nHi")
        assert len(outputs) == 1, outputs
        return outputs

    def click(self, button: str) -> list[dict[str, str]]:
        """Click a button, and return the outputs of its callback."""
        event = {"method": "custom", "content": {"event": "click"}}
        return self.send("comm_msg", {"comm_id": button, "data": event}, {})

    def send(
        self, kind: str, content: dict[str, Any], metadata: dict[str, Any]
    ) -> list[dict[str, str]]:
        client = self.kernel.client
        message = client.session.msg(kind, content, metadata=metadata)
        client.shell_channel.send(message)
        messages = self.kernel.finish(message["header"]["msg_id"])
        assert not errors(messages), errors(messages)
        seen = self.seen(messages)
        if self.widgets:
            self.answer(messages)
        self.kinds = [message["msg_type"] for message in messages]
        return seen

    def seen(self, messages: list[dict[str, Any]]) -> list[dict[str, str]]:
        outputs: list[dict[str, str]] = []
        places: dict[str, int] = {}
        views: dict[str, dict[str, str]] = {}
        for message in messages:
            content = message["content"]
            shown = content.get("transient", {}).get("display_id", "")
            match message["msg_type"]:
                case "stream":
                    outputs.append({"text/plain": content["text"]})
                case "display_data" | "execute_result":
                    places[shown] = len(outputs)
                    outputs.append(dict(content["data"]))
                    if view := content["data"].get(VIEW):
                        views[view["model_id"]] = outputs[-1]
                case "update_display_data" if self.updates:
                    outputs[places[shown]] = content["data"]
                case "comm_msg" if self.widgets and content["comm_id"] in views:
                    said = content["data"].get("content", {}).get("whole", {})
                    if said.get("end"):
                        views[content["comm_id"]]["text/html"] = said["end"]
        return outputs

    def answer(self, messages: list[dict[str, Any]]) -> None:
        """Run the modules of widgets that speak as soon as the page knows of them."""
        for message in messages:
            content = message["content"]
            state = content.get("data", {}).get("state", {}) if content else {}
            if message["msg_type"] == "comm_open" and "probe" in state.get("_esm", ""):
                data = {"method": "custom", "content": {"probe": True}}
                self.send("comm_msg", {"comm_id": content["comm_id"], "data": data}, {})


def ready(front_end: FrontEnd, paced: Callable[..., Paced], **options: object) -> Paced:
    place = paced(tokens=300, rate=600, text="paragraph", **options)
    front_end.run("%load_ext glmkit")
    front_end.run(f"%glm config endpoint {place.url}")
    return place


def whole(output: dict[str, str], kind: str = "text/plain") -> bool:
    text = " ".join(output.get(kind, "").split())
    return WORDS in text and BADGE in text


def test_a_front_end_that_ignores_updates_shows_all_of_an_answer(
    kernel: Kernel, paced: Callable[..., Paced]
) -> None:
    console = FrontEnd(kernel)
    ready(console, paced)
    (output,) = console.ask()
    assert whole(output)


_CONTAINED = "import ipywidgets\nout = ipywidgets.Output()\nwith out:\n"
_ASK = "get_ipython().run_cell_magic('glm', '', 'Hi')"


def test_inside_an_output_widget_all_of_an_answer_is_shown(
    kernel: Kernel, paced: Callable[..., Paced]
) -> None:
    page = FrontEnd(kernel, cell=True)  # what an Output widget shows of it
    ready(page, paced)
    (output,) = page.run(f"{_CONTAINED}    reply = {_ASK}")
    assert whole(output)


_BUTTON = f"""import ipywidgets
button = ipywidgets.Button()
button.on_click(lambda _: {_ASK})
print(button.comm.comm_id)"""


@pytest.mark.parametrize("widgets", [False, True])
def test_the_callback_of_a_button_shows_all_of_an_answer(
    kernel: Kernel, paced: Callable[..., Paced], widgets: bool
) -> None:
    page = FrontEnd(kernel, cell=True, widgets=widgets)
    ready(page, paced)
    (printed,) = page.run(_BUTTON)
    (output,) = page.click(printed["text/plain"].strip())
    assert whole(output)


def test_captured_output_is_one_whole_answer(
    kernel: Kernel, paced: Callable[..., Paced]
) -> None:
    page = FrontEnd(kernel, updates=True, cell=True)
    ready(page, paced)
    assert page.run(f"%%capture kept\nreply = {_ASK}") == []
    (count, *shown) = page.run("print(len(kept.outputs))\nkept.show()")
    assert count["text/plain"].strip() == "1"
    (output,) = shown
    assert whole(output)


def test_a_front_end_that_names_its_cells_sees_the_answer_grow(
    kernel: Kernel, paced: Callable[..., Paced]
) -> None:
    page = FrontEnd(kernel, updates=True, cell=True)
    ready(page, paced)
    (output,) = page.ask()
    assert whole(output)
    assert page.kinds.count("update_display_data") > 2


def test_a_page_whose_widgets_answer_gets_a_live_view_then_a_static_output(
    kernel: Kernel, paced: Callable[..., Paced]
) -> None:
    page = FrontEnd(kernel, updates=True, cell=True, widgets=True)
    ready(page, paced)
    page.ask()
    (output,) = page.ask()
    assert whole(output)
    assert page.kinds.count("update_display_data") == 1
    assert page.kinds.count("comm_msg") > 2
    (contained,) = page.run(f"{_CONTAINED}    reply = {_ASK}")
    assert "update_display_data" not in page.kinds
    assert whole(contained, "text/html")


def test_a_console_at_the_kernel_of_a_page_gets_all_at_once(
    kernel: Kernel, paced: Callable[..., Paced]
) -> None:
    page = FrontEnd(kernel, updates=True, cell=True, widgets=True)
    ready(page, paced)
    page.ask()
    console = FrontEnd(kernel)
    kernel.client.session.session = "the console's own"
    (output,) = console.ask()
    assert whole(output)


def test_a_replayed_answer_is_painted_once(
    kernel: Kernel, paced: Callable[..., Paced]
) -> None:
    page = FrontEnd(kernel, updates=True, cell=True)
    ready(page, paced)
    page.run("%glm replay auto")
    page.run("%%glm\nHi")
    (output,) = page.ask()
    assert "replayed" in output["text/plain"]
    assert page.kinds.count("display_data") == 1
    assert "update_display_data" not in page.kinds


def test_nothing_but_the_error_is_shown_where_nothing_came(
    kernel: Kernel, paced: Callable[..., Paced]
) -> None:
    page = FrontEnd(kernel, updates=True, cell=True, widgets=True)
    ready(page, paced, status=401, code="1002")
    messages = kernel.run("%%glm\nHi")
    assert [m["msg_type"] for m in messages if m["msg_type"] == "display_data"] == []
    assert len(errors(messages)) == 1


def test_what_a_first_use_waits_for_is_gone_once_the_answer_is_there(
    kernel: Kernel,
) -> None:
    page = FrontEnd(kernel, updates=True, cell=True)
    # Its home is new: the platform is started, with the weights that are there.
    page.run("%load_ext glmkit")
    try:
        outputs = page.run("%%glm --max-tokens 20 -t 0\nWhy is the sky blue?")
    finally:
        page.run("from glmkit.local import launcher\nlauncher.stop()")
    text = "".join(output["text/plain"] for output in outputs)
    assert "answered by the stand-in" in text
    assert "platform" not in text
    assert "weights" not in text
    assert "%" not in text
