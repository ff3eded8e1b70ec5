"""Video generation."""

from __future__ import annotations

from typing import Any

from glmkit.client.resources.media import Video
from glmkit.client.resources.polling import Progress
from glmkit.client.resources.sync_async import Awaited, F, Namespace, verb
from glmkit.client.resources.tasks import Task, Tasks, submit
from glmkit.client.resources.uploads import MB, File, at_most, link_or_base64
from glmkit.types.errors import ConfigError, ServerError
from glmkit.wire.forms import given

_PICTURES = ("png", "jpg", "jpeg", "webp")


class Videos(Namespace[F]):
    """CogVideoX and Vidu. A video is always a task; it takes minutes."""

    @verb
    async def submit(
        self: Videos[Awaited],
        prompt: str | None = None,
        *,
        model: str = "cogvideox-flash",
        images: File | list[File] | None = None,
        quality: str | None = None,
        with_audio: bool | None = None,
        size: str | None = None,
        fps: int | None = None,
        duration: int | None = None,
        style: str | None = None,
        aspect_ratio: str | None = None,
        movement_amplitude: str | None = None,
        off_peak: bool | None = None,
        watermark_enabled: bool | None = None,
        user_id: str | None = None,
    ) -> Task:
        """Submit a video task; `client.videos.wait(task)` returns the video.

        CogVideoX: `prompt` of at most 512 characters and / or one image (two for
        cogvideox-3: first and last frame) of at most 5 MB, `fps` 30 or 60, `duration`
        5 or 10 seconds. Vidu: up to 3 images of at most 50 MB, `style`,
        `aspect_ratio`, `movement_amplitude`. Images are URLs, paths or bytes.
        Raises ConfigError before anything is sent, else GLMError.
        """
        vidu = model.lower().startswith("vidu")
        urls = _urls(images, 50 * MB if vidu else 5 * MB)
        _check(prompt, urls, model, fps, duration, vidu)
        payload = given(
            {
                "model": model,
                "prompt": prompt,
                "image_url": urls[0] if len(urls) == 1 else urls or None,
                "quality": quality,
                "with_audio": with_audio,
                "size": size,
                "fps": fps,
                "duration": duration,
                "style": style,
                "aspect_ratio": aspect_ratio,
                "movement_amplitude": movement_amplitude,
                "off_peak": off_peak,
                "watermark_enabled": watermark_enabled,
                "user_id": user_id,
            }
        )
        return await submit(self._caller, "/videos/generations", "videos", payload)

    @verb
    async def fetch(self: Videos[Awaited], task: Task | str) -> Task:
        """Return a task; `.videos` is set once it has succeeded."""
        return await self._tasks().fetch(task)

    @verb
    async def wait(
        self: Videos[Awaited],
        task: Task | str,
        *,
        timeout_s: float = 1800.0,
        poll_s: float = 5.0,
        progress: Progress = True,
    ) -> Video:
        """Wait for the video of a task; see `client.tasks.wait`."""
        ended = await self._tasks().wait(
            task, timeout_s=timeout_s, poll_s=poll_s, progress=progress
        )
        if not ended.videos:
            raise ServerError("the service sent no video")
        return ended.videos[0]

    def _tasks(self) -> Tasks[Awaited]:
        return Tasks(self._caller, blocking=False)


def _urls(images: File | list[File] | None, cap: int) -> list[str]:
    files = images if isinstance(images, list) else [] if images is None else [images]
    return [link_or_base64(file, cap=cap, suffixes=_PICTURES) for file in files]


def _check(
    prompt: str | None,
    urls: list[Any],
    model: str,
    fps: int | None,
    duration: int | None,
    vidu: bool,
) -> None:
    if not (prompt and prompt.strip()) and not urls:
        raise ConfigError(
            "there is neither a prompt nor an image", hint="Say what to film."
        )
    most = 3 if vidu else 2 if model == "cogvideox-3" else 1
    at_most("images", urls, most, "images", f"{model} takes no more.")
    if not vidu:
        at_most("the prompt", prompt or "", 512, "characters", "Shorten it.")
    if fps not in {None, 30, 60}:
        raise ConfigError(f"fps cannot be {fps}", hint="Use 30 or 60.")
    if duration not in {None, 4, 5, 10}:
        raise ConfigError(
            f"duration cannot be {duration}",
            hint="CogVideoX-3 films 5 or 10 seconds, ViduQ1 5, Vidu2 4.",
        )
