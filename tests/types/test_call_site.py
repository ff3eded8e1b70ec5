"""Where a call is made from: its notebook, its cell, and the person's own tag."""

from __future__ import annotations

import asyncio

import pytest
from IPython.core.interactiveshell import InteractiveShell

import glmkit
from glmkit.types.replies import Where, where
from tests.conftest import Paced, Run


def tags() -> list[str]:
    return list(glmkit.usage()["tag"])


def test_calls_of_a_block_carry_its_tag(place: Paced) -> None:
    client = glmkit.Client()
    with glmkit.tag("week 3"):
        client.chat("Hi")
        with glmkit.tag("sums"):
            client.chat("Hi")
        with client.stream("Hi") as stream:
            list(stream)
    client.chat("Hi")
    assert tags() == ["week 3", "sums", "week 3", ""]
    sums = glmkit.usage("tag").set_index("tag")["calls"]
    assert sums.to_dict() == {"": 1, "sums": 1, "week 3": 2}


def test_tag_ends_with_its_block_whatever_happens() -> None:
    with pytest.raises(KeyError), glmkit.tag("week 3"):
        raise KeyError
    assert where.get() == Where()


def test_tasks_of_a_block_carry_its_tag_and_others_do_not(place: Paced) -> None:
    async def work() -> None:
        async with glmkit.AsyncClient() as client:
            with glmkit.tag("paper"):
                inside = asyncio.create_task(client.chat("Hi"))
            await client.chat("Hi")
            await inside

    asyncio.run(work())
    assert sorted(tags()) == ["", "paper"]


def test_plain_call_in_a_notebook_knows_its_cell_and_tag(
    run: Run,
    shell: InteractiveShell,
    place: Paced,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("JPY_SESSION_NAME", "/home/me/lesson.ipynb")
    run("import glmkit\nclient = glmkit.Client()")
    run("with glmkit.tag('week 3'):\n    client.chat('Hi')")
    run("client.chat('Hi')")
    run("with glmkit.tag('week 4'):\n    get_ipython().run_cell_magic('glm', '', 'Hi')")
    frame = glmkit.usage()
    assert list(frame["notebook"]) == ["lesson.ipynb"] * 3
    assert list(frame["tag"]) == ["week 3", "", "week 4"]
    assert frame["cell"].nunique() == 3
    run("%unload_ext glmkit")
    assert where.get() == Where()
