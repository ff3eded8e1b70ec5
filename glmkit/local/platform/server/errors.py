"""Refusals: a status, a business code and a message, as the service writes them.

What the service itself would refuse is refused in its words; what only the stand-in
cannot do is a `LackError`, which says so and that a key can.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

#: The `type` of an error that only the stand-in has; the service's errors have none.
STAND_IN = "stand_in"
#: What gives search and page reading something to read.
DOCUMENTS = "`glmkit serve --documents DIR`, or the variable GLMKIT_LOCAL_DOCUMENTS"
_KEYS = "ZHIPUAI_API_KEY or ZAI_API_KEY"


class Refusal(Exception):
    """A request that is not served; becomes `{"error": {"code", "message"}}`."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    @property
    def body(self) -> dict[str, dict[str, str]]:
        """The error as the service writes it; the code is text."""
        return {"error": {"code": self.code, "message": self.message}}

    @property
    def response(self) -> Response:
        """The whole answer."""
        return JSONResponse(self.body, status_code=self.status)


class LackError(Refusal):
    """Something that GLM does and the stand-in cannot.

    `cannot` names it ("see images"); `remedy` is what helps without a key.
    """

    def __init__(
        self, cannot: str, remedy: str = "", *, status: int = 400, code: str = "1221"
    ) -> None:
        key = f"GLM itself can, with a key ({_KEYS})"
        helps = f"{remedy}; {key}" if remedy else key
        super().__init__(status, code, f"the local stand-in cannot {cannot}: {helps}")

    @property
    def body(self) -> dict[str, dict[str, str]]:
        """The error, marked as the stand-in's own."""
        return {"error": {**super().body["error"], "type": STAND_IN}}


def missing(field: str) -> Refusal:
    """Return the refusal of a request without a field that it needs."""
    return Refusal(400, "1213", f"the field {field} was not received")


def invalid(field: str, rule: str, *, status: int = 400) -> Refusal:
    """Return the refusal of a field whose value breaks a rule, in the service's words.

    >>> invalid("max_tokens", within(1, 4095)).message
    'max_tokens参数非法：限制数值范围[1,4095]'
    """
    return Refusal(status, "1210", f"{field}参数非法：{rule}")


def within(low: Any, high: Any) -> str:
    """Return the rule of a number between two others."""
    return f"限制数值范围[{low},{high}]"


def characters(low: int, high: int) -> str:
    """Return the rule of a text by its characters."""
    return f"限制长度范围[{low},{high}]"


def one_of(values: Iterable[Any]) -> str:
    """Return the rule of a choice."""
    return f"可选值为{'、'.join(map(str, values))}"


def at_most(count: int, unit: str = "个") -> str:
    """Return the rule of a number of items, or of a size."""
    return f"最多{count}{unit}"


async def answer(request: Request, exc: Exception) -> Response:
    """Answer a request with the refusal that it raised."""
    assert isinstance(exc, Refusal)
    return exc.response


async def failed(request: Request, exc: Exception) -> Response:
    """Answer where the server itself went wrong; the log has the traceback."""
    return Refusal(500, "500", f"internal error: {type(exc).__name__}").response


async def no_such_path(request: Request, exc: Exception) -> Response:
    """Answer for a path or method that is not served."""
    message = f"no such API: {request.method} {request.url.path}"
    return Refusal(404, "1222", message).response
