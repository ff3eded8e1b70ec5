"""Pieces that JSON Schemas are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def object_of(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of an object with these fields and no others."""
    return {
        "type": "object",
        "properties": dict(fields),
        "required": list(fields),
        "additionalProperties": False,
    }


def nullable(part: Any) -> dict[str, Any]:
    """Return the schema of a value that may be null."""
    return {"anyOf": [part, {"type": "null"}]}
