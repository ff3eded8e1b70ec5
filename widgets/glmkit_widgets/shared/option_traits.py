"""Traits made from the table of options: of a notebook's settings, and of Controls."""

from __future__ import annotations

from typing import Any

import traitlets

from glmkit.types.options import Option

_traits: Any = traitlets  # its overloads depend on whether None is allowed


def trait_of(option: Option, *, checked: bool = True) -> Any:
    """Return a trait that takes what an option takes; None is its default.

    Without `checked` any word is a choice: another object refuses it.

    >>> from glmkit.types.options import OPTION
    >>> trait_of(OPTION["temperature"]).help
    '0 to 1: how varied the answers are'
    """
    default = option.default
    unset = default is None
    match option.kind:
        case "number":
            made = _traits.Float(None, allow_none=True, min=option.low, max=option.high)
        case "whole":
            low = None if option.low is None else int(option.low)
            made = _traits.Int(None, allow_none=True, min=low)
        case "toggle":
            made = _traits.Bool(default, allow_none=unset)
        case "choice" if checked:
            made = _traits.Enum(option.choices, default, allow_none=unset)
        case _:
            made = _traits.Unicode(default, allow_none=unset)
    made.help = option.takes
    return made
