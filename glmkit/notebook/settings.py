"""The defaults of a notebook: what `%glm config`, `%config GLM` and Controls set."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

import msgspec
from traitlets import TraitError, validate
from traitlets.config import Configurable

from glmkit.config.endpoints import endpoint_of
from glmkit.types.errors import ConfigError
from glmkit.types.options import SETTINGS, Option, client_options
from glmkit.types.translation import _
from glmkit_widgets.shared.option_traits import trait_of

_SWITCH = {
    **dict.fromkeys(("on", "true", "yes", "1"), True),
    **dict.fromkeys(("off", "false", "no", "0"), False),
}
#: What puts an option back to its default.
_UNSET = {"default", "none", ""}
#: Other tools' names of a format → ours.
_FORMATS = {"md": "markdown", "math": "markdown"}
#: Formats of other tools that there are not here → what to do.
_NO_FORMATS = {
    "html": "Answers are shown as safe HTML anyway; `-f text` shows the source.",
    "image": "`glmkit.Client().images.generate(...)` draws; `--image` sends one.",
}


def read(option: Option, text: str) -> Any:
    """Return the value that a text means for an option; ConfigError for other texts.

    >>> from glmkit.types.options import OPTION
    >>> read(OPTION["temperature"], "0.3"), read(OPTION["stream"], "off")
    (0.3, False)
    """
    plain = text.strip()
    if plain.lower() in _UNSET and plain not in option.choices:
        return option.default
    try:
        return _value(option, plain)
    except ValueError as exc:
        hint = _NO_FORMATS.get(plain) if option.name == "format" else None
        raise ConfigError(
            _("{name} cannot be {text!r}", name=option.name, text=text),
            hint=hint or f"{option.name}: {option.takes}, or `default`.",
        ) from exc


def _value(option: Option, text: str) -> Any:
    """Return the value of a text; ValueError where it does not fit."""
    match option.kind:
        case "number":
            return _within(option, float(text))
        case "whole":
            return int(_within(option, int(text)))
        case "toggle" | "flag":
            if text.lower() not in _SWITCH:
                raise ValueError(text)
            return _SWITCH[text.lower()]
        case "choice":
            word = _FORMATS.get(text, text) if option.name == "format" else text
            if word not in option.choices:
                raise ValueError(text)
            return word
        case "json" | "many":
            try:
                return msgspec.json.decode(text)
            except msgspec.DecodeError:
                return text
        case _:
            return text


def _within(option: Option, number: float) -> float:
    low, high = option.low, option.high
    if not isfinite(number) or (low is not None and number < low):
        raise ValueError(number)
    if high is not None and number > high:
        raise ValueError(number)
    return number


class GLM(Configurable):
    """Defaults of a notebook's cells; None leaves a choice to the service.

    `%config GLM.temperature = 0.3` sets one for the session, `c.GLM.temperature = 0.3`
    in ipython_config.py for every notebook; an option of a cell wins.

    >>> settings = GLM()
    >>> settings.set("temperature", "0.3")
    >>> settings.options()
    {'temperature': 0.3}
    """

    if TYPE_CHECKING:
        model: str | None
        system: str | None
        format: str
        stream: bool
        tag: str | None
        endpoint: str | None
        literal: bool

    vars().update({o.name: trait_of(o).tag(config=True) for o in SETTINGS})

    @validate("endpoint")
    def _known_endpoint(self, proposal: Any) -> str | None:
        name: str | None = proposal["value"]
        return name if name is None else endpoint_of(name).name

    def options(self) -> dict[str, Any]:
        """Return what is set, by the names of `Client.chat`."""
        return client_options({name: getattr(self, name) for name in self.names()})

    def names(self) -> list[str]:
        """Return the names of all settings."""
        return sorted(option.name for option in SETTINGS)

    def set(self, name: str, text: str) -> None:
        """Set one default from text; ConfigError for what does not fit."""
        try:
            setattr(self, name, read(self.option(name), text))
        except TraitError as exc:
            raise ConfigError(str(exc), hint=f"See `%glm config {name}`.") from exc

    def option(self, name: str) -> Option:
        """Return the row of a setting; ConfigError where there is none."""
        for option in SETTINGS:
            if option.name == name:
                return option
        raise ConfigError(
            _("{name!r} is not a setting", name=name),
            hint=_("The settings are {names}.", names=", ".join(self.names())),
        )
