"""Paths of the service that the stand-in cannot serve: a refusal names what helps."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from glmkit.local.platform.server.errors import LackError, Refusal

_VOICES, _AGENTS = "keep voices", "run agents"
#: Paths below the base path, and what they would need.
_PATHS = {
    "/moderations": "review contents",
    "/audio/transcriptions": "hear",
    "/audio/speech": "speak",
    "/audio/customization": "speak",
    "/voice/clone": "clone voices",
    "/voice/delete": _VOICES,
    "/voice/list": _VOICES,
    "/realtime": "hold a call in realtime",
    "/assistant": "run assistants",
    "/assistant/{rest:path}": "run assistants",
    "/fine_tuning/{rest:path}": "train models",
    "/v1/agents": _AGENTS,
    "/v1/agents/{rest:path}": _AGENTS,
}
#: The same beyond the base path.
_ELSEWHERE = {
    "/api/v1/agents": _AGENTS,
    "/api/v1/agents/{rest:path}": _AGENTS,
    "/api/zrag/{rest:path}": "look into multimodal knowledge",
}
#: Other dialects, which some clients speak by default.
_DIALECTS = ("/completions", "/responses", "/messages")
_DIALECTS_ELSEWHERE = ("/api/v1/responses", "/api/anthropic/{rest:path}")
_METHODS = ["GET", "POST", "DELETE"]


def routes(api: str) -> list[Route]:
    """Return the routes that are refused: 400, 1221; other dialects: 404, 1222."""
    lacks = {api + path: lack for path, lack in _PATHS.items()} | _ELSEWHERE
    dialects = [*(api + path for path in _DIALECTS), *_DIALECTS_ELSEWHERE]
    return [
        *(_refused(path, LackError(lack)) for path, lack in lacks.items()),
        *(_refused(path, _other_dialect(path, api)) for path in dialects),
    ]


def _other_dialect(path: str, api: str) -> Refusal:
    other = path.partition("{")[0]
    what = f"no such API here: {other}; ask {api}/chat/completions (chat completions)"
    return Refusal(404, "1222", what)


def _refused(path: str, refusal: Refusal) -> Route:
    async def refuse(request: Request) -> Response:
        return refusal.response

    return Route(path, refuse, methods=_METHODS)
