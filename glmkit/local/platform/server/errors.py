"""How the service says no: a status, a business code, a message."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response


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
