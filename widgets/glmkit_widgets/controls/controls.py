"""Controls for the settings of a notebook's calls, bound to them both ways."""

from __future__ import annotations

from contextlib import suppress
from threading import RLock
from typing import TYPE_CHECKING, Any

import traitlets

from glmkit.config.privacy import private
from glmkit.types.errors import ConfigError
from glmkit.types.options import CONTROLS, THINK, client_options
from glmkit.types.plain_text import escaped
from glmkit.types.translation import _
from glmkit_widgets.controls import copy_as_code
from glmkit_widgets.controls.model_list import ModelChoice, choice, choices
from glmkit_widgets.shared.assets import module, style
from glmkit_widgets.shared.option_traits import trait_of
from glmkit_widgets.shared.widget import GLMWidget

_NAMES = tuple(option.name for option in CONTROLS)
#: One lock for all: setting a value runs the observers of every widget on those
#: settings, which would take locks of their own in both orders.
_LOCK = RLock()
#: Characters of a system prompt in the saved picture.
_SHOWN = 200
#: What the picture shows whether it is set or not.
_ALWAYS = ("temperature", "stream")


class Controls(GLMWidget):
    """Show controls for model, temperature, top-p, length, thinking, streaming, system.

    `settings` holds traits of these names (`model`, `temperature` 0 to 1, `top_p` 0.01
    to 1, `max_tokens`, `think`, `stream`, `system`); both sides follow each other, from
    any thread. None is the service's default. Without settings the controls stand for
    themselves, and `options()` is what `Client.chat` takes.

    >>> controls = Controls(temperature=0.2)
    >>> controls.options()
    {'temperature': 0.2}
    """

    _esm = module("shared/dom", "shared/cells", "shared/copying", "controls/controls")
    _css = style("shared/ground", "controls/controls")

    if TYPE_CHECKING:
        model: str | None
    vars().update({o.name: trait_of(o, checked=False).tag(sync=True) for o in CONTROLS})
    choices: traitlets.List[Any] = traitlets.List().tag(sync=True)
    value = traitlets.Dict(read_only=True)

    def __init__(
        self, settings: traitlets.HasTraits | None = None, **options: Any
    ) -> None:
        self._settings = self if settings is None else settings
        held = {name: getattr(settings, name) for name in _NAMES if settings}
        self._listed = choices()
        super().__init__(choices=self._listed, **{**held, **options})
        self.set_trait("value", {name: getattr(self, name) for name in _NAMES})
        self.observe(self._push, list(_NAMES))
        if settings is not None:
            settings.observe(self._pull, list(_NAMES))
        for name in _NAMES:  # what changed before the observers were set
            self._follow(name)

    def options(self) -> dict[str, Any]:
        """Return what is set, by the names of `Client.chat`."""
        return client_options(self.value)

    def _leave(self) -> None:
        if self._settings is not self:
            with suppress(ValueError):  # they are not observed yet
                self._settings.unobserve(self._pull, list(_NAMES))

    def _push(self, change: Any) -> None:
        name = change["name"]
        with _LOCK:
            try:
                if self._settings is not self:
                    setattr(self._settings, name, getattr(self, name))
            except traitlets.TraitError as exc:
                self._refuse(ConfigError(str(exc), hint=""))
                raise
            finally:  # what the settings refuse or change comes back
                self._follow(name)

    def _pull(self, change: Any) -> None:
        with _LOCK:
            self._follow(change["name"])

    def _follow(self, name: str) -> None:
        """Take the value of the settings."""
        now = getattr(self._settings, name)
        if name == "model":
            self.choices = _with(self._listed, now)
        setattr(self, name, now)
        if self.value[name] != now:
            self.set_trait("value", {**self.value, name: now})
            self._still.update()

    def _do(self, name: str, content: dict[str, Any]) -> None:
        match name, content:
            case "copy", {"as": "magic"}:
                text = copy_as_code.magic(self.value)
            case "copy", _:
                endpoint = getattr(self._settings, "endpoint", None)
                text = copy_as_code.python(self.value, endpoint)
            case _:  # the page only checks that the kernel replies
                return
        self.send({"copied": content["id"], "text": text})

    def _draw(self) -> tuple[str, str]:
        rows = [("Model", self._model_line()), *_lines(self.value)]
        cells = "".join(
            f"<tr><th scope='row'>{escaped(name)}</th><td>{escaped(text)}</td></tr>"
            for name, text in rows
        )
        plain = "\n".join(f"{name}: {text}" for name, text in rows)
        return f"<table>{cells}</table>", plain

    def _model_line(self) -> str:
        model = self.value["model"]
        found = [entry for entry in self.choices if entry["id"] == model]
        if not found:
            return model or _("default")
        return " · ".join([found[0]["label"], *found[0]["facts"]])


def _with(listed: list[ModelChoice], model: str | None) -> list[ModelChoice]:
    """Return the list, with the chosen model where it lacks it."""
    if model is None or any(entry["id"] == model for entry in listed):
        return listed
    return [*listed, choice(model)]


def _lines(value: dict[str, Any]) -> list[tuple[str, str]]:
    """Return label and value of what is set; temperature and streaming always."""
    shown = [o for o in CONTROLS if o.name != "model"]
    lines = [
        (option.label, value[option.name])
        for option in shown
        if value[option.name] or option.name in _ALWAYS
    ]
    return [(label, _worded(held)) for label, held in lines]


def _worded(value: float | int | str | bool | None) -> str:
    match value:
        case None:
            return _("service default")
        case bool():
            return "on" if value else "off"
        case float():
            return f"{value:.2f}"
        case int():
            return f"{value:,}"
        case str() if private() and value not in THINK:
            return _("{count:,} characters (GLMKIT_PRIVACY)", count=len(value))
        case str() if len(value) > _SHOWN:
            return f"{value[: _SHOWN - 1]}…"
        case _:
            return value
