"""The picture of each widget in a saved notebook: plain, unlisted, private, in time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from IPython.core.displaypub import CapturingDisplayPublisher

import glmkit
from glmkit.notebook.settings import GLM
from glmkit.widgets import (
    Chat,
    Compare,
    Controls,
    Dashboard,
    PromptLab,
    TemperatureTheatre,
    TokenRuler,
)
from glmkit_widgets.shared.static_picture import StaticPicture
from tests.conftest import LIMIT_S, Paced, wait_for

Factory = Callable[..., Paced]
#: A model's text that would set the clipboard, hide itself and turn its direction.
HOSTILE = "\x1b]52;c;cHduZWQ=\x07 \x9b2K \u202egnp\u202c canary-77"


def _chat(client: glmkit.Client) -> Any:
    chat = Chat(client)
    chat.ask(HOSTILE)
    return chat


def _compare(client: glmkit.Client) -> Any:
    compare = Compare(HOSTILE, ["glm-4-plus", "glm-4-air"], client)
    compare.run()
    compare.wait(LIMIT_S)
    return compare


def _theatre(client: glmkit.Client) -> Any:
    theatre = TemperatureTheatre(HOSTILE, (0, 1), 1, client=client)
    theatre.run()
    theatre.wait(LIMIT_S)
    return theatre


def _lab(client: glmkit.Client) -> Any:
    lab = PromptLab("{x}", {"x": [HOSTILE]}, client=client)
    lab.run()
    lab.wait(LIMIT_S)
    return lab


def _dashboard(client: glmkit.Client) -> Any:
    client.chat("Hi", model=f"model {HOSTILE}")
    return Dashboard()


_WIDGETS: dict[str, Callable[[glmkit.Client], Any]] = {
    "chat": _chat,
    "compare": _compare,
    "theatre": _theatre,
    "promptlab": _lab,
    "dashboard": _dashboard,
    "ruler": lambda client: TokenRuler(HOSTILE, f"model {HOSTILE}", client),
    "controls": lambda client: Controls(GLM(system=HOSTILE)),
}
#: Those whose picture has no text of a prompt or an answer.
_NUMBERS = {"dashboard", "ruler"}


@pytest.fixture
def client(paced: Factory) -> glmkit.Client:
    place = paced(text="echo")
    return glmkit.Client(place.url, place.key)


def bundle(widget: Any) -> dict[str, str]:
    found: dict[str, str] = widget._still._bundle()
    widget.close()
    return found


@pytest.mark.parametrize("name", _WIDGETS)
def test_a_picture_is_plain_text_and_out_of_the_notebooks_contents(
    name: str, client: glmkit.Client
) -> None:
    found = bundle(_WIDGETS[name](client))
    for text in (found["text/plain"], found["text/html"]):
        assert "canary-77" in text
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)
    headings = re.findall("<h[1-6][^>]*>", found["text/html"])
    assert [one for one in headings if "jp-toc-ignore" not in one] == []
    assert bool(headings) == (name in {"compare", "theatre", "dashboard"})


@pytest.mark.parametrize("name", sorted(_WIDGETS.keys() - _NUMBERS))
def test_privacy_keeps_prompts_and_answers_out_of_a_picture(
    name: str, client: glmkit.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    widget = _WIDGETS[name](client)
    monkeypatch.setenv("GLMKIT_PRIVACY", "1")
    found = bundle(widget)
    assert "canary-77" not in str(found)
    assert "GLMKIT_PRIVACY" in found["text/plain"]


class Published(CapturingDisplayPublisher):
    """Keeps each update of what is displayed."""

    def __init__(self) -> None:
        super().__init__()
        self.updates: list[str] = []

    def publish(self, data: Any, *args: Any, update: bool = False, **more: Any) -> None:
        if update:
            self.updates.append(data["text/plain"])


class Counter:
    """A picture of a number."""

    def __init__(self) -> None:
        self.number = 0
        self.picture = StaticPicture(self._draw, pause_s=0.0)

    def _draw(self) -> tuple[str, str]:
        return f"<h4>{self.number}</h4>", str(self.number)


@pytest.fixture
def counter(shell: Any) -> Iterator[Counter]:
    made = Counter()
    shell.display_pub = Published()
    yield made
    made.picture.close()


def test_a_picture_is_sent_when_it_has_changed(counter: Counter, shell: Any) -> None:
    counter.picture.update()
    counter.picture.show("model")
    counter.picture.send()
    assert shell.display_pub.updates == []
    counter.number = 1
    counter.picture.update()
    wait_for(lambda: shell.display_pub.updates, lambda sent: sent == ["1"])


def test_the_end_of_a_cell_sends_what_the_pause_held_back(
    counter: Counter, shell: Any
) -> None:
    counter.picture = StaticPicture(counter._draw, pause_s=600.0)
    counter.picture.show("model")
    counter.number = 1
    counter.picture.update()
    wait_for(lambda: shell.display_pub.updates, lambda sent: sent == ["1"])
    shell.user_ns["counter"] = counter
    shell.run_cell("for counter.number in range(2, 9): counter.picture.update()")
    assert shell.display_pub.updates == ["1", "8"]


def test_closing_sends_what_the_page_would_have_saved(
    counter: Counter, shell: Any
) -> None:
    counter.picture.show("model")
    counter.picture.saved_by_page = True
    counter.number = 1
    counter.picture.update()
    shell.run_cell("1")
    assert shell.display_pub.updates == []
    counter.picture.close()
    assert shell.display_pub.updates == ["1"]
    counter.picture.close()
    assert shell.display_pub.updates == ["1"]


def test_the_last_change_is_sent_at_once_between_cells(
    counter: Counter, shell: Any
) -> None:
    counter.picture = StaticPicture(counter._draw, pause_s=600.0)
    shell.user_ns["counter"] = counter
    shell.run_cell("counter.picture.show('model')")
    for counter.number in (1, 2, 3):
        counter.picture.update(now=True)
    assert shell.display_pub.updates == ["1", "2", "3"]
