"""Evidence for the fields of an answer: a quote each, looked for in the row's text."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from glmkit.readers.paged_text import PagedText
from glmkit.readers.quantities import Field, field_of
from glmkit.readers.quotes import FOUND, Measured, QuotePlace, Quotes
from glmkit.tables.template import worded
from glmkit.tables.verbs import TargetColumn, Verb, plain_part, words_of
from glmkit.tools.schema import Form, form_of
from glmkit.tools.schema_parts import nullable, object_of
from glmkit.types.errors import ConfigError
from glmkit.types.translation import _

#: Columns beside a field: name_quote and so on.
_BESIDE = (
    ("quote", "string", None), ("page", "Int64", None), ("found", "category", FOUND)
)  # fmt: skip


class EvidenceField(msgspec.Struct, frozen=True):
    """A field of the answer, how to read its value, and what its number is in."""

    name: str
    read: Callable[[Any], Any]
    unit: Field


class Evidence(msgspec.Struct, frozen=True):
    """What has to be shown for each field; `spans` adds where the quote stands."""

    fields: tuple[EvidenceField, ...]
    spans: bool = False

    def values(self, answer: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return value, quote, claimed page, and blanks for what is judged later."""
        blank = (None,) * (2 if self.spans else 1)
        return tuple(
            part
            for field in self.fields
            for part in (*_claim(answer.get(field.name)), *blank)
        )

    def judge(self, values: Sequence[Any], row: Sequence[Any]) -> tuple[Any, ...]:
        """Return the values with page and state of each quote in a row's text."""
        quotes = Quotes(_source(row))
        width = 5 if self.spans else 4
        judged: list[Any] = []
        for at, field in enumerate(self.fields):
            value, quote, page = values[at * width : at * width + 3]
            found: Any = None
            place: QuotePlace | None = None
            if value is not None and (quote or value not in ([], {})):
                read = field.read(value)
                found, place = quotes.judge(read, quote or "", page, field.unit)
            judged += [value, quote, place and place.page, found]
            if self.spans:
                judged.append(place and [place.start, place.end])
        return tuple(judged)


def with_evidence(verb: Verb, *, spans: bool = False) -> Verb:
    """Return a verb that also asks for a quote and a page of each field.

    Raises ConfigError where its schema has no fields.
    """
    form = verb.form
    fields = form.schema.get("properties", {}) if form else {}
    if form is None or not fields or (form.boxed and not spans):
        raise ConfigError(
            _("the schema has no fields that a quote could stand for"),
            hint=_("Pass a class with fields: class Income: revenue: float."),
        )
    known = {verb.to: fields["value"]} if form.boxed else fields
    evidence = Evidence(
        tuple(
            EvidenceField(
                name, _reader(part, form.schema), _unit(name, part, form.schema)
            )
            for name, part in known.items()
        ),
        spans,
    )
    targets = [column for target in verb.targets for column in _columns(target, spans)]
    said = _(
        "For each field give its value, as quote the words of the text that say it, "
        "copied exactly and with their numbers and units, and as page the number in "
        "the line above them, null where there is none; all null where the text does "
        "not say."
    )
    return msgspec.structs.replace(
        verb,
        instruction=f"{verb.instruction} {said}",
        form=_evidence_form(form, known),
        targets=tuple(targets),
        values=evidence.values,
        evidence=evidence,
    )


def _columns(target: TargetColumn, spans: bool) -> list[TargetColumn]:
    beside = [
        TargetColumn(f"{target.name}_{what}", dtype, categories)
        for what, dtype, categories in _BESIDE
    ]
    span = [TargetColumn(f"{target.name}_span")] if spans else []
    return [target, *beside, *span]


def _evidence_form(form: Form, fields: Mapping[str, Any]) -> Form:
    """Return the form whose fields hold value, quote and page.

    Where each field has a value, the values have to fit the form of the verb too.
    """
    asked = object_of({name: _claimed(part) for name, part in fields.items()})
    if definitions := form.schema.get("$defs"):
        asked["$defs"] = definitions
    wrapped = form_of(asked)

    def read(text: str) -> Any:
        answer = wrapped.read(text)
        values = {name: answer[name]["value"] for name in fields}
        if not form.boxed and None not in values.values():
            form.read(json.dumps(values))
        return answer

    return Form(wrapped.schema, form.kind, read)


def _claimed(part: Mapping[str, Any]) -> dict[str, Any]:
    quote, page = nullable({"type": "string"}), nullable({"type": "integer"})
    return object_of({"value": nullable(part), "quote": quote, "page": page})


def _claim(part: Any) -> tuple[Any, Any, Any]:
    """Return value, quote and page; nothing is quoted for a value that is not there."""
    if not isinstance(part, Mapping) or part.get("value") is None:
        return None, None, None
    return part["value"], part.get("quote"), part.get("page")


def _source(row: Sequence[Any]) -> str:
    """Return the text that was asked about: the one with pages, else all of the row."""
    paged = next((value for value in row if isinstance(value, PagedText)), None)
    return "\n".join(map(worded, row)) if paged is None else paged


def _reader(part: Any, root: Mapping[str, Any]) -> Callable[[Any], Any]:
    """Return what reads a value of a field: dates, numbers in texts, also in lists."""
    part = plain_part(part, root)
    kinds = {one.get("type") for one in part.get("anyOf", ()) if isinstance(one, dict)}
    match part.get("format"):
        case "date":
            return _date
        case "date-time":
            return lambda value: _date(value[:10])
        case "decimal":
            return _decimal
        case _:
            pass
    if "string" in kinds and kinds & {"number", "integer"}:
        return _decimal
    match part.get("type"):
        case "array":
            return lambda values: [*map(_reader(part.get("items"), root), values)]
        case "object":
            return lambda value: _measured(value, part, root)
        case _:
            return lambda value: value


def _measured(
    value: Mapping[str, Any], part: Mapping[str, Any], root: Mapping[str, Any]
) -> list[Measured]:
    """Return the values of an object, each with what its own field wants."""
    fields, rest = part.get("properties", {}), part.get("additionalProperties")
    parts = {name: fields.get(name, rest) for name in value}
    return [
        Measured(
            None if value[name] is None else _reader(one, root)(value[name]),
            _unit(name, one, root),
        )
        for name, one in parts.items()
    ]


def _date(value: str) -> Any:
    with suppress(ValueError):
        return date.fromisoformat(value)
    return value


def _decimal(value: Any) -> Any:
    """Return a number that is written as a text, every other value as it is."""
    with suppress(InvalidOperation):
        if isinstance(value, str) and Decimal(value).is_finite():
            return Decimal(value)
    return value


def _unit(name: str, part: Any, root: Mapping[str, Any]) -> Field:
    most = plain_part(part, root).get("maximum")
    limit = most if isinstance(most, int | float) else None
    return field_of(name, words_of(part, root), limit)
