"""What a stand-in can not do at all: a clear refusal in the table's words."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from glmkit.local.platform.server.errors import Refusal

#: Paths below the base path, and what they would need.
_PATHS = {
    "/moderations": "judges no contents",
    "/audio/transcriptions": "does not hear",
    "/audio/speech": "does not speak",
    "/audio/customization": "does not speak",
    "/voice/clone": "clones no voices",
    "/voice/delete": "has no voices",
    "/voice/list": "has no voices",
    "/realtime": "has no realtime API",
    "/assistant": "has no assistants",
    "/assistant/{rest:path}": "has no assistants",
    "/fine_tuning/{rest:path}": "trains no models",
    "/v1/agents": "has no agents",
    "/v1/agents/{rest:path}": "has no agents",
}
#: The same beyond the base path.
_ELSEWHERE = {
    "/api/v1/agents": "has no agents",
    "/api/v1/agents/{rest:path}": "has no agents",
    "/api/v1/responses": "does not speak this dialect",
    "/api/anthropic/{rest:path}": "does not speak this dialect",
    "/api/zrag/{rest:path}": "has no multimodal knowledge",
}
_METHODS = ["GET", "POST", "DELETE"]


def routes(api: str) -> list[Route]:
    """Return the routes that are refused: 400, 1221."""
    below = {api + path: lack for path, lack in _PATHS.items()}
    return [_refused(path, lack) for path, lack in {**below, **_ELSEWHERE}.items()]


def _refused(path: str, lack: str) -> Route:
    async def refuse(request: Request) -> Response:
        raise Refusal(
            400,
            "1221",
            f"the local stand-in {lack}: a real key and endpoint are needed",
        )

    return Route(path, refuse, methods=_METHODS)
