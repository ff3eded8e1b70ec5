"""Prompt templates over the columns of a table: `{column}` becomes a row's value."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from glmkit.client.prompts import media
from glmkit.types.errors import ConfigError
from glmkit.types.translation import _

#: A field of a template: `{column}`. All other braces are the prompt's own.
FIELD = re.compile(r"\{([^{}\n]{1,200})\}")
#: Numbers of an array that are all in its own text.
_ARRAY = 1_000
#: What was meant as a field: a name, also one of several levels (`{year.price}`).
_NAME = re.compile(r"[^\W\d][\w.]*")


class Template(msgspec.Struct, frozen=True):
    """A text with fields, bound to the places of the columns that it uses.

    `parts` alternates between texts and places of columns.

    >>> template = template_of("{a}+{b}={c}?", ["a", "b", "c"])
    >>> template.columns, template.fill(("1", "2", "3"))
    ((0, 1, 2), '1+2=3?')
    """

    text: str
    parts: tuple[str | int, ...]

    @property
    def columns(self) -> tuple[int, ...]:
        """The places of the columns in use, each once, in order."""
        return tuple(dict.fromkeys(p for p in self.parts if isinstance(p, int)))

    def fill(self, values: Sequence[Any]) -> str | list[Any]:
        """Return a row's prompt; a list of parts where a value is a picture or sound.

        `values` are those of `columns`, in that order. A value is inserted once and
        never read as a template again.
        """
        known = dict(zip(self.columns, values, strict=True))
        if any(_is_medium(value) for value in known.values()):
            return list(self._mixed(known))
        return "".join(
            part if isinstance(part, str) else worded(known[part])
            for part in self.parts
        )

    def _mixed(self, known: dict[int, Any]) -> Iterator[Any]:
        """Yield texts and media in the order of the template."""
        words: list[str] = []
        for part in self.parts:
            value = part if isinstance(part, str) else known[part]
            if not _is_medium(value):
                words.append(value if isinstance(part, str) else worded(value))
                continue
            if text := "".join(words).strip():
                yield text
            words.clear()
            yield value
        if text := "".join(words).strip():
            yield text


def template_of(text: str, names: Sequence[Any]) -> Template:
    """Return a template over the columns with these names.

    Raises ConfigError for a field that is not a column (with the near ones), for one
    that two columns share, and for a text without any field.
    """
    if not isinstance(text, str):
        raise ConfigError(
            _("a template cannot be a {kind}", kind=type(text).__name__),
            hint=_('Write a text over columns: "Translate: {column}".'),
        )
    places = _places(names)
    parts: list[str | int] = []
    end = 0
    for found in FIELD.finditer(text):
        name = found[1].strip()
        if name not in places:
            if _NAME.fullmatch(name):
                raise _unknown(name, list(places))
            continue
        if (place := places[name]) is None:
            raise ConfigError(
                _("two columns are called {name!r}", name=name),
                hint=_("Rename one of them, or select the one that you mean."),
            )
        parts += [text[end : found.start()], place]
        end = found.end()
    parts.append(text[end:])
    if not any(isinstance(part, int) for part in parts):
        raise ConfigError(
            _("the template uses no column: {text!r}", text=text[:80]),
            hint=_(
                "Name one in braces. The columns are {names}.", names=_listed(places)
            ),
        )
    return Template(text, tuple(part for part in parts if part != ""))


def name_of(column: Any) -> str:
    """Return the name by which a template knows a column.

    >>> name_of(("price", 2024)), name_of(None), name_of(3)
    ('price.2024', 'None', '3')
    """
    if isinstance(column, tuple):
        return ".".join(str(part) for part in column if part != "")
    return str(column).strip()


def _places(names: Sequence[Any]) -> dict[str, int | None]:
    """Return name → place; None for a name that two columns share."""
    places: dict[str, int | None] = {}
    for place, column in enumerate(names):
        name = name_of(column)
        places[name] = None if name in places else place
    return places


def _unknown(name: str, names: list[str]) -> ConfigError:
    near = difflib.get_close_matches(name, names, 3, 0.5)
    if near:
        hint = _("Did you mean {near}?", near=" or ".join(f"{{{n}}}" for n in near))
    else:
        hint = _("The columns are {names}.", names=_listed(names))
    return ConfigError(_("there is no column {name!r}", name=name), hint=hint)


def _listed(names: Sequence[str] | dict[str, Any]) -> str:
    shown = list(names)[:20]
    more = len(names) - len(shown)
    return ", ".join(map(repr, shown)) + (f" and {more} more" if more > 0 else "")


def worded(value: Any) -> str:
    """Return a value as it goes into a prompt; a missing one is empty.

    >>> worded(3.5), worded(float("nan")), worded([1, None])
    ('3.5', '', '[1, None]')
    """
    if isinstance(value, str):
        return str.__str__(value)
    if getattr(value, "ndim", 0) and value.size > _ARRAY:
        return str(value.tolist())  # its own text leaves out the middle
    return "" if missing(value) else str(value)


def _is_medium(value: Any) -> bool:
    return isinstance(value, bytes | bytearray | memoryview) or media.is_medium(value)


def missing(value: Any) -> bool:
    """Return whether a scalar is None, NaN, NaT or pandas' NA: none equals itself."""
    if value is None:
        return True
    try:
        same = value == value  # NaN is not itself
        return same is not True and not bool(same)
    except (TypeError, ValueError):  # NA has no truth; an array has several
        return type(value).__name__ == "NAType"
