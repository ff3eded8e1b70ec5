"""What a model is asked for: an answer, and statements with a quote each."""

from __future__ import annotations

from typing import Any

import msgspec


class Room(msgspec.Struct, frozen=True):
    """How many statements an answer may have, and how many characters a text of it."""

    statements: int
    text: int

    def whole(self) -> dict[str, Any]:
        """Return the schema of an answer with what it rests on."""
        return _object(answer=_string(10 * self.text), statements=self._claims())

    def portion(self) -> dict[str, Any]:
        """Return the schema of what a portion says of the question."""
        return _object(statements=self._claims())

    def combined(self) -> dict[str, Any]:
        """Return the schema of an answer with the numbers of its statements."""
        numbers = {"type": "array", "items": {"type": "integer"}}
        return _object(answer=_string(10 * self.text), used=numbers)

    def _claims(self) -> dict[str, Any]:
        page = {"anyOf": [{"type": "integer"}, {"type": "null"}]}
        text = _string(self.text)
        claim = _object(statement=text, quote=text, page=page)
        return {"type": "array", "items": claim, "maxItems": self.statements}


def _object(**fields: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": fields,
        "required": list(fields),
        "additionalProperties": False,
    }


def _string(most: int) -> dict[str, Any]:
    return {"type": "string", "maxLength": most}
