"""Image generation."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from glmkit.client.call.pricing import by_units
from glmkit.client.resources.media import Drawn, Image
from glmkit.client.resources.operations import Ask
from glmkit.client.resources.sync_async import Awaited, F, Namespace, verb
from glmkit.client.resources.tasks import Task, submit
from glmkit.client.resources.types import Billed
from glmkit.client.resources.uploads import filled, one_of
from glmkit.types.errors import ConfigError, ServerError
from glmkit.wire.forms import given, json_body


class _Images(Billed, frozen=True):
    data: tuple[Drawn, ...] = ()


class Images(Namespace[F]):
    """CogView and GLM-Image: one image for each call."""

    @verb
    async def generate(
        self: Images[Awaited],
        prompt: str,
        *,
        model: str = "cogview-3-flash",
        size: str | None = None,
        quality: Literal["hd", "standard"] | None = None,
        watermark_enabled: bool | None = None,
        user_id: str | None = None,
    ) -> Image:
        """Generate an image and wait for it: 5 to 10 seconds, about 20 in "hd".

        `size` is "1024x1024" by default; sides of 512 to 2048 pixels, multiples of
        16, at most 2^21 pixels (glm-image: 1024 to 2048, multiples of 32, 2^22).
        The default model is free. Raises GLMError.

            client.images.generate("A fox in the snow").save("fox.png")
        """
        payload = _payload(prompt, model, size, quality, watermark_enabled, user_id)
        ask = Ask("/images/generations", json_body(payload), _Images, by_units(1))
        answer = await self._caller.record(ask, "images", model, payload)
        if not answer.data:
            raise ServerError("the service sent no image")
        return msgspec.structs.replace(
            answer.data[0].image, cost=answer.cost, list_cost=answer.list_cost
        )

    @verb
    async def submit(
        self: Images[Awaited],
        prompt: str,
        *,
        model: str = "glm-image",
        size: str | None = None,
        quality: Literal["hd", "standard"] | None = None,
        watermark_enabled: bool | None = None,
        user_id: str | None = None,
    ) -> Task:
        """Submit an image task; `client.tasks.wait(task).images` returns the image."""
        payload = _payload(prompt, model, size, quality, watermark_enabled, user_id)
        return await submit(
            self._caller, "/async/images/generations", "images", payload
        )


def _payload(
    prompt: str,
    model: str,
    size: str | None,
    quality: str | None,
    watermark: bool | None,
    user_id: str | None,
) -> dict[str, Any]:
    filled("the prompt", prompt)
    one_of("quality", quality, ("hd", "standard"))
    if size is not None:
        _check_size(size, model)
    fields = {"model": model, "prompt": prompt, "size": size, "quality": quality}
    return given(fields | {"watermark_enabled": watermark, "user_id": user_id})


def _check_size(size: str, model: str) -> None:
    low, step, most = (1024, 32, 2**22) if model == "glm-image" else (512, 16, 2**21)
    sides = size.split("x")
    numbers = [int(side) for side in sides if side.isdecimal()]
    fits = len(sides) == len(numbers) == 2 and all(
        low <= side <= 2048 and side % step == 0 for side in numbers
    )
    listed = size in {"1440x720", "720x1440", "768x1344", "1344x768"}
    if not listed and not (fits and numbers[0] * numbers[1] <= most):
        raise ConfigError(
            f"the size of an image cannot be {size!r}",
            hint=f"Sides of {low} to 2048, multiples of {step}, at most {most:,} "
            "pixels, as in '1024x1024'.",
        )
