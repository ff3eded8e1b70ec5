"""What a plain Python script shows when it is told something, or fails."""

from __future__ import annotations

import inspect
import pickle
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import glmkit
from glmkit.local.launcher import Platform


def complaint(folder: Path, *lines: str) -> list[str]:
    """Run a script; return the lines of its stderr."""
    script = folder / "script.py"
    script.write_text("\n".join(lines), "utf-8")
    command = [sys.executable, str(script)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8")
    return done.stderr.splitlines()


def test_a_traceback_ends_with_the_next_step(tmp_path: Path) -> None:
    *_, message, hint = complaint(tmp_path, "import glmkit", "glmkit.Client('nowhere')")
    assert message == "glmkit.types.errors.ConfigError: unknown endpoint 'nowhere'"
    assert hint.startswith("→ Use 'local'")


def test_other_notes_stay_beside_the_hint() -> None:
    error = glmkit.ConfigError("wrong", hint="Do this.")
    error.add_note("mine")
    error.hint = "Do that."
    told = traceback.format_exception_only(pickle.loads(pickle.dumps(error)))
    assert told[1:] == ["→ Do that.\n", "mine\n"]


def test_the_stand_in_is_told_at_the_persons_own_line(tmp_path: Path) -> None:
    first, line = complaint(tmp_path, "import glmkit", "c = glmkit.Client()", "c")
    assert "script.py:2: StandInWarning" in first
    assert line.strip() == "c = glmkit.Client()"


def test_help_shows_what_each_option_takes() -> None:
    signature = str(inspect.signature(glmkit.Client.chat))
    assert "temperature: 'float | None' = None" in signature
    assert "self, prompt" in signature


@pytest.mark.parametrize("seconds", ["x", 0, -1, float("nan"), None])
def test_a_wrong_time_is_refused_before_a_call(seconds: Any) -> None:
    with pytest.raises(glmkit.ConfigError, match="timeout_s"):
        glmkit.Client("local", timeout_s=seconds)


def test_a_tool_that_stands_alone_is_told_of_its_brackets() -> None:
    @glmkit.tool
    def weather(city: str) -> str:
        "Tell the weather of a city."
        return city

    with glmkit.Client("local") as client:
        for use in (glmkit.Conversation, lambda c, tools: c.chat("x", tools=tools)):
            with pytest.raises(glmkit.ConfigError) as caught:
                use(client, tools=weather)
            assert caught.value.hint == "Put it into brackets: tools=[...]."
        glmkit.Conversation(client, tools=[weather])


def test_stream_as_an_option_names_the_verb() -> None:
    with glmkit.Client("local") as client, pytest.raises(glmkit.ConfigError) as caught:
        client.chat("x", stream=True)  # type: ignore[call-arg]
    assert "client.stream(" in caught.value.hint


def test_a_table_in_a_schemas_place_is_named_by_its_type() -> None:
    with glmkit.Client("local") as client, pytest.raises(glmkit.ConfigError) as caught:
        client.chat("x", schema=pd.DataFrame({"a": [1, 2]}))
    assert str(caught.value) == "no JSON Schema expresses a DataFrame"


def test_a_client_takes_no_token_into_a_pickle(platform: Platform) -> None:
    with glmkit.Client("local") as client:
        client.chat("Hi", max_tokens=1)
        data = pickle.dumps(client)
    assert platform.key.encode() not in data
    with pickle.loads(data) as again:
        assert again.chat("Hi", max_tokens=1).calls[0].state == "done"
