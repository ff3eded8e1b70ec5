"""The client against servers that nobody here wrote.

llama.cpp's own server comes with the engine. fakellm and LiteLLM's proxy live in
environments of their own, which the first slow run makes in the system's folder for
temporary files (FOREIGN_SERVERS names another folder).
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

import glmkit
from glmkit.local import weights
from glmkit.local.engine.process import Process
from glmkit.local.launcher import Platform
from tests.conftest import wait_for

Test = TypeVar("Test", bound=Callable[..., None])


@dataclass(frozen=True)
class Foreign:
    """An endpoint of somebody else's server."""

    url: str
    key: str
    model: str

    def client(self, **options: Any) -> glmkit.Client:
        return glmkit.Client(
            self.url, options.pop("key", self.key), self.model, **options
        )


def streamed(client: glmkit.Client, prompt: str, **options: Any) -> glmkit.Reply:
    with client.stream(prompt, **options) as stream:
        for _ in stream:
            pass
    return stream.reply


@pytest.fixture(scope="module")
def llama() -> Iterator[Foreign]:
    """llama.cpp's own server with the small real model."""
    found = weights.find()
    if found is None:
        pytest.fail("no weights: `make weights` (or `glmkit local install`) gets them")
    process = Process(found)
    yield Foreign(f"{process.url}/v1", process.key, "stand-in")
    process.stop()


def test_llama_answers_whole_and_streamed(llama: Foreign) -> None:
    client, ask = llama.client(), "Name a colour of the sky."
    reply = client.chat(ask, max_tokens=24, temperature=0.0, seed=1)
    assert reply.text
    assert reply.finish_reason in ("stop", "length")
    assert reply.usage is not None
    assert reply.usage.completion_tokens > 0
    assert reply.cost is None
    again = streamed(client, ask, max_tokens=24, temperature=0.0, seed=1)
    assert again.text == reply.text
    assert again.usage is not None
    assert again.usage.total_tokens == reply.usage.total_tokens


def test_llama_counts_a_stream_only_where_it_is_asked_to(llama: Foreign) -> None:
    uncounted = {"stream_options": None}
    reply = streamed(llama.client(), "Hi", max_tokens=4, extra_body=uncounted)
    assert reply.text
    assert reply.usage is None


def test_llama_gives_json_by_its_grammar(llama: Foreign) -> None:
    properties = {"colour": {"type": "string", "maxLength": 12}}
    schema = {"type": "object", "properties": properties, "required": ["colour"]}
    asked = {
        "response_format": {"type": "json_schema", "json_schema": {"schema": schema}}
    }
    reply = llama.client().chat("The sky?", max_tokens=60, extra_body=asked)
    assert reply.complete
    assert set(json.loads(reply.text)) == {"colour"}


def test_llamas_integer_codes_become_typed_errors(llama: Foreign) -> None:
    with pytest.raises(glmkit.AuthError) as refused:
        llama.client(key="wrong.key").chat("Hi")
    assert (refused.value.status, refused.value.code) == (401, "401")
    with pytest.raises(glmkit.APIError) as long:
        llama.client().chat("word " * 9000, max_tokens=4)
    assert long.value.status == 400
    assert long.value.action == "stop"


def test_leaving_a_stream_stops_llamas_generation(llama: Foreign) -> None:
    origin = llama.url.removesuffix("/v1")

    def busy() -> int:
        asked = urllib.request.Request(
            f"{origin}/slots", headers={"authorization": f"Bearer {llama.key}"}
        )
        with urllib.request.urlopen(asked) as reply:
            return sum(slot["is_processing"] for slot in json.load(reply))

    async def main() -> glmkit.Reply:
        client = glmkit.AsyncClient(llama.url, llama.key, llama.model)
        async with client.stream("Tell a long story.", max_tokens=3000) as stream:
            async for event in stream:
                if isinstance(event, glmkit.Text):
                    break
        return stream.reply

    reply = asyncio.run(main())
    assert reply.text
    assert not reply.complete
    wait_for(busy, lambda slots: slots == 0)


def in_one_worker(server: str) -> Callable[[Test], Test]:
    """Mark a slow test whose server one worker makes the environment of, if need be."""

    def marked(test: Test) -> Test:
        for mark in (
            pytest.mark.slow,
            pytest.mark.xdist_group(server),
        ):
            test = mark(test)
        return test

    return marked


def executable(package: str, name: str) -> Path:
    """Return a program of a package that has an environment of its own."""
    chosen = os.environ.get("FOREIGN_SERVERS")
    folder = Path(chosen or tempfile.gettempdir()) / f"glmkit-{name}"
    program = folder / "bin" / name
    if not program.exists():
        plain = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        for line in (
            ["-m", "venv", str(folder)],
            ["-m", "pip", "install", "-q", package],
        ):
            python = sys.executable if "venv" in line else str(folder / "bin/python")
            subprocess.run([python, *line], env=plain, check=True)
    return program


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        port: int = listening.getsockname()[1]
        return port


@contextmanager
def served(folder: Path, port: int, *command: str | Path) -> Iterator[None]:
    """Run a server until the test ends; wait until it listens."""
    plain = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    plain["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    log = folder / "log"
    with (
        log.open("w") as said,
        subprocess.Popen(
            command, cwd=folder, env=plain, stdout=said, stderr=said
        ) as it,
    ):
        try:
            wait_for(lambda: listens(port) or it.poll() is not None)
            assert it.poll() is None, log.read_text()
            yield
        finally:
            it.terminate()


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


@pytest.fixture(scope="module")
def fakellm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Foreign]:
    folder, port = tmp_path_factory.mktemp("fakellm"), free_port()
    program = executable("fakellm==0.3.5", "fakellm")
    rules = [
        {"name": "hello", "when": {"messages_contain": "hello"},
         "respond": {"content": "Hi there, from a server by others."}},
        {"name": "limit", "when": {"messages_contain": "limit"},
         "respond": {"status": 429, "error": "Rate limit exceeded"}},
    ]  # fmt: skip
    (folder / "fakellm.yaml").write_text(json.dumps({"version": 1, "rules": rules}))
    with served(folder, port, program, "serve", "--port", str(port)):
        yield Foreign(f"http://127.0.0.1:{port}/v1", "any.key", "gpt-4")


@in_one_worker("fakellm")
def test_fakellm_answers_whole_and_streamed(fakellm: Foreign) -> None:
    reply = fakellm.client().chat("hello")
    again = streamed(fakellm.client(), "hello")
    assert reply.text == again.text == "Hi there, from a server by others."
    assert reply.usage is not None
    assert reply.complete
    assert again.complete


@in_one_worker("fakellm")
def test_fakellms_refusal_is_typed(fakellm: Foreign) -> None:
    with pytest.raises(glmkit.RateLimitError) as caught:
        fakellm.client(timeout_s=30).chat("limit")
    assert caught.value.status == 429
    assert caught.value.action == "wait"


@pytest.fixture(scope="module")
def litellm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Foreign]:
    folder, port = tmp_path_factory.mktemp("litellm"), free_port()
    program = executable("litellm[proxy]==1.106.2", "litellm")
    said = {"mock": "Hello, proxied.", "limited": "litellm.RateLimitError"}
    given = {"model": "openai/mock", "api_key": "none"}
    models = [
        {"model_name": name, "litellm_params": {**given, "mock_response": text}}
        for name, text in said.items()
    ]
    config = {"model_list": models, "general_settings": {"master_key": "sk-virtual"}}
    (folder / "config.yaml").write_text(json.dumps(config))
    place = ("--host", "127.0.0.1", "--port", str(port))
    with served(folder, port, program, "--config", "config.yaml", *place):
        yield Foreign(f"http://127.0.0.1:{port}/v1", "sk-virtual", "mock")


@pytest.fixture
def relayed(platform: Platform, tmp_path: Path) -> Iterator[Foreign]:
    """The local platform behind LiteLLM, which writes the chunks of streams again."""
    port, program = free_port(), executable("litellm[proxy]==1.106.2", "litellm")
    behind = {"api_base": platform.url, "api_key": platform.key}
    model = {"model": "hosted_vllm/glm-4-flash-250414", **behind}
    config = {
        "model_list": [{"model_name": "m", "litellm_params": model}],
        "general_settings": {"master_key": "sk-virtual"},
    }
    (tmp_path / "config.yaml").write_text(json.dumps(config))
    place = ("--host", "127.0.0.1", "--port", str(port))
    with served(tmp_path, port, program, "--config", "config.yaml", *place):
        yield Foreign(f"http://127.0.0.1:{port}/v1", "sk-virtual", "m")


@in_one_worker("litellm")
def test_the_stand_ins_mark_comes_through_litellm(relayed: Foreign) -> None:
    asked = {"prompt": "Hi", "max_tokens": 3}
    for reply in (
        relayed.client().chat(**asked), streamed(relayed.client(), **asked)
    ):  # fmt: skip
        assert reply.stand_in == weights.STAND_IN
        assert reply.source == "stand-in"


@in_one_worker("litellm")
def test_litellm_answers_whole_and_streamed(litellm: Foreign) -> None:
    reply, again = litellm.client().chat("Hi"), streamed(litellm.client(), "Hi")
    assert reply.text == again.text == "Hello, proxied."
    assert reply.usage is not None
    assert again.usage is not None
    assert again.usage.total_tokens > 0
    assert again.complete


@in_one_worker("litellm")
def test_litellms_string_codes_become_typed_errors(litellm: Foreign) -> None:
    with pytest.raises(glmkit.RateLimitError) as limited:
        litellm.client(timeout_s=60).chat("Hi", model="limited")
    assert (limited.value.status, limited.value.code) == (429, "429")
    with pytest.raises(glmkit.InvalidRequestError, match="nobody"):
        litellm.client().chat("Hi", model="nobody")
    with pytest.raises(glmkit.APIError) as refused:
        litellm.client(key="sk-wrong").chat("Hi")
    assert refused.value.action == "stop"


@in_one_worker("litellm")
def test_a_stream_through_litellm_may_be_left(litellm: Foreign) -> None:
    with litellm.client().stream("Hi") as stream:
        next(iter(stream))
    assert not stream.reply.complete
