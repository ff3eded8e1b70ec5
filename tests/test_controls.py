"""The controls' Python side: bound both ways, from any thread, and let go of."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from anywidget import AnyWidget
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets import Bool, Float, HasTraits, TraitError, Unicode, validate

from glmkit.catalog import card
from glmkit_widgets.choices import choices
from glmkit_widgets.controls import Controls


class Settings(HasTraits):
    model = Unicode(None, allow_none=True)
    temperature = Float(None, allow_none=True, min=0, max=1)
    stream = Bool(True)

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
    controls = Controls(Settings(model="glm-4-plus", temperature=0.5, stream=False))
    held = {"model": "glm-4-plus", "temperature": 0.5, "stream": False}
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
    assert seen[-1] == {"model": "glm-4-long", "temperature": 0.3, "stream": True}
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
        mover.join(60)
    assert not any(mover.is_alive() for mover in movers), "they wait for each other"
    assert {side.temperature for side in both} == {settings.temperature}
    for controls in both:
        assert controls.value["temperature"] == settings.temperature
        controls.close()


def test_the_list_holds_models_that_chat_and_are_sold() -> None:
    listed = {entry["id"]: entry for entry in choices()}
    assert listed["glm-4-long"]["facts"] == [
        "window of 1M tokens",
        "answers up to 4,095 tokens",
        "¥1 in, ¥1 out per million tokens",
    ]
    assert listed["glm-4-flash-250414"]["facts"][-1] == "free"
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
    assert controls.choices[-1]["facts"] == ["no card known"]
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
    picture, view, update = captured.outputs
    assert "<img" not in picture.data["text/html"]
    assert "&lt;img" in picture.data["text/html"]
    assert "text/html" not in view.data
    assert view.data["application/vnd.jupyter.widget-view+json"]
    assert "Temperature: 0.30" in update.data["text/plain"]
    assert "0.30" in update.data["text/html"]


def test_nothing_but_the_settings_is_in_the_widgets_state(controls: Controls) -> None:
    own = controls.get_state().keys() - AnyWidget().get_state().keys()
    assert own == {"model", "temperature", "stream", "choices", "_css"}
