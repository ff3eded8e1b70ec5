"""Images and videos: marked placeholders, since the stand-in draws none.

The video beside this module shows the same placeholder: four seconds of H.264.
"""

from __future__ import annotations

import re
import secrets
import time
from pathlib import Path

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from glmkit.catalog.cards import Card
from glmkit.local.platform.answering import request_checks
from glmkit.local.platform.answering.fields import FieldText, decoded
from glmkit.local.platform.answering.limits import Rights
from glmkit.local.platform.endpoints import placeholder_png
from glmkit.local.platform.server.access import account_of, body_of
from glmkit.local.platform.server.errors import (
    Refusal,
    at_most,
    characters,
    invalid,
    missing,
    one_of,
    within,
)

_MEDIA = "/glmkit/media"
_VIDEO = Path(__file__).with_name("stand_in.mp4")
_SIZE = re.compile(r"(\d{1,4})[x×](\d{1,4})")
_MOST_VIDEO_PROMPT = 512
#: Shortest and longest side, the step between sides, and the most pixels.
_SIDES = (512, 2048, 16, 2**21)
_GLM_IMAGE_SIDES = (1024, 2048, 32, 2**22)


class ImageAsk(msgspec.Struct):
    """A request for an image."""

    model: FieldText | None = None
    prompt: FieldText | None = None
    size: FieldText | None = None
    quality: FieldText | None = None
    user_id: FieldText | None = None
    request_id: FieldText | None = None


class VideoAsk(msgspec.Struct):
    """A request for a video."""

    model: FieldText | None = None
    prompt: FieldText | None = None
    image_url: str | list[str] | None = None
    quality: FieldText | None = None
    fps: int | None = None
    user_id: FieldText | None = None
    request_id: FieldText | None = None


class ImageEndpoints:
    """The endpoints of images, and the placeholders behind the links."""

    def __init__(self, rights: Rights) -> None:
        self._rights = rights

    def routes(self, api: str) -> list[Route]:
        """Return the routes below the base path."""
        return [
            Route(f"{api}/images/generations", self.generate, methods=["POST"]),
            Route(f"{_MEDIA}/{{id}}/{{name}}", _medium, methods=["GET"]),
        ]

    async def generate(self, request: Request) -> Response:
        """POST /images/generations."""
        ask = decoded(await body_of(request), ImageAsk)
        card, size = checked_image(ask)
        with self._rights.taken(card, account_of(request)):
            return JSONResponse(image_body(image_url(request, size)))


def image_body(url: str) -> dict[str, object]:
    """Return the answer to a request for an image."""
    return {"created": int(time.time()), "data": [{"url": url}], "content_filter": []}


def checked_image(ask: ImageAsk) -> tuple[Card, tuple[int, int]]:
    """Return the card and the size in pixels; Refusal where a field is wrong."""
    card = request_checks.known(ask.model, "image")
    request_checks.check_user(ask.user_id)
    if not (ask.prompt or "").strip():
        raise missing("prompt")
    big = card.id == "glm-image"
    found = _SIZE.fullmatch(ask.size or ("1280x1280" if big else "1024x1024"))
    low, high, step, most = _GLM_IMAGE_SIDES if big else _SIDES
    sides = [int(side) for side in found.groups()] if found else []
    good = [low <= side <= high and side % step == 0 for side in sides]
    # Two of the sizes in the documentation are no multiples of 16.
    if not all([*good, found]) and ask.size not in {"720x1440", "1440x720"}:
        raise invalid("size", f"边长{within(low, high)}，须为{step}的倍数")
    if sides[0] * sides[1] > most:
        raise invalid("size", at_most(most, "像素"))
    if big and ask.quality not in {None, "hd"}:
        raise invalid("quality", one_of(["hd"]))
    return card, (sides[0], sides[1])


def checked_video(ask: VideoAsk) -> Card:
    """Return the card; Refusal where a field is wrong."""
    card = request_checks.known(ask.model, "video")
    request_checks.check_user(ask.user_id)
    if not (ask.prompt or "").strip() and not ask.image_url:
        raise missing("prompt")
    if len(ask.prompt or "") > _MOST_VIDEO_PROMPT:
        raise invalid("prompt", characters(1, _MOST_VIDEO_PROMPT))
    if ask.fps not in {None, 30, 60}:
        raise invalid("fps", one_of([30, 60]))
    if card.id.startswith("cogvideox") and ask.quality not in {
        None,
        "speed",
        "quality",
    }:
        raise invalid("quality", one_of(["speed", "quality"]))
    return card


def image_url(request: Request, size: tuple[int, int]) -> str:
    """Return a link to a placeholder of this size."""
    return _link(request, f"stand-in-{size[0]}x{size[1]}.png")


def video_result(request: Request) -> dict[str, str]:
    """Return the links to the placeholder of a video and its cover."""
    cover = image_url(request, (320, 180))
    return {"url": _link(request, "stand-in.mp4"), "cover_image_url": cover}


def _link(request: Request, name: str) -> str:
    root = str(request.base_url).rstrip("/")
    return f"{root}{_MEDIA}/{secrets.token_hex(8)}/{name}"


async def _medium(request: Request) -> Response:
    """GET a placeholder; the link needs no key, as the service's do not."""
    name = request.path_params["name"]
    if name == "stand-in.mp4":
        return Response(_VIDEO.read_bytes(), media_type="video/mp4")
    found = re.fullmatch(r"stand-in-(\d{1,4})x(\d{1,4})\.png", name)
    sides = [int(side) for side in found.groups()] if found else [0]
    if not 16 <= min(sides) <= max(sides) <= 2048:
        raise Refusal(404, "1222", f"no such medium: {name}")
    return Response(placeholder_png.png(sides[0], sides[1]), media_type="image/png")
