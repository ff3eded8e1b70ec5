"""The same calls against the real local platform and its real engine."""

import asyncio
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import glmkit
from glmkit.local import launcher
from glmkit.local.platform.storage import minilm
from glmkit.types.money import Money
from tests.client.test_resources_texts import rows

KEY = "first0123456789.secret0123456789"

pytestmark = pytest.mark.xdist_group("platform")


@pytest.fixture
def client(platform: launcher.Platform) -> glmkit.Client:
    return glmkit.Client("local")


def test_deferred_chat_is_answered_by_the_stand_in(client: glmkit.Client) -> None:
    task = client.tasks.submit("Say hello.", max_tokens=8)
    assert rows("state, task_id") == [("submitted", task.id)]
    ended = client.tasks.wait(task, poll_s=0.2)
    assert ended.reply is not None
    assert ended.reply.text
    assert ended.reply.stand_in
    assert ended.cost == Money(0, "CNY")
    assert rows("state, source") == [("done", "stand-in")]


def test_batch_really_runs(client: glmkit.Client) -> None:
    model = "glm-4-flash"
    prompts = {"first-line": "Say one.", "second-line": "Say two."}
    batch = client.batches.create(prompts, model=model, max_tokens=8)
    ended = client.batches.wait(batch, poll_s=0.2, progress=False)
    results = client.batches.results(ended)
    assert [result.custom_id for result in results] == [*prompts]
    assert all(result.text for result in results)
    assert results.usage is not None
    assert results.cost == Money(0, "CNY")
    assert rows("operation, state") == [("batches", "done")]


def test_files_come_and_go(client: glmkit.Client) -> None:
    line = (
        b'{"custom_id":"request-1","method":"POST","url":"/v4/chat/completions",'
        b'"body":{"model":"glm-4-flash","messages":[{"role":"user","content":"a"}]}}'
    )
    stored = client.files.upload(("probe.jsonl", line), "batch")
    assert stored.bytes == len(line)
    assert stored.id in [file.id for file in client.files.list("batch")]
    assert client.files.content(stored) == line
    assert client.files.delete(stored).deleted
    assert stored.id not in [file.id for file in client.files.list("batch")]


def test_picture_and_video_are_placeholders_that_can_be_saved(
    client: glmkit.Client, tmp_path: Path
) -> None:
    picture = client.images.generate("A fox", model="cogview-4")
    assert picture.cost == Money(0, "CNY")
    assert picture.list_cost == Money.of("0.06", "CNY")
    assert picture.save(tmp_path / "fox.png").stat().st_size > 100
    assert client.download(picture).mime.startswith("image/")
    task = client.videos.submit("A fox", model="cogvideox-2")
    video = client.videos.wait(task, poll_s=0.2, progress=False)
    assert client.download(video).mime == "video/mp4"


TEXTS = ["The cat sleeps.", "A kitten naps.", "Shares fell on Monday."]


def test_vectors_are_real(client: glmkit.Client) -> None:
    assert minilm.find(), "`make .venv/.dev` installs the embedding model"
    cat, kitten, shares = client.embeddings(TEXTS, dimensions=512)

    def near(a: list[float], b: list[float]) -> float:
        return sum(x * y for x, y in zip(a, b, strict=True))

    assert len(cat) == 512
    assert near(cat, kitten) > near(cat, shares)


def test_without_the_model_vectors_are_refused(tmp_path: Path) -> None:
    """Numbers that mean nothing never come in their place."""
    command = launcher.serve_command(["--key", KEY, "--json"])
    environ = os.environ | {"GLMKIT_LOCAL_EMBEDDINGS": str(tmp_path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environ) as child:
        assert child.stdout is not None
        url = json.loads(child.stdout.readline())["url"]
        with pytest.raises(glmkit.InvalidRequestError, match="pip install"):
            glmkit.Client(url, KEY).embeddings(TEXTS, dimensions=512)
        child.terminate()


def test_tokens_are_counted(client: glmkit.Client) -> None:
    assert int(client.count_tokens("Hello there")) > 1


def test_models_are_listed(client: glmkit.Client) -> None:
    assert "glm-4.6" in [model.id.lower() for model in client.models()]


def test_what_the_stand_in_can_not_do_is_a_typed_error(client: glmkit.Client) -> None:
    with pytest.raises(glmkit.APIError) as caught:
        client.audio.speak("Hello")
    assert caught.value.hint
    assert rows("state, error") == [("failed", type(caught.value).__name__)]


def test_unknown_ids_are_refused_as_by_the_service(client: glmkit.Client) -> None:
    with pytest.raises(glmkit.InvalidRequestError) as caught:
        client.tasks.fetch("20261121000000no-such-task")
    assert caught.value.code == "1233"
    with pytest.raises(glmkit.APIError):
        client.batches.get("batch_1")
    with pytest.raises(glmkit.APIError):
        client.knowledge.get("none")


def test_async_face_reaches_the_platform_too(platform: launcher.Platform) -> None:
    async def main() -> None:
        async with glmkit.AsyncClient("local") as client:
            task = await client.tasks.submit("Say hello.", max_tokens=4)
            ended = await client.tasks.wait(task, poll_s=0.2)
            assert ended.reply is not None
            assert ended.reply.text

    asyncio.run(main())


@pytest.mark.parametrize(
    ("model", "prompt"),
    [
        ("glm-4.6v", ["What is this?", Image.new("RGB", (8, 8))]),
        ("glm-4-voice", "Hi"),
    ],
)
def test_what_the_stand_in_cannot_do_says_that_a_key_can(
    client: glmkit.Client, model: str, prompt: Any
) -> None:
    with pytest.raises(glmkit.APIError, match="the local stand-in cannot") as caught:
        client.chat(prompt, model=model)
    assert "with a key" in str(caught.value)
    assert caught.value.hint.startswith("Set ZHIPUAI_API_KEY or ZAI_API_KEY")


def test_an_endpoint_that_the_stand_in_lacks_says_that_a_key_can(
    client: glmkit.Client,
) -> None:
    for asked in (
        lambda: client.moderate("x"),
        lambda: client.audio.speak("x"),
        lambda: client.web_search("x"),
    ):
        with pytest.raises(glmkit.APIError, match="stand-in cannot") as caught:
            asked()
        assert caught.value.hint.startswith("Set ZHIPUAI_API_KEY or ZAI_API_KEY")
