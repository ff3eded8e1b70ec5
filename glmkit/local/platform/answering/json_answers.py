"""JSON that must fit a schema: the grammar of an answer, its check, and its repeats."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec

from glmkit.local.engine.client import Sampling
from glmkit.local.platform.answering import json_grammar
from glmkit.local.platform.server.errors import Refusal
from glmkit.tools import schema as schemas
from glmkit.types.errors import ConfigError

#: Attempts at an answer that must fit a schema, and the temperature of later ones.
ATTEMPTS = 3
_WARM = 0.7


def grammar_of(schema: dict[str, Any]) -> str:
    """Return the grammar of a schema; Refusal (1210) where there is none."""
    try:
        return json_grammar.of(schema)
    except (TypeError, ValueError, AttributeError, RecursionError) as exc:
        raise Refusal(400, "1210", "the schema is not a JSON Schema") from exc


def again(how: Sampling, attempt: int) -> Sampling:
    """Return the sampling of a later attempt, warm enough for another answer."""
    if not attempt:
        return how
    seed = how.seed if how.seed < 0 else how.seed + attempt
    warm = max(how.temperature, _WARM)
    return msgspec.structs.replace(how, seed=seed, temperature=warm)


def faults_of(schema: dict[str, Any]) -> Callable[[Any], str | None]:
    """Return the check of an answer, which passes all where the schema is invalid."""
    try:
        return schemas.faults_of(schema)
    except ConfigError:
        return lambda value: None


def fits(faults: Callable[[Any], str | None], text: str) -> bool:
    """Whether a text is JSON without a fault."""
    try:
        return faults(json.loads(text)) is None
    except (ValueError, RecursionError):
        return False


def compact(text: str) -> str:
    """Return JSON as the service writes arguments; a cut one stays as it is."""
    try:
        return msgspec.json.encode(msgspec.json.decode(text)).decode()
    except msgspec.DecodeError:
        return text
