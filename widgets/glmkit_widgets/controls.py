"""Model, temperature and streaming as controls, bound to the notebook's settings."""

from __future__ import annotations

from html import escape
from threading import RLock
from typing import Any

import anywidget
import traitlets

from glmkit_widgets.choices import Choice, choice, choices
from glmkit_widgets.sheets import module, style
from glmkit_widgets.still import Still

_NAMES = ("model", "temperature", "stream")
#: One for all: setting a value runs the observers of every widget on those settings,
#: so locks of their own would be taken in both orders.
_LOCK = RLock()


class Controls(anywidget.AnyWidget):
    """Show controls for the model, the temperature (0 to 1) and streaming.

    `settings` holds the traits `model`, `temperature` and `stream`; both sides follow
    each other, from any thread. None is the service's default.

    >>> from traitlets import Bool, Float, HasTraits, Unicode
    >>> class Settings(HasTraits):
    ...     model = Unicode(None, allow_none=True)
    ...     temperature = Float(None, allow_none=True)
    ...     stream = Bool(True)
    >>> Controls(Settings()).value
    {'model': None, 'temperature': None, 'stream': True}
    """

    _esm = module("dom", "controls")
    _css = style("controls")

    model = traitlets.Unicode(None, allow_none=True).tag(sync=True)
    temperature = traitlets.Float(None, allow_none=True).tag(sync=True)
    stream = traitlets.Bool(True).tag(sync=True)
    choices: traitlets.List[Any] = traitlets.List().tag(sync=True)
    value = traitlets.Dict(read_only=True)

    def __init__(self, settings: traitlets.HasTraits, **options: Any) -> None:
        state = {name: getattr(settings, name) for name in _NAMES}
        self._settings = settings
        self._still = Still(self._draw)
        self._listed = choices()
        listed = _with(self._listed, state["model"])
        super().__init__(choices=listed, **state, **options)
        self.set_trait("value", state)
        self.observe(self._push, list(_NAMES))
        settings.observe(self._pull, list(_NAMES))
        for name in _NAMES:  # what changed before the observers stood
            self._follow(name)

    def close(self) -> None:
        """Let go of the settings and remove the views."""
        if self.comm is not None:  # the first time; the collector calls once more
            self._settings.unobserve(self._pull, list(_NAMES))
        super().close()

    def _push(self, change: Any) -> None:
        name = change["name"]
        with _LOCK:
            try:
                setattr(self._settings, name, getattr(self, name))
            finally:  # what the settings refuse or write otherwise comes back
                self._follow(name)

    def _pull(self, change: Any) -> None:
        with _LOCK:
            self._follow(change["name"])

    def _follow(self, name: str) -> None:
        """Take the value that the settings hold now, whoever set it."""
        now = getattr(self._settings, name)
        if name == "model":
            self.choices = _with(self._listed, now)
        setattr(self, name, now)
        if self.value[name] != now:
            self.set_trait("value", {**self.value, name: now})
            self._still.update()

    def _ipython_display_(self) -> None:
        self._still.show(self.model_id)

    def _draw(self) -> tuple[str, str]:
        rows = [
            ("Model", self._model_line()),
            ("Temperature", _temperature_line(self.value["temperature"])),
            ("Streaming", "on" if self.value["stream"] else "off"),
        ]
        cells = "".join(
            f"<tr><th scope='row'>{escape(name)}</th><td>{escape(text)}</td></tr>"
            for name, text in rows
        )
        plain = "\n".join(f"{name}: {text}" for name, text in rows)
        return f"<table>{cells}</table>", plain

    def _model_line(self) -> str:
        model = self.value["model"]
        found = [entry for entry in self.choices if entry["id"] == model]
        if not found:
            return model or "the default"
        return " · ".join([found[0]["label"], *found[0]["facts"]])


def _with(listed: list[Choice], model: str | None) -> list[Choice]:
    """Return the list with the model that is set, where it is not in it."""
    if model is None or any(entry["id"] == model for entry in listed):
        return listed
    return [*listed, choice(model)]


def _temperature_line(temperature: float | None) -> str:
    return "the service's default" if temperature is None else f"{temperature:.2f}"
