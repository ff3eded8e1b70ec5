"""Speech to text, text to speech, and cloned voices."""

from __future__ import annotations

import io
import math
import wave
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Literal

from glmkit.client.call.execution import Exchange
from glmkit.client.call.pricing import Price, by_units, unknown
from glmkit.client.resources import uploads
from glmkit.client.resources.files import StoredFile
from glmkit.client.resources.media import SoundFile
from glmkit.client.resources.operations import Ask, Binary, Live
from glmkit.client.resources.sync_async import Awaited, F, Namespace, live, verb
from glmkit.client.resources.tasks import id_of
from glmkit.client.resources.types import Billed, Record
from glmkit.client.resources.uploads import MB
from glmkit.types.replies import Reply
from glmkit.wire.forms import Upload, form_body, given, json_body, path_of

_LONGEST_S = 30


class Transcript(Billed, frozen=True, kw_only=True):
    """Text of a recording."""

    text: str
    created: int = 0

    def __str__(self) -> str:
        return self.text


class Audio(Namespace[F]):
    """GLM-ASR and GLM-TTS. The Realtime API (WebSocket) is not part of this client."""

    @verb
    async def transcribe(
        self: Audio[Awaited],
        file: uploads.File,
        *,
        model: str = "glm-asr-2512",
        prompt: str | None = None,
        hotwords: Sequence[str] | None = None,
        request_id: str | None = None,
        user_id: str | None = None,
    ) -> Transcript:
        """Transcribe audio: WAV or MP3, at most 25 MB and 30 seconds.

        `hotwords` (100 at most) are names it should know, `prompt` what came before.
        The cost is known for WAV files, whose length can be read. Raises ConfigError
        before anything is sent, else GLMError.
        """
        upload = _sound(file)
        fields = _listened(model, prompt, hotwords, request_id, user_id)
        body = form_body(fields | {"stream": False}, [("file", upload)])
        ask = Ask("/audio/transcriptions", body, Transcript, _by_minute(upload))
        payload = fields | {"file": uploads.described(upload)}
        return await self._caller.record(ask, "transcription", model, payload)

    @live
    def stream_transcription(
        self: Audio[Any],
        file: uploads.File,
        *,
        model: str = "glm-asr-2512",
        prompt: str | None = None,
        hotwords: Sequence[str] | None = None,
        request_id: str | None = None,
        user_id: str | None = None,
    ) -> Exchange:
        """Transcribe audio and read the text while it arrives; see `transcribe`.

        with client.audio.stream_transcription("talk.wav") as stream:
            for event in stream: ...
        """
        upload = _sound(file)
        fields = _listened(model, prompt, hotwords, request_id, user_id)
        body = form_body(fields | {"stream": True}, [("file", upload)])
        operation = Live("/audio/transcriptions", body, _by_minute(upload))
        payload = fields | {"file": uploads.described(upload)}
        return self._caller.exchange(
            operation, "transcription", model, payload, stream=True
        )

    @verb
    async def speak(
        self: Audio[Awaited],
        input: str,
        *,
        voice: str = "tongtong",
        model: str = "glm-tts",
        speed: float | None = None,
        volume: float | None = None,
        response_format: Literal["wav", "pcm"] = "wav",
        watermark_enabled: bool | None = None,
        request_id: str | None = None,
        user_id: str | None = None,
    ) -> SoundFile:
        """Convert a text of at most 1,024 characters to speech.

        `voice`: tongtong, chuichui, xiaochen, jam, kazi, douji, luodo, or a cloned
        one. `speed` 0.5 to 2, `volume` up to 10. No page tells the price. Raises
        ConfigError before anything is sent, else GLMError.

            client.audio.speak("Hello.").save("hello.wav")
        """
        uploads.filled("the text", input)
        uploads.at_most("the text", input, 1024, "characters", "Say it in several.")
        uploads.within("speed", speed, 0.5, 2)
        uploads.within("volume", volume, math.nextafter(0, 1), 10)
        uploads.one_of("response_format", response_format, ("wav", "pcm"))
        payload = given(
            {
                "model": model,
                "input": input,
                "voice": voice,
                "speed": speed,
                "volume": volume,
                "response_format": response_format,
                "watermark_enabled": watermark_enabled,
                "request_id": request_id,
                "user_id": user_id,
            }
        )
        operation = Binary("/audio/speech", json_body(payload), unknown)
        exchange = self._caller.exchange(operation, "speech", model, payload)
        reply: Reply = await exchange.drain()
        return SoundFile(
            data=operation.result,
            type="audio/pcm" if response_format == "pcm" else operation.type,
            cost=reply.cost,
            list_cost=reply.list_cost,
        )


class Voice(Record, frozen=True):
    """A voice of the service, or one that was cloned."""

    voice: str = ""
    voice_name: str = ""
    voice_type: str = ""
    download_url: str = ""
    create_time: str = ""


class ClonedVoice(Billed, frozen=True):
    """A new voice: `voice` is its id for `client.audio.speak`, `file_id` a sample."""

    voice: str = ""
    file_id: str = ""
    file_purpose: str = ""


class _Voices(Record, frozen=True):
    voice_list: tuple[Voice, ...] = ()


class DeletedVoice(Record, frozen=True):
    """Result of deleting a voice."""

    voice: str = ""
    update_time: str = ""


class Voices(Namespace[F]):
    """Voices, the service's own and cloned ones."""

    @verb
    async def clone(
        self: Voices[Awaited],
        file: StoredFile | str,
        voice_name: str,
        input: str,
        *,
        text: str | None = None,
        model: str = "glm-tts-clone",
        request_id: str | None = None,
    ) -> ClonedVoice:
        """Clone the voice of a sound, uploaded for "voice-clone-input".

        `input` is spoken as a sample, `text` the words of the sound. Clone only
        voices whose owner agrees. No page tells the price.
        """
        uploads.filled("the voice's name", voice_name)
        uploads.filled("the text", input)
        fields = {"model": model, "voice_name": voice_name, "input": input}
        more = {"file_id": id_of(file), "text": text, "request_id": request_id}
        payload = given(fields | more)
        ask = Ask("/voice/clone", json_body(payload), ClonedVoice, unknown)
        return await self._caller.record(ask, "voice", model, payload)

    @verb
    async def list(
        self: Voices[Awaited],
        *,
        voice_name: str | None = None,
        voice_type: Literal["PRIVATE", "OFFICIAL"] | None = None,
    ) -> tuple[Voice, ...]:
        """List the voices."""
        query = {"voiceName": voice_name, "voiceType": voice_type}
        path = path_of("/voice/list", query=query)
        return (await self._caller.fetch("GET", path, _Voices)).voice_list

    @verb
    async def delete(self: Voices[Awaited], voice: str) -> DeletedVoice:
        """Delete a cloned voice."""
        uploads.filled("the voice", voice)
        body = json_body({"voice": voice})
        return await self._caller.fetch("POST", "/voice/delete", DeletedVoice, body)


def _sound(file: uploads.File) -> Upload:
    upload = uploads.load(
        file, cap=25 * MB, suffixes=("wav", "mp3"), name=_sound_name(file)
    )
    seconds = _seconds(upload)
    if seconds is not None:
        hint = "Cut it into several."
        uploads.at_most(upload.name, math.ceil(seconds), _LONGEST_S, "seconds", hint)
    return upload


def _sound_name(file: uploads.File) -> str:
    is_wav = isinstance(file, bytes) and file.startswith(b"RIFF")
    return "sound.wav" if is_wav else "sound.mp3"


def _seconds(upload: Upload) -> Fraction | None:
    """Return the length of a WAV file in seconds; None for other files."""
    try:
        with wave.open(io.BytesIO(upload.data)) as sound:
            return Fraction(sound.getnframes(), sound.getframerate())
    except (wave.Error, EOFError, ZeroDivisionError):
        return None


def _by_minute(upload: Upload) -> Price:
    seconds = _seconds(upload)
    return by_units(None if seconds is None else seconds / 60)


def _listened(
    model: str,
    prompt: str | None,
    hotwords: Sequence[str] | None,
    request_id: str | None,
    user_id: str | None,
) -> dict[str, Any]:
    words = None if hotwords is None else list(hotwords)
    uploads.at_most("hotwords", words or (), 100, "words", "Keep the rarest.")
    fields = {"model": model, "prompt": prompt, "hotwords": words}
    return given(fields | {"request_id": request_id, "user_id": user_id})
