"""The defaults of this notebook: what `%glm config`, `%config GLM` and Controls set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from traitlets import Bool, Enum, Float, Int, TraitError, Unicode, validate
from traitlets.config import Configurable

from glmkit.config.endpoints import endpoint_of
from glmkit.types.errors import ConfigError

_SWITCH = {
    **dict.fromkeys(("on", "true", "yes", "1"), True),
    **dict.fromkeys(("off", "false", "no", "0"), False),
}
#: What puts an option back to the service's default.
_UNSET = {"default", "none", ""}


EFFORTS = ("on", "off", "none", "minimal", "low", "medium", "high", "xhigh", "max")
FORMATS = ("markdown", "text", "json", "code")


class GLM(Configurable):
    """Defaults of a notebook's cells; None leaves a choice to the service.

    `%config GLM.temperature = 0.3` sets one for the session, `c.GLM.temperature = 0.3`
    in ipython_config.py for every notebook; an option of a cell wins.

    >>> settings = GLM()
    >>> settings.set("temperature", "0.3")
    >>> settings.options()
    {'temperature': 0.3}
    """

    model = Unicode(None, allow_none=True, help="model of the calls").tag(config=True)
    temperature = Float(
        None, allow_none=True, min=0, max=1, help="0 to 1: how varied the answers are"
    ).tag(config=True)
    top_p = Float(
        None, allow_none=True, min=0.01, max=1, help="0.01 to 1: nucleus sampling"
    ).tag(config=True)
    max_tokens = Int(
        None, allow_none=True, min=1, help="a whole number: most tokens of an answer"
    ).tag(config=True)
    system = Unicode(None, allow_none=True, help="system prompt of every cell").tag(
        config=True
    )
    think = Enum(
        EFFORTS, None, allow_none=True, help=f"how to think: {', '.join(EFFORTS)}"
    ).tag(config=True)
    format = Enum(
        FORMATS, "markdown", help=f"how answers are shown: {', '.join(FORMATS)}"
    ).tag(config=True)
    stream = Bool(True, help="on or off: show answers while they arrive").tag(
        config=True
    )
    tag = Unicode(None, allow_none=True, help="word that the ledger keeps").tag(
        config=True
    )
    endpoint = Unicode(
        None, allow_none=True, help="local, bigmodel, zai, ...-coding or a URL"
    ).tag(config=True)

    @validate("endpoint")
    def _known_endpoint(self, proposal: Any) -> str | None:
        name: str | None = proposal["value"]
        return name if name is None else endpoint_of(name).name

    def options(self) -> dict[str, Any]:
        """Return what is set, by the names of `Client.chat`."""
        return options_of({name: getattr(self, name) for name in _OPTIONS})

    def names(self) -> list[str]:
        """Return the names of all settings."""
        return sorted(self.traits(config=True))

    def set(self, name: str, text: str) -> None:
        """Set one default from text; ConfigError for what does not fit."""
        value = self.read(name, text)
        setattr(self, name, value)

    def read(self, name: str, text: str) -> Any:
        """Return the value that a text means, without setting it; ConfigError."""
        trait = self.traits(config=True).get(name)
        if trait is None:
            raise ConfigError(
                f"there is no setting {name!r}",
                hint="The settings are " + ", ".join(self.names()) + ".",
            )
        try:
            return trait._validate(self, _value(trait, text))
        except (TraitError, ValueError) as exc:
            raise ConfigError(
                f"{name} can not be {text!r}",
                hint=f"{name}: {trait.help}, or `default`.",
            ) from exc


#: Settings that are parameters of a call, and their names there.
_OPTIONS = {
    **{n: n for n in ("model", "temperature", "top_p", "max_tokens", "system")},
    "think": "thinking",
}


def options_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that are parameters of a call, by the names of `chat`."""
    return {
        _OPTIONS[name]: value
        for name, value in values.items()
        if name in _OPTIONS and value is not None
    }


def _value(trait: Any, text: str) -> Any:
    plain = text.strip()
    if plain.lower() in _UNSET and not (trait.name == "think" and plain == "none"):
        return trait.default_value
    if isinstance(trait, Bool):
        return _switch(plain)
    if isinstance(trait, Float):
        return float(plain)
    return int(plain) if isinstance(trait, Int) else plain


def _switch(text: str) -> bool:
    if text.lower() not in _SWITCH:
        raise ValueError("neither on nor off")
    return _SWITCH[text.lower()]
