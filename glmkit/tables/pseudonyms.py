"""Names and numbers are replaced before a prompt leaves, and put back afterwards."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from glmkit.readers.paged_text import PagedText
from glmkit.tables.template import worded
from glmkit.types.errors import ConfigError
from glmkit.types.translation import _

#: What can be hidden by name: phone numbers, identity numbers, e-mail addresses.
KINDS = {
    "phone": re.compile(
        r"(?<![\w+])(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)"
        r"|(?<![\w+])0\d{2,3}[- ]?\d{7,8}(?!\d)"
        r"|(?<![\w+])\+\d{1,3}(?:[- ]?\(?\d{1,4}\)?){2,6}(?!\d)"
        r"|(?<![\w+])\(?\d{3}\)?[- ]\d{3}[- ]\d{4}(?!\d)"
    ),
    "id": re.compile(
        r"(?<!\d)[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])\d{2}\d{3}[\dXx](?!\w)"
        r"|(?<!\d)\d{3}-\d{2}-\d{4}(?!\d)"
    ),
    "email": re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
}
#: A pseudonym as it stands in a prompt, and as a model may write it.
_TOKEN = re.compile(r"\[([A-Z]+)[ _](\d+)\]")
#: Letters by which a value is looked up; a shorter one is not hidden, unless it is a
#: word by itself, as in Chinese.
_SHORTEST = 2

#: Finds what is hidden: start, end of each hit in a text.
Finder = Callable[[str], Iterator[tuple[int, int]]]


class Hidden(NamedTuple):
    """A text with pseudonyms, and what each stands for."""

    text: str
    names: dict[str, str]


class Pseudonyms(msgspec.Struct, frozen=True):
    """What is hidden in every prompt, by label: PHONE, ID, the name of a column.

    Each prompt counts its own pseudonyms from 1, so that prompts which differ in what
    is hidden alone are one call, and a row that changes leaves the others as they are.

    >>> hidden = pseudonyms_of(["phone"], {}).hide("Call 13812345678 or 13912345678.")
    >>> hidden.text
    'Call [PHONE_1] or [PHONE_2].'
    >>> put_back("It is [PHONE_2].", hidden.names)
    'It is 13912345678.'
    """

    finders: tuple[tuple[str, Finder], ...] = ()

    def hide(self, text: str) -> Hidden:
        """Replace every hit; those that overlap are hidden as one.

        A pseudonym that the text holds by itself is not used for anything else.
        """
        names: dict[str, str] = {}
        known: dict[tuple[str, str], str] = {}
        free = {label: _unused(label, text) for label, _find in self.finders}
        parts, end = [], 0
        for start, stop, label in self._hits(text):
            found = text[start:stop]
            token = known.get((label, found))
            if token is None:
                token = known[label, found] = next(free[label])
                names[token] = found
            parts += [text[end:start], token]
            end = stop
        return Hidden("".join([*parts, text[end:]]), names)

    def _hits(self, text: str) -> list[tuple[int, int, str]]:
        """Return the hits in order, those that overlap as one of the first's label."""
        hits = [
            (start, stop, label)
            for label, find in self.finders
            for start, stop in find(text)
            if stop > start
        ]
        joined: list[tuple[int, int, str]] = []
        for start, stop, label in sorted(hits, key=lambda hit: (hit[0], -hit[1])):
            if joined and start < joined[-1][1]:
                first, end, of = joined[-1]
                joined[-1] = (first, max(end, stop), of)
            else:
                joined.append((start, stop, label))
        return joined


def _unused(label: str, text: str) -> Iterator[str]:
    """Yield pseudonyms that the text does not hold, counted from 1."""
    for number in itertools.count(1):
        if f"[{label}_{number}]" not in text and f"[{label} {number}]" not in text:
            yield f"[{label}_{number}]"


def put_back(value: Any, names: Mapping[str, str]) -> Any:
    """Return a value of an answer with what its pseudonyms stand for."""
    if isinstance(value, str):
        return _TOKEN.sub(
            lambda m: names.get(f"[{m[1]}_{m[2]}]", m[0]), value
        )  # fmt: skip
    if isinstance(value, list):
        return [put_back(item, names) for item in value]
    if isinstance(value, dict):
        return {key: put_back(item, names) for key, item in value.items()}
    return value


def pseudonyms_of(
    hide: Sequence[Any], columns: Mapping[str, Iterable[Any]]
) -> Pseudonyms:
    """Return what to hide: a kind, the name of a column, a pattern, a list of texts.

    `columns` are the table's columns by name. Raises ConfigError for anything else.
    """
    if isinstance(hide, str | re.Pattern):
        hide = [hide]
    if not isinstance(hide, list | tuple | set):
        raise _unknown(hide)
    finders: list[tuple[str, Finder]] = []
    for number, what in enumerate(hide, 1):
        match what:
            case str() if what in columns:
                _check_no_document(what, columns[what])
                label = re.sub(r"[^A-Z]", "", what.upper()) or "COLUMN"
                finders.append((_label(label, number), _among(columns[what], what)))
            case str() if what in KINDS:
                finders.append((what.upper(), _pattern(KINDS[what])))
            case re.Pattern(pattern=str()):
                finders.append((_label("HIDDEN", number), _pattern(what)))
            case list() | tuple() | set():
                finders.append((_label("NAME", number), _among(what, "hide")))
            case _:
                raise _unknown(what)
    return Pseudonyms(tuple(finders))


def _check_no_document(name: str, values: Iterable[Any]) -> None:
    """Raise ConfigError for a column of documents: it is what is asked about."""
    if any(isinstance(value, PagedText) for value in values):
        raise ConfigError(
            _("the column {name!r} holds documents, which cannot be hidden", name=name),
            hint=_(
                "Name what is in them: {kinds}, a compiled pattern, a list of texts.",
                kinds=", ".join(map(repr, KINDS)),
            ),
        )


def _unknown(what: Any) -> ConfigError:
    return ConfigError(
        _("there is nothing to hide called {what!r}", what=what),
        hint=_(
            "Name a column, one of {kinds}, a compiled pattern, or a list of texts.",
            kinds=", ".join(map(repr, KINDS)),
        ),
    )


def _label(word: str, number: int) -> str:
    """Return a label of letters alone, another one for each number."""
    return word if number == 1 else word + chr(ord("A") + (number - 2) % 26)


def _pattern(pattern: re.Pattern[str]) -> Finder:
    def find(text: str) -> Iterator[tuple[int, int]]:
        return (match.span() for match in pattern.finditer(text))

    return find


def _among(values: Iterable[Any], source: str) -> Finder:
    """Return a finder of any of these values, the longest first at each place.

    Raises ConfigError for a value that would be found everywhere: one letter or digit.
    """
    texts = {text for value in values for text in _texts(value) if text}
    short = next((t for t in texts if len(t) < _SHORTEST and t.isascii()), None)
    if short is not None:
        raise ConfigError(
            _("{text!r} of {source!r} is too short to be hidden", text=short,
              source=source),
            hint=_("Leave it out, or leave that column out of the prompt."),
        )  # fmt: skip
    by_head: dict[str, list[str]] = {}
    for text in sorted(texts, key=len, reverse=True):
        by_head.setdefault(text[:_SHORTEST], []).append(text)
    heads = {re.escape(head[0]) for head in by_head}
    first = re.compile(f"[{''.join(sorted(heads))}]") if heads else None

    def find(text: str) -> Iterator[tuple[int, int]]:
        if first is None:
            return
        for match in first.finditer(text):
            start = match.start()
            heads = (text[start : start + _SHORTEST], text[start])
            known = next(
                (
                    known
                    for head in heads
                    for known in by_head.get(head, ())
                    if text.startswith(known, start)
                ),
                None,
            )
            if known is not None:
                yield start, start + len(known)

    return find


def _texts(value: Any) -> Iterator[str]:
    """Yield how a value stands in texts: its own text, and a whole number's digits."""
    if isinstance(value, list | tuple | set):
        for item in value:
            yield from _texts(item)
        return
    yield worded(value).strip()
    if isinstance(value, float) and value.is_integer():
        yield str(int(value))
