"""The defaults of this notebook: what `%glm config` and the Controls set."""

from __future__ import annotations

from typing import Any

from traitlets import Bool, Float, HasTraits, Int, TraitError, Unicode, validate

from glmkit.config import endpoint_of
from glmkit.errors import ConfigError

_SWITCH = {
    **dict.fromkeys(("on", "true", "yes", "1"), True),
    **dict.fromkeys(("off", "false", "no", "0"), False),
}
#: What puts an option back to the service's default.
_UNSET = {"default", "none", ""}


class Settings(HasTraits):
    """Defaults of a notebook's cells; None leaves a choice to the service.

    >>> settings = Settings()
    >>> settings.set("temperature", "0.3")
    >>> settings.options()
    {'temperature': 0.3}
    """

    model = Unicode(None, allow_none=True, help="model of the calls")
    temperature = Float(
        None, allow_none=True, min=0, max=1, help="0 to 1: how varied the answers are"
    )
    top_p = Float(
        None, allow_none=True, min=0.01, max=1, help="0.01 to 1: nucleus sampling"
    )
    max_tokens = Int(None, allow_none=True, min=1, help="most tokens of an answer")
    system = Unicode(None, allow_none=True, help="system prompt of every cell")
    stream = Bool(True, help="on or off: show answers while they arrive")
    endpoint = Unicode(
        None, allow_none=True, help="local, bigmodel, zai, ...-coding or a URL"
    )

    @validate("endpoint")
    def _known_endpoint(self, proposal: Any) -> str | None:
        name: str | None = proposal["value"]
        return name if name is None else endpoint_of(name).name

    def options(self) -> dict[str, Any]:
        """Return what is set, by the names of `Client.chat`."""
        names = ("model", "temperature", "top_p", "max_tokens", "system")
        values = {name: getattr(self, name) for name in names}
        return {name: value for name, value in values.items() if value is not None}

    def set(self, name: str, text: str) -> None:
        """Set one default from text; ConfigError for what does not fit."""
        trait = self.traits().get(name)
        if trait is None:
            raise ConfigError(
                f"there is no setting {name!r}",
                hint="The settings are " + ", ".join(sorted(self.traits())) + ".",
            )
        try:
            setattr(self, name, _value(trait, text))
        except (TraitError, ValueError) as exc:
            raise ConfigError(
                f"{name} can not be {text!r}",
                hint=f"{name}: {trait.help}, or `default`.",
            ) from exc


def _value(trait: Any, text: str) -> Any:
    plain = text.strip()
    if isinstance(trait, Bool):
        return trait.default_value if plain.lower() in _UNSET else _switch(plain)
    if plain.lower() in _UNSET:
        return None
    if isinstance(trait, Float):
        return float(plain)
    return int(plain) if isinstance(trait, Int) else plain


def _switch(text: str) -> bool:
    if text.lower() not in _SWITCH:
        raise ValueError("neither on nor off")
    return _SWITCH[text.lower()]
