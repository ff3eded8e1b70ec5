"""A call as a curl command: whole, without its key, and really the same request."""

import json
import shlex
import subprocess
from collections.abc import Callable

import glmkit
from glmkit.wire import curl
from tests.conftest import LIMIT_S, Paced

Factory = Callable[..., Paced]


def test_command_sends_the_same_request(paced: Factory) -> None:
    place = paced(tokens=3)
    with glmkit.Client(place.url, api_key=place.key) as client:
        reply = client.chat('It\'s "quoted" $HOME `x` \\ 天', temperature=0.5)
    command = curl.command(reply.calls[0])
    assert place.key not in command
    assert "$GLMKIT_API_KEY" in command
    sent = subprocess.run(
        ["bash", "-c", command], capture_output=True, check=True, timeout=LIMIT_S
    )
    assert json.loads(sent.stdout)["choices"]
    first, second = place.seen["bodies"][-2:]
    assert first == second


def test_data_and_long_texts_are_cut(paced: Factory) -> None:
    place = paced(tokens=3)
    picture = "iVBORw0KGgo" + "A" * 5000
    parts = [
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{picture}"}},
        {"type": "text", "text": "word " * 10_000},
    ]
    with glmkit.Client(place.url, api_key=place.key) as client:
        reply = client.chat([{"role": "user", "content": parts}])
    command = curl.command(reply.calls[0])
    assert "A" * 100 not in command
    assert "characters left out" in command
    assert len(shlex.split(command)[-1]) < 25_000
