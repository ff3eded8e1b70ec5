"""Names and numbers are replaced before a prompt leaves, and put back afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

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
#: The shortest value of a column that is looked for in texts.
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
        """Replace every hit; where two overlap, the longer one counts."""
        names: dict[str, str] = {}
        known: dict[tuple[str, str], str] = {}
        parts, end = [], 0
        for start, stop, label in self._hits(text):
            if start < end:
                continue
            found = text[start:stop]
            token = known.get((label, found))
            if token is None:
                count = sum(1 for kind, _found in known if kind == label) + 1
                token = known[label, found] = f"[{label}_{count}]"
                names[token] = found
            parts += [text[end:start], token]
            end = stop
        return Hidden("".join([*parts, text[end:]]), names)

    def _hits(self, text: str) -> list[tuple[int, int, str]]:
        """Return the hits in order; of those that begin together, the longest first."""
        hits = [
            (start, stop, label)
            for label, find in self.finders
            for start, stop in find(text)
            if stop > start
        ]
        return sorted(hits, key=lambda hit: (hit[0], -hit[1]))


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
    finders: list[tuple[str, Finder]] = []
    for number, what in enumerate(hide, 1):
        match what:
            case str() if what in columns:
                label = re.sub(r"[^A-Z]", "", what.upper()) or "COLUMN"
                finders.append((_label(label, number), _among(columns[what])))
            case str() if what in KINDS:
                finders.append((what.upper(), _pattern(KINDS[what])))
            case re.Pattern():
                finders.append((_label("HIDDEN", number), _pattern(what)))
            case list() | tuple() | set():
                finders.append((_label("NAME", number), _among(what)))
            case _:
                raise ConfigError(
                    _("there is nothing to hide called {what!r}", what=what),
                    hint=_(
                        "Name a column, one of {kinds}, a compiled pattern, or a list "
                        "of texts.",
                        kinds=", ".join(map(repr, KINDS)),
                    ),
                )
    return Pseudonyms(tuple(finders))


def _label(word: str, number: int) -> str:
    """Return a label of letters alone, another one for each number."""
    return word if number == 1 else word + chr(ord("A") + (number - 2) % 26)


def _pattern(pattern: re.Pattern[str]) -> Finder:
    def find(text: str) -> Iterator[tuple[int, int]]:
        return (match.span() for match in pattern.finditer(text))

    return find


def _among(values: Iterable[Any]) -> Finder:
    """Return a finder of any of these texts, the longest first at each place."""
    found = {str(value).strip() for value in values if isinstance(value, str | int)}
    texts = [text for text in found if len(text) >= _SHORTEST]
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
            for known in by_head.get(text[start : start + _SHORTEST], ()):
                if text.startswith(known, start):
                    yield start, start + len(known)
                    break

    return find
