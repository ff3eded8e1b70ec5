"""Tasks that take their time, pictures and videos, and their rows in the ledger."""

import asyncio
import io
import threading
from collections.abc import Callable
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

import pytest

import glmkit
from glmkit.client.resources.media import Image, SoundFile, Video
from glmkit.types.money import Money
from tests.client.test_resources_texts import client_of, rows
from tests.conftest import Paced
from tests.support.resource_server import MP4, PNG

Factory = Callable[..., Paced]


def test_deferred_chat_stays_submitted_until_it_is_fetched(resources: Factory) -> None:
    client = client_of(resources())
    task = client.tasks.submit("Hi", model="glm-4-plus", temperature=0.5)
    assert (task.status, task.done, task.cost) == ("PROCESSING", False, None)
    assert rows("operation, state, task_id, cost") == [
        ("chat", "submitted", task.id, None)
    ]
    assert not client.tasks.fetch(task).done
    assert rows("state") == [("submitted",)]
    ended = client.tasks.wait(task, poll_s=0.01)
    assert ended.reply is not None
    assert ended.reply.text == "You said: Hi"
    assert ended.reply.complete
    assert ended.list_cost == ended.reply.list_cost == Money.of("0.00058", "CNY")
    assert rows("state, text, prompt_tokens, list_cost, task_id") == [
        ("done", "You said: Hi", 100, 580_000_000, task.id)
    ]


def test_task_that_is_fetched_twice_has_one_row_and_one_cost(
    resources: Factory,
) -> None:
    client = client_of(resources())
    task = client.tasks.submit("Hi", model="glm-4-plus")
    first = client.tasks.wait(task.id, poll_s=0.01)
    second = client.tasks.fetch(task.id)
    assert first.list_cost == second.list_cost
    assert len(rows("id")) == 1


def test_task_of_another_ledger_is_priced_and_not_recorded(
    resources: Factory, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    client = client_of(resources())
    task = client.tasks.submit("Hi", model="glm-4-plus")
    monkeypatch.setenv("GLMKIT_DATA_DIR", str(tmp_path / "other"))
    ended = client.tasks.wait(task, poll_s=0.01)
    assert ended.list_cost == Money.of("0.00058", "CNY")
    assert rows("id") == []


def test_private_task_is_fetched_and_its_words_are_not_kept(
    resources: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLMKIT_PRIVACY", "1")
    client = client_of(resources())
    ended = client.tasks.wait(
        client.tasks.submit("Hi", model="glm-4-plus"), poll_s=0.01
    )
    assert ended.reply is not None
    assert ended.reply.text == "You said: Hi"
    client.images.generate("A secret fox")
    kept = str(rows("request, text"))
    assert "Hi" not in kept
    assert "secret" not in kept
    assert rows("state") == [("done",), ("done",)]


def test_last_is_a_task_once_it_was_fetched(resources: Factory) -> None:
    client = client_of(resources())
    before = glmkit.last()
    task = client.tasks.submit("Hi")
    assert glmkit.last() is before
    ended = client.tasks.wait(task, poll_s=0.01)
    assert glmkit.last() == ended.reply


def test_failed_task_is_an_error_and_its_row_says_so(resources: Factory) -> None:
    client = client_of(resources())
    task = client.tasks.submit("please fail")
    with pytest.raises(glmkit.ServerError, match="failed"):
        client.tasks.wait(task, poll_s=0.01)
    assert rows("state, error, list_cost") == [("failed", "ServerError", None)]
    assert client.tasks.fetch(task).status == "FAIL"


def test_task_takes_the_options_of_a_chat_but_no_schema(resources: Factory) -> None:
    place = resources()
    client = client_of(place)
    client.tasks.submit("Hi", system="S", thinking=False, max_tokens=5, model="glm-4.5")
    assert place.seen["asked"][0]["body"] == {
        "model": "glm-4.5",
        "messages": [
            {"role": "system", "content": "S"},
            {"role": "user", "content": "Hi"},
        ],
        "max_tokens": 5,
        "thinking": {"type": "disabled"},
    }
    with pytest.raises(glmkit.ConfigError, match="schema"):
        client.tasks.submit("Hi", schema=int)


def test_unknown_task_is_refused(resources: Factory) -> None:
    with pytest.raises(glmkit.InvalidRequestError, match="1233") as caught:
        client_of(resources()).tasks.fetch("no-such-id")
    assert "key" in caught.value.hint


@pytest.mark.parametrize("given", ["", " ", "..", 3])
def test_what_is_no_id_is_never_sent(resources: Factory, given: Any) -> None:
    place = resources()
    with pytest.raises(glmkit.ConfigError):
        client_of(place).tasks.fetch(given)
    assert place.seen["asked"] == []


def test_wait_that_is_too_short_says_how_to_go_on(resources: Factory) -> None:
    client = client_of(resources())
    task = client.tasks.submit("Hi")
    with pytest.raises(glmkit.ServerError, match="has not ended") as caught:
        client.tasks.wait(task, poll_s=5, timeout_s=1)
    assert "same id" in caught.value.hint
    assert rows("state") == [("submitted",)]


def test_progress_is_told_on_the_waiting_thread(resources: Factory) -> None:
    client = client_of(resources())
    seen: list[tuple[str, str]] = []

    def note(task: Any) -> None:
        seen.append((task.status, threading.current_thread().name))

    client.tasks.wait(client.tasks.submit("Hi"), poll_s=0.01, progress=note)
    here = threading.current_thread().name
    assert seen == [("PROCESSING", here), ("PROCESSING", here), ("SUCCESS", here)]


def test_error_in_a_progress_function_ends_the_wait(resources: Factory) -> None:
    client = client_of(resources())

    def broken(_: Any) -> None:
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        client.tasks.wait(client.tasks.submit("Hi"), poll_s=0.01, progress=broken)
    assert rows("state") == [("submitted",)]


def test_bar_of_progress_is_drawn_and_closed(resources: Factory) -> None:
    client = client_of(resources())
    task = client.tasks.submit("Hi")
    with redirect_stderr(io.StringIO()) as drawn:
        client.tasks.wait(task, poll_s=0.01, progress=True)
    assert "success: 100%" in drawn.getvalue()
    assert drawn.getvalue().endswith("\n")


def test_interrupt_while_waiting_leaves_the_task_submitted(resources: Factory) -> None:
    client = client_of(resources())
    task = client.tasks.submit("Hi")

    def interrupt(_: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(glmkit.Interrupted):
        client.tasks.wait(task, poll_s=0.01, progress=interrupt)
    assert rows("state") == [("submitted",)]
    assert client.tasks.wait(task, poll_s=0.01).done


def test_picture_has_its_price_and_is_fetched_only_when_asked(
    resources: Factory, tmp_path: Path
) -> None:
    place = resources()
    client = client_of(place)
    picture = client.images.generate("A fox", model="cogview-4", size="1024x1024")
    assert picture.list_cost == Money.of("0.06", "CNY")
    assert (picture.mime, picture.data) == ("image/png", b"")
    assert [asked["path"] for asked in place.seen["asked"]] == [
        "/api/paas/v4/images/generations"
    ]
    saved = picture.save(tmp_path / "fox.png")
    assert saved.read_bytes() == PNG
    assert [path.name for path in tmp_path.glob("*fox*")] == ["fox.png"]


def test_key_does_not_go_where_a_result_lies(resources: Factory) -> None:
    place = resources()
    client = client_of(place)
    picture = client.download(client.images.generate("A fox"))
    first, second = place.seen["asked"]
    assert first["headers"]["authorization"] == f"Bearer {place.key}"
    assert "authorization" not in second["headers"]
    assert (picture.data, picture.mime) == (PNG, "image/png")
    assert client.download(picture) is picture


def test_free_model_draws_for_nothing(resources: Factory) -> None:
    picture = client_of(resources()).images.generate("A fox")
    assert picture.list_cost == Money(0, "CNY")


@pytest.mark.parametrize(
    "options",
    [
        {"size": "100x100"},
        {"size": "big"},
        {"size": "1024x1030"},
        {"size": "2048x2048"},
        {"size": "512x512", "model": "glm-image"},
        {"quality": "best"},
        {"prompt": ""},
    ],
)
def test_picture_that_can_not_be_drawn_is_refused_at_once(
    resources: Factory, options: dict[str, Any]
) -> None:
    place = resources()
    with pytest.raises(glmkit.ConfigError):
        client_of(place).images.generate(**{"prompt": "A fox"} | options)
    assert place.seen["asked"] == []


def test_deferred_picture_is_a_task(resources: Factory) -> None:
    client = client_of(resources())
    ended = client.tasks.wait(client.images.submit("A fox"), poll_s=0.01)
    assert len(ended.images) == 1
    assert ended.list_cost == Money.of("0.015", "USD")
    assert rows("operation, state") == [("images", "done")]


def test_video_is_waited_for_and_saved(resources: Factory, tmp_path: Path) -> None:
    client = client_of(resources())
    task = client.videos.submit("A fox runs", model="cogvideox-3", duration=5)
    video = client.videos.wait(task, poll_s=0.01, progress=False)
    assert video.mime == "video/mp4"
    assert video.save(tmp_path / "fox.mp4").read_bytes() == MP4
    assert client.download(video.cover).data == PNG
    assert rows("operation, state, list_cost") == [("videos", "done", 10**12)]


def test_video_takes_pictures_as_paths_bytes_and_urls(
    resources: Factory, tmp_path: Path
) -> None:
    place = resources()
    client = client_of(place)
    (tmp_path / "a.png").write_bytes(PNG)
    client.videos.submit(images=tmp_path / "a.png")
    client.videos.submit(images=["https://example.org/a.png", PNG], model="cogvideox-3")
    first, second = (asked["body"]["image_url"] for asked in place.seen["asked"])
    assert isinstance(first, str)
    assert second == ["https://example.org/a.png", first]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"prompt": "x" * 513},
        {"prompt": "x", "fps": 25},
        {"prompt": "x", "duration": 60},
        {"prompt": "x", "images": [PNG, PNG]},
        {"prompt": "x", "images": "missing.png"},
        {"prompt": "x", "images": ("a.bmp", PNG)},
        {"prompt": "x", "images": b"x" * (5 * 2**20 + 1)},
    ],
)
def test_video_that_can_not_be_made_is_refused_at_once(
    resources: Factory, options: dict[str, Any]
) -> None:
    place = resources()
    with pytest.raises(glmkit.ConfigError):
        client_of(place).videos.submit(**options)
    assert place.seen["asked"] == []


def test_save_that_fails_leaves_what_was_there(
    resources: Factory, tmp_path: Path
) -> None:
    place = resources()
    target = tmp_path / "fox.png"
    target.write_bytes(b"old")
    with pytest.raises(glmkit.TransportError, match="HTTP 404"):
        Image(url=f"{place.origin}/elsewhere.png").save(target)
    with pytest.raises(glmkit.TransportError, match="more than"):
        _Small(url=f"{place.origin}/cdn/huge.png").save(target)
    with pytest.raises(glmkit.ConfigError, match="cannot be written"):
        Image(data=PNG).save(tmp_path / "no" / "such" / "folder.png")
    assert [path.name for path in tmp_path.glob("*fox*")] == ["fox.png"]
    assert target.read_bytes() == b"old"


class _Small(Image, frozen=True):
    cap = 2**20


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://a/b", "data:,x", ""])
def test_only_web_addresses_are_fetched(url: str, tmp_path: Path) -> None:
    with pytest.raises(glmkit.ConfigError):
        Image(url=url).save(tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_media_know_their_type_by_their_first_bytes() -> None:
    assert Image(data=b"\xff\xd8\xff\xe0").mime == "image/jpeg"
    assert Image(url="https://a/b.webp?x=1").mime == "image/webp"
    assert Video(data=MP4).mime == "video/mp4"
    assert SoundFile(data=b"\0\0", type="audio/pcm").mime == "audio/pcm"
    assert repr(Image(data=PNG)) == "Image(image/png, 72 bytes)"


def test_async_face_waits_for_tasks_too(resources: Factory) -> None:
    place = resources()

    async def main() -> None:
        async with glmkit.AsyncClient(place.url, place.key) as client:
            task = await client.videos.submit("A fox")
            video = await client.videos.wait(task, poll_s=0.01, progress=False)
            assert (await client.download(video)).data == MP4

    asyncio.run(main())
    assert rows("state, list_cost") == [("done", 0)]
