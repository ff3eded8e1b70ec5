"""What widgets are made with: numbers and names, checked before anything is drawn."""

from __future__ import annotations

from collections.abc import Sequence

from glmkit.types.errors import ConfigError
from glmkit.types.translation import _


def numbers_of(values: Sequence[float]) -> list[float]:
    """Return numbers, each once, in their order. Raises ConfigError."""
    try:
        return list(dict.fromkeys(map(float, values)))
    except (TypeError, ValueError) as exc:
        raise ConfigError(
            _("temperatures cannot be {values!r}", values=values),
            hint=_("Pass a list of numbers from 0 to 1, such as [0, 0.5]."),
        ) from exc


def names_of(models: Sequence[str]) -> list[str]:
    """Return names of models; one alone is a list of one. Raises ConfigError."""
    names = [models] if isinstance(models, str) else list(dict.fromkeys(models))
    for name in names:
        if not isinstance(name, str):
            raise ConfigError(
                _("a model cannot be {name!r}", name=name),
                hint=_('Pass names: ["glm-4-plus", "glm-4-air"].'),
            )
    return names
