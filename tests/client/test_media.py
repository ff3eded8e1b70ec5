"""Pictures and sounds in prompts, and what a model's card takes."""

import base64
import io
import sys
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import glmkit
from glmkit.catalog import capabilities
from glmkit.catalog.cards import card
from glmkit.client.prompts import media
from glmkit.types.errors import ConfigError, MediaWarning, OptionWarning
from glmkit.types.messages import AudioPart, ImagePart, Request
from glmkit.types.requests import request_of
from glmkit.wire import chat_body
from tests.client.test_clients import client_of
from tests.conftest import Paced

Factory = Callable[..., Paced]


def picture(
    width: int = 8, height: int = 4, kind: str = "PNG", mode: str = "RGB"
) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, (width, height), 120).save(buffer, kind)
    return buffer.getvalue()


def noise(width: int, height: int) -> Image.Image:
    import random

    data = random.Random(0).randbytes(width * height * 3)
    return Image.frombytes("RGB", (width, height), data)


def sound() -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"\0" * 1600)
    return buffer.getvalue()


def opened(part: Any) -> Image.Image:
    assert isinstance(part, ImagePart)
    return Image.open(io.BytesIO(data_of(part)))


def data_of(part: Any) -> bytes:
    return base64.b64decode(part.image_url.url.partition(",")[2])


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_picture_that_fits_is_sent_as_it_is(kind: str, tmp_path: Path) -> None:
    data = picture(kind=kind)
    path = tmp_path / "a.picture"
    path.write_bytes(data)
    for source in (path, data, bytearray(data), memoryview(data)):
        part = media.part_of(source)
        assert data_of(part) == data
        assert part.image_url.url.startswith(f"data:image/{kind.lower()};base64,")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("kind", "mode"), [("GIF", "P"), ("WEBP", "RGBA"), ("BMP", "RGB"), ("TIFF", "CMYK")]
)
def test_other_kinds_become_png(kind: str, mode: str) -> None:
    made = opened(media.part_of(picture(kind=kind, mode=mode)))
    assert made.format == "PNG"
    assert made.size == (8, 4)


def test_pil_picture_and_figures_become_parts() -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(2, 1), dpi=50)
    figure.subplots().plot([1, 2])
    assert opened(media.part_of(figure)).size == (100, 50)
    assert opened(media.part_of(Image.new("RGB", (3, 2)))).size == (3, 2)
    assert opened(media.part_of(Image.new("LA", (3, 2)))).size == (3, 2)


def test_plotly_figure_without_its_drawer_is_a_clear_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import plotly.graph_objects as go

    monkeypatch.setitem(sys.modules, "kaleido", None)
    with pytest.raises(ConfigError) as caught:
        media.part_of(go.Figure())
    assert "kaleido" in caught.value.hint


def test_too_many_pixels_are_scaled_down_and_said() -> None:
    with pytest.warns(MediaWarning, match=r"12000 x 30 pixels.* 6000 x 15 pixels"):
        part = media.part_of(picture(12_000, 30))
    assert opened(part).size == (6000, 15)


def test_too_many_bytes_are_packed_or_scaled_down_and_said() -> None:
    buffer = io.BytesIO()
    noise(3000, 1500).save(buffer, "PNG")
    assert len(buffer.getvalue()) > media.PICTURE_BYTES
    with pytest.warns(MediaWarning, match="MB"):
        part = media.part_of(buffer.getvalue())
    assert len(data_of(part)) < media.PICTURE_BYTES
    assert opened(part).format == "JPEG"


def test_turned_photograph_is_not_sent_sideways() -> None:
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (8, 4)).save(buffer, "TIFF", exif=exif)
    assert opened(media.part_of(buffer.getvalue())).size == (4, 8)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (Path("nowhere.png"), "nowhere.png"),
        (Path(), r"\."),
        (b"", "not a picture"),
        (b"hello", "not a picture"),
        (picture()[:40], "not a picture"),
        (b"%PDF-1.7 ...", "URL"),
        (b"\0\0\0\x20ftypmp42", "URL"),
        (object(), "object"),
    ],
)
def test_what_is_no_medium_is_refused_before_anything_is_sent(
    source: Any, said: str, paced: Factory
) -> None:
    place = paced(tokens=3)
    with pytest.raises(ConfigError, match=said) as caught:
        client_of(place).chat(["What is this?", source])
    assert caught.value.hint
    assert place.seen["requests"] == 0


def test_bomb_of_pixels_is_refused_before_it_is_unpacked() -> None:
    data = bytearray(picture(9, 9))
    at = data.index(b"IHDR") + 4
    data[at : at + 8] = (200_000).to_bytes(4) + (200_000).to_bytes(4)
    with pytest.raises(ConfigError, match="picture"):
        media.part_of(bytes(data))


def test_text_picture_and_sound_stand_in_the_request(
    paced: Factory, tmp_path: Path
) -> None:
    place = paced(tokens=3)
    path = tmp_path / "a.wav"
    path.write_bytes(sound())
    client_of(place).chat(["What is this?", picture(), path])
    (message,) = place.seen["bodies"][-1]["messages"]
    text, image, heard = message["content"]
    assert text == {"type": "text", "text": "What is this?"}
    assert image["image_url"]["url"].startswith("data:image/png;base64,")
    assert heard["input_audio"]["format"] == "wav"
    assert base64.b64decode(heard["input_audio"]["data"]) == sound()


def test_picture_alone_is_a_prompt(paced: Factory) -> None:
    place = paced(tokens=3)
    client_of(place).chat(picture())
    (message,) = place.seen["bodies"][-1]["messages"]
    assert [part["type"] for part in message["content"]] == ["image_url"]


def test_media_inside_messages_and_conversations_become_parts(paced: Factory) -> None:
    place = paced(tokens=3)
    client_of(place).chat([{"role": "user", "content": ["Look:", picture()]}])
    (message,) = place.seen["bodies"][-1]["messages"]
    assert [part["type"] for part in message["content"]] == ["text", "image_url"]
    talk = glmkit.Conversation(client_of(place))
    talk.ask(["Look:", picture()])
    talk.ask("And?")
    first, *_ = place.seen["bodies"][-1]["messages"]
    assert [part["type"] for part in first["content"]] == ["text", "image_url"]


def test_the_service_gets_base64_bare() -> None:
    request = request_of(media.prompt_of(["Look", picture()]), {})
    body = chat_body(request, "glm-4.6v", stream=False, native=True)
    assert base64.b64encode(picture()) in body
    assert b"data:image" not in body
    assert b"data:image/png" in chat_body(request, "m", stream=False, native=False)


def test_makers_of_parts_take_urls_and_sounds() -> None:
    assert media.image("https://example.org/a.png").image_url.url.startswith("http")
    assert media.video("https://example.org/a.mp4").video_url.url.endswith("mp4")
    assert media.file("https://example.org/a.pdf").file_url.url.endswith("pdf")
    assert isinstance(media.audio(b"ID3\x03"), AudioPart)
    with pytest.raises(ConfigError):
        media.audio(picture())
    with pytest.raises(ConfigError):
        media.image(sound())


def asked(model: str, *parts: Any, **options: Any) -> tuple[Request, Any]:
    return request_of(["Look", *parts], {"model": model, **options}), card(model)


URL = media.image("https://example.org/a.png")
FILE = media.file("https://example.org/a.pdf")
VIDEO = media.video("https://example.org/a.mp4")


@pytest.mark.parametrize(
    ("model", "parts", "said"),
    [
        ("glm-4-plus", [URL], "image"),
        ("glm-4.6v", [media.audio(sound())], "audio"),
        ("glm-4v-flash", [URL, URL], "1 images"),
        ("glm-4v-flash", [media.part_of(picture())], "URL"),
        ("glm-4v-plus-0111", [URL] * 6, "5 images"),
        ("glm-4v-plus-0111", [VIDEO], "first"),
        ("glm-4.6v", [URL] * 51, "50 images"),
        ("glm-4.6v", [FILE] * 51, "50 files"),
        ("glm-4.6v", [FILE, URL], "together"),
        ("glm-5.3-flash", [URL] * 51, "50 images"),
    ],
)
def test_what_a_card_does_not_take_is_refused(
    model: str, parts: list[Any], said: str
) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        capabilities.check(*asked(model, *parts))
    assert caught.value.hint


@pytest.mark.parametrize(
    ("model", "parts"),
    [
        ("glm-4v-flash", [URL]),
        ("glm-4.6v", [URL] * 50),
        ("glm-4.6v-flash", [FILE] * 50),
        ("glm-4v-plus-0111", [URL] * 5),
        ("glm-4-voice", [media.audio(sound())]),
    ],
)
def test_what_a_card_takes_passes(model: str, parts: list[Any]) -> None:
    capabilities.check(*asked(model, *parts))


def test_picture_for_a_text_model_is_refused_before_the_stand_in_starts() -> None:
    with pytest.raises(ConfigError, match="image"):
        glmkit.Client("local").chat(["Look", picture()])


@pytest.mark.parametrize(
    ("model", "thinking", "said"),
    [
        ("glm-5.3", False, "always thinks"),
        ("glm-5.3-flash", "medium", "medium"),
        ("glm-5.3-flashx", "none", "none"),
    ],
)
def test_thinking_that_a_model_refuses_is_refused_here(
    model: str, thinking: Any, said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        capabilities.check(*asked(model, thinking=thinking))


@pytest.mark.parametrize(
    ("model", "thinking"),
    [
        ("glm-5.3", "low"),
        ("glm-5.2", "xhigh"),
        ("glm-4.6", True),
        ("glm-4.6", False),
        ("glm-4-plus", False),
        ("glm-4-plus", None),
    ],
)
def test_thinking_that_a_model_takes_passes(model: str, thinking: Any) -> None:
    capabilities.check(*asked(model, thinking=thinking))


@pytest.mark.parametrize(
    ("model", "thinking"), [("glm-4-plus", True), ("glm-4.6", "high")]
)
def test_thinking_that_is_ignored_is_said(model: str, thinking: Any) -> None:
    with pytest.warns(OptionWarning, match=model):
        capabilities.check(*asked(model, thinking=thinking))
    capabilities.check(*asked("glm-4-plus", thinking=True), stand_in=True)
