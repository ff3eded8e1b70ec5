"""What a model is asked for: an answer, and statements with a quote each."""

from __future__ import annotations

from typing import Any

import msgspec

from glmkit.tools.schema_parts import nullable, object_of


class Room(msgspec.Struct, frozen=True):
    """How many statements an answer may have, and how many characters a text of it."""

    statements: int
    text: int

    def whole(self) -> dict[str, Any]:
        """Return the schema of an answer with what it rests on."""
        return object_of(
            {"answer": _string(10 * self.text), "statements": self._claims()}
        )

    def portion(self) -> dict[str, Any]:
        """Return the schema of what a portion says of the question."""
        return object_of({"statements": self._claims()})

    def combined(self) -> dict[str, Any]:
        """Return the schema of an answer with the numbers of its statements."""
        numbers = {"type": "array", "items": {"type": "integer"}}
        return object_of({"answer": _string(10 * self.text), "used": numbers})

    def _claims(self) -> dict[str, Any]:
        text, page = _string(self.text), nullable({"type": "integer"})
        claim = object_of({"statement": text, "quote": text, "page": page})
        return {"type": "array", "items": claim, "maxItems": self.statements}


def _string(most: int) -> dict[str, Any]:
    return {"type": "string", "maxLength": most}
