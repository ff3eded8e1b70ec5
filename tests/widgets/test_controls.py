"""The controls' Python side: bound both ways, from any thread, and let go of."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from anywidget import AnyWidget
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets import HasTraits, TraitError, validate

from glmkit.catalog.cards import card
from glmkit.notebook.magics import cell_options
from glmkit.notebook.magics.glm import GLMMagics
from glmkit.notebook.settings import GLM
from glmkit.types.options import THINK, client_options
from glmkit_widgets.controls import copy_as_code
from glmkit_widgets.controls.controls import Controls
from glmkit_widgets.controls.model_list import choices
from tests.conftest import LIMIT_S, Paced, wait_for

HELD = dict.fromkeys(
    ("model", "temperature", "top_p", "max_tokens", "think", "system")
) | {"stream": True}


class Settings(GLM):
    """A notebook's settings that write a model in their own way."""

    @validate("model")
    def _lower(self, proposal: dict[str, str | None]) -> str | None:
        model = proposal["value"]
        return model and model.lower()


@pytest.fixture
def settings() -> Settings:
    return Settings()


@pytest.fixture
def controls(settings: Settings) -> Iterator[Controls]:
    controls = Controls(settings)
    yield controls
    controls.close()


def test_controls_start_with_what_the_settings_hold() -> None:
    settings = Settings(model="glm-4-plus", temperature=0.5, stream=False)
    controls = Controls(settings)
    held = {**HELD, "model": "glm-4-plus", "temperature": 0.5, "stream": False}
    assert controls.value == held
    assert {name: getattr(controls, name) for name in held} == held
    controls.close()


def test_either_side_follows_the_other(settings: Settings, controls: Controls) -> None:
    seen: list[object] = []
    controls.observe(lambda change: seen.append(change["new"]), "value")
    settings.temperature = 0.3
    controls.model = "glm-4-long"
    assert controls.temperature == 0.3
    assert settings.model == "glm-4-long"
    assert seen[-1] == {**HELD, "model": "glm-4-long", "temperature": 0.3}
    controls.temperature = None
    assert settings.temperature is None


def test_a_message_of_the_front_end_reaches_the_settings(
    settings: Settings, controls: Controls
) -> None:
    controls.set_state({"temperature": 0.25, "stream": False})
    assert (settings.temperature, settings.stream) == (0.25, False)


def test_what_the_settings_refuse_comes_back(
    settings: Settings, controls: Controls
) -> None:
    settings.temperature = 0.5
    with pytest.raises(TraitError):
        controls.temperature = 3.0
    assert (settings.temperature, controls.temperature) == (0.5, 0.5)


def test_what_the_settings_write_otherwise_is_taken_over(
    settings: Settings, controls: Controls
) -> None:
    controls.model = "GLM-4-Plus"
    assert (settings.model, controls.model) == ("glm-4-plus", "glm-4-plus")


def test_closed_controls_let_go_of_the_settings(settings: Settings) -> None:
    controls = Controls(settings)
    controls.close()
    settings.temperature = 0.9
    assert controls.temperature is None
    controls.close()  # the collector calls once more


def test_threads_that_move_both_sides_leave_them_alike(settings: Settings) -> None:
    both = [Controls(settings), Controls(settings)]
    start = threading.Barrier(3)

    def move(side: HasTraits, offset: float) -> None:
        start.wait()
        for step in range(150):
            side.set_trait("temperature", (step + offset) % 100 / 100)

    movers = [
        threading.Thread(target=move, args=(side, 7.0 * place), daemon=True)
        for place, side in enumerate([settings, *both])
    ]
    for mover in movers:
        mover.start()
    for mover in movers:
        mover.join(LIMIT_S)
    assert not any(mover.is_alive() for mover in movers), "they wait for each other"
    assert {side.temperature for side in both} == {settings.temperature}
    for controls in both:
        assert controls.value["temperature"] == settings.temperature
        controls.close()


def test_the_list_holds_models_that_chat_and_are_sold() -> None:
    listed = {entry["id"]: entry for entry in choices()}
    assert listed["glm-4-long"]["facts"] == [
        "context window 1M",
        "max output 4,095 tokens",
        "¥1 in, ¥1 out per million tokens",
        "10 requests at a time (V0)",
    ]
    assert "free" in listed["glm-4-flash-250414"]["facts"]
    assert dict(listed["glm-4-long"]["able"]) == {
        "images": False,
        "thinking": False,
        "tools": True,
        "JSON": True,
        "web search": True,
    }
    assert listed["glm-4.6v"]["group"] == "Text and images"
    assert not listed.keys() & {"embedding-3", "cogview-4", "glm-ocr", "glm-z1-air"}
    for model in listed:
        found = card(model)
        assert found is not None
        assert found.status not in {"retired", "deprecated", "finetune-base"}


def test_a_model_outside_the_list_is_shown_as_what_it_is(
    settings: Settings, controls: Controls
) -> None:
    usual = len(controls.choices)
    settings.model = "glm-z1-air"
    assert controls.choices[-1]["label"] == "GLM-Z1-Air (retired)"
    settings.model = "my/own"
    assert controls.choices[-1]["facts"] == ["not in the catalogue"]
    settings.model = None
    assert len(controls.choices) == usual


def test_the_picture_is_an_output_of_its_own_and_escaped(
    settings: Settings, controls: Controls
) -> None:
    InteractiveShell.instance()
    settings.model = "<img src=x onerror=alert(1)>"
    with capture_output() as captured:
        controls._ipython_display_()
        settings.temperature = 0.3
        wait_for(lambda: len(captured.outputs) == 3)
    picture, view, update = captured.outputs
    assert "<img" not in picture.data["text/html"]
    assert "&lt;img" in picture.data["text/html"]
    assert "text/html" not in view.data
    assert view.data["application/vnd.jupyter.widget-view+json"]
    assert "Temperature: 0.30" in update.data["text/plain"]
    assert "0.30" in update.data["text/html"]


def test_nothing_but_the_settings_is_in_the_widgets_state(controls: Controls) -> None:
    own = controls.get_state().keys() - AnyWidget().get_state().keys()
    assert own == {*HELD, "choices", "_css"}


def test_thinking_offers_what_the_card_takes() -> None:
    listed = {entry["id"]: entry["efforts"] for entry in choices()}
    assert listed["glm-4-plus"] == []
    assert listed["glm-4.6"] == ["on", "off"]
    assert listed["glm-5.3"] == ["on", "low", "high", "max"]
    taken = {effort for efforts in listed.values() for effort in efforts or ()}
    assert taken <= set(THINK)


def test_controls_without_settings_stand_for_themselves() -> None:
    controls = Controls(model="glm-4.6", temperature=0.0)
    controls.set_state({"think": "off", "system": "Be brief."})
    assert controls.options() == {
        "model": "glm-4.6",
        "temperature": 0.0,
        "thinking": "off",
        "system": "Be brief.",
    }
    controls.close()


def test_what_was_refused_is_said_in_place(
    settings: Settings, controls: Controls
) -> None:
    sent: list[dict[str, object]] = []
    controls.send = lambda content, buffers=None: sent.append(content)  # type: ignore[method-assign]
    with pytest.raises(TraitError):
        controls.set_state({"think": "hard"})
    assert "think" in str(sent[-1]["refused"])
    assert (settings.think, controls.think) == (None, None)


VALUES = {
    **HELD,
    "model": "glm-5.2",
    "temperature": 0.2,
    "top_p": 0.9,
    "max_tokens": 100,
    "think": "high",
    "stream": False,
}


@pytest.mark.parametrize(
    "system",
    [
        None,
        "Be {brief} of {In[0]}.",
        "Be brief.",
        'Say "so"',
        'it\'s "so"',
        "C:\\new",
        "one\ntwo 'x' \"y\"",
    ],
)
def test_a_copied_cell_asks_what_the_controls_say(
    shell: InteractiveShell, system: str | None
) -> None:
    asked: list[tuple[str, str]] = []
    text = copy_as_code.magic({**VALUES, "system": system})
    shell.register_magic_function(
        lambda line, cell: asked.append((line, cell)), "cell", "glm"
    )
    assert shell.run_cell(text).success
    ((line, cell),) = asked
    of = cell_options.parser(GLMMagics.ask)
    question = cell_options.read(of, line, cell, GLM(), {})
    assert question is not None
    given = {**VALUES, "system": system}
    assert question.options == client_options(given)
    assert (question.prompt, question.stream) == ("Write the prompt here.", False)


@pytest.mark.parametrize("stream", [True, False])
def test_a_copied_script_runs(
    place: Paced, capsys: pytest.CaptureFixture[str], stream: bool
) -> None:
    values = {**VALUES, "system": 'it\'s "so"\n', "stream": stream}
    exec(copy_as_code.python(values, place.url), {})
    assert "Part 1" in capsys.readouterr().out
    assert place.url not in copy_as_code.python(values, place.url)


def test_the_page_gets_the_text_it_asked_for(controls: Controls) -> None:
    sent: list[dict[str, object]] = []
    controls.send = lambda content, buffers=None: sent.append(content)  # type: ignore[method-assign]
    controls.model = "glm-4-plus"
    controls._heard(None, {"do": "copy", "as": "magic", "id": "7"}, [])
    assert sent == [
        {"heard": "7"},
        {"copied": "7", "text": "%%glm -m glm-4-plus\nWrite the prompt here.\n"},
    ]
