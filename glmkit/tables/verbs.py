"""What a verb asks of a row, and the columns that its answer becomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Annotated, Any, Literal, Protocol
from uuid import UUID

import msgspec

from glmkit.tools.schema import Form, form_of
from glmkit.types.errors import ConfigError
from glmkit.types.plain_text import encodable
from glmkit.types.translation import _

#: What a column beside the target's own says of a row, as `{to}_status` and so on.
BOOKKEEPING = ("status", "error", "tokens", "cost", "currency", "model")

#: Values of an answer that a table holds as they are.
_KEPT = (datetime, date, time, Decimal, UUID, bytes)
#: What a schema says of a field in words.
_WORDS = ("title", "description")
_DTYPES = {"integer": "Int64", "number": "Float64", "boolean": "boolean"}


class TargetColumn(msgspec.Struct, frozen=True):
    """A column of the result: its name, its pandas dtype ("": objects), its categories.

    `categories` are those of a "category" column; None leaves them to the values.
    """

    name: str
    dtype: str = ""
    categories: tuple[Any, ...] | None = None


class Judge(Protocol):
    """Judges the values of an answer by the values of the row."""

    def judge(self, values: Sequence[Any], row: Sequence[Any]) -> tuple[Any, ...]:
        """Return the values of all targets."""


class Verb(msgspec.Struct, frozen=True):
    """One question for every row.

    `to` names the group of columns, `instruction` goes before the rows' prompts as
    the system prompt, `form` is what an answer must be (None: any text), `targets`
    are its columns and `values` what an answer puts into them. `evidence` judges these
    values by the row's text.
    """

    name: str
    to: str
    instruction: str
    form: Form | None
    targets: tuple[TargetColumn, ...]
    values: Callable[[Any], tuple[Any, ...]]
    evidence: Judge | None = None

    @property
    def added(self) -> list[str]:
        """The names of all columns that the verb adds, in their order."""
        beside = [f"{self.to}_{what}" for what in BOOKKEEPING]
        return [*(target.name for target in self.targets), *beside]

    def read(self, text: str) -> tuple[Any, ...]:
        """Return the values of an answer's text; Misfit where it does not fit."""
        return self.values(self.form.read(text) if self.form else text)


def map_(to: str) -> Verb:
    """Return the verb that keeps an answer as it is."""
    return Verb("map", to, "", None, (TargetColumn(to, "string"),), _alone)


def classify(labels: Sequence[Any], multi: bool, to: str) -> Verb:
    """Return the verb that chooses a label, or any number of them (`multi`).

    Raises ConfigError for fewer than two labels, one that stands twice or is not text.
    """
    if isinstance(labels, str) or not isinstance(labels, Sequence):
        raise ConfigError(
            _("labels cannot be {value!r}", value=labels),
            hint=_('Pass a list: labels=["good", "bad"].'),
        )
    for label in labels:
        if not isinstance(label, str) or not label.strip() or not encodable(label):
            raise ConfigError(
                _("a label cannot be {label!r}", label=label),
                hint=_("Labels are texts: labels=[str(x) for x in ...]."),
            )
    labels = [str.__str__(label) for label in labels]  # also of an Enum of texts
    if len(set(labels)) < max(2, len(labels)):
        twice = next((x for x in labels if list(labels).count(x) > 1), None)
        raise ConfigError(
            _("there is only one label: {labels}", labels=list(labels))
            if twice is None
            else _("the label {label!r} stands twice", label=twice),
            hint=_("Pass at least two labels, each once."),
        )
    names = ", ".join(msgspec.json.encode(label).decode() for label in labels)
    kind: Any = Literal[tuple(labels)]
    if multi:
        said = _("Choose all labels that fit, or none, from: {names}.", names=names)
        return Verb(
            "classify", to, said, form_of(list[kind]), (TargetColumn(to),), _alone
        )
    said = _("Choose the one label that fits best from: {names}.", names=names)
    target = TargetColumn(to, "category", tuple(labels))
    return Verb("classify", to, said, form_of(kind), (target,), _alone)


def extract(schema: Any, to: str) -> Verb:
    """Return the verb that fills the fields of a schema, a column each.

    A schema that is not an object becomes one column, `to`.
    """
    form = form_of(schema)
    fields = form.schema.get("properties", {})
    said = _("Fill in the fields from the text alone; null where it does not say.")
    if not fields or form.boxed:
        target = _target(to, fields.get("value", form.schema), form.schema)
        return Verb("extract", to, said, form, (target,), _builtin_alone)
    targets = tuple(_target(name, part, form.schema) for name, part in fields.items())

    def values(answer: Any) -> tuple[Any, ...]:
        found = _builtin(answer)
        return tuple(found.get(name) for name in fields)

    return Verb("extract", to, said, form, targets, values)


def score(rubric: str, low: int, high: int, to: str) -> Verb:
    """Return the verb that gives a whole number from `low` to `high` by a rubric."""
    if not (type(low) is int and type(high) is int and low < high):
        raise ConfigError(
            _("a score cannot go from {low!r} to {high!r}", low=low, high=high),
            hint=_("Pass two whole numbers, the lower first: low=1, high=5."),
        )
    said = _("Give a whole number from {low} to {high}.", low=low, high=high)
    if words := (rubric or "").strip():
        said = f"{said} {words}"
    form = form_of(Annotated[int, msgspec.Meta(ge=low, le=high)])
    return Verb("score", to, said, form, (TargetColumn(to, "Int64"),), _alone)


def embed(to: str) -> Verb:
    """Return the verb that makes vectors; they do not come from a chat."""
    return Verb("embed", to, "", None, (TargetColumn(to),), _alone)


def filter_(to: str) -> Verb:
    """Return the verb that says whether a statement is true."""
    said = _("Say whether the statement is true.")
    return Verb(
        "filter", to, said, form_of(bool), (TargetColumn(to, "boolean"),), _alone
    )


def check_targets(verb: Verb, names: Sequence[str]) -> None:
    """Raise ConfigError where a new column has no name, or that of another."""
    if not isinstance(verb.to, str) or not verb.to.strip() or not encodable(verb.to):
        raise ConfigError(
            _("a column cannot be called {name!r}", name=verb.to),
            hint=_('to= takes a text: to="topic".'),
        )
    added = verb.added
    taken = next((n for n in added if n in names or added.count(n) > 1), None)
    if taken is None:
        return
    if taken in names and f"{verb.to}_" not in taken and taken != verb.to:
        raise ConfigError(
            _("the table has a column {name!r} already", name=taken),
            hint=_("Rename that column or the field of the schema: to= names neither."),
        )
    if taken in names:
        raise already(taken)
    raise ConfigError(
        _("the field {name!r} of the schema is reserved", name=taken),
        hint=_("Rename the field, or name the group of columns with to=."),
    )


def already(name: str) -> ConfigError:
    """Return the error of a new column whose name is taken."""
    return ConfigError(
        _("the table has a column {name!r} already", name=name),
        hint=_("Name the result otherwise with to=, or drop that column first."),
    )


def _alone(answer: Any) -> tuple[Any, ...]:
    return (answer,)


def _builtin_alone(answer: Any) -> tuple[Any, ...]:
    return (_builtin(answer),)


def _builtin(answer: Any) -> Any:
    """Return an answer of any typed kind as dicts, lists and plain values."""
    return msgspec.to_builtins(answer, builtin_types=_KEPT, enc_hook=_dumped)


def _dumped(value: Any) -> Any:
    """Return a pydantic model as a dict or a list; its module is not loaded here."""
    if hasattr(value, "model_dump"):
        return value.model_dump(by_alias=True)
    raise TypeError(type(value).__name__)


def _target(
    name: str, part: Mapping[str, Any], root: Mapping[str, Any]
) -> TargetColumn:
    """Return the column of one field, by its JSON Schema."""
    part = plain_part(part, root)
    if isinstance(choices := part.get("enum"), list):
        kinds = {type(choice) for choice in choices}
        if len(kinds) > 1 or not kinds <= {str, int, bool}:
            return TargetColumn(name)
        return TargetColumn(name, "category", tuple(dict.fromkeys(choices)))
    match part.get("type"), part.get("format"):
        case "string", "date-time" | "date":
            return TargetColumn(name, "datetime")
        case "string", _form:
            return TargetColumn(name, "string")
        case str(kind), _form:
            return TargetColumn(name, _DTYPES.get(kind, ""))
        case _:
            return TargetColumn(name)


def plain_part(part: Any, root: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the schema of a field without its reference and without null."""
    if not isinstance(part, Mapping):
        return {}
    return _without_null(_resolved(part, root), root)


def words_of(part: Any, root: Mapping[str, Any]) -> str:
    """Return the title and the description of a field, also of what it refers to."""
    if not isinstance(part, Mapping):
        return ""
    found = (one.get(key) for one in (part, plain_part(part, root)) for key in _WORDS)
    return " ".join(str(text) for text in found if text)


def _without_null(
    part: Mapping[str, Any], root: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Return the one schema that is left of an optional field, else the field's own."""
    if isinstance(kinds := part.get("type"), list):
        left = [kind for kind in kinds if kind != "null"]
        return {**part, "type": left[0]} if len(left) == 1 else {}
    choices = part.get("anyOf", ())
    if not all(isinstance(choice, Mapping) for choice in choices):
        return {}
    choices = [choice for choice in choices if choice.get("type") != "null"]
    return _resolved(choices[0], root) if len(choices) == 1 else part


def _resolved(part: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    name = str(part.get("$ref", "")).removeprefix("#/$defs/")
    found: Mapping[str, Any] = root.get("$defs", {}).get(name, part)
    return found
