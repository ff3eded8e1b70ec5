"""`%%glm` in real kernels, ipykernel 6 and 7: interrupts, outputs, nested loops."""

import json
import os
import queue
import random
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from glmkit.ledger.default import ledger
from tests.conftest import LIMIT_S, Paced

Factory = Callable[..., Paced]
OLD = Path(sys.prefix) / "ipykernel6"


class Kernel:
    """A kernel and what its cells give back."""

    def __init__(self, manager: KernelManager, client: BlockingKernelClient) -> None:
        self.manager = manager
        self.client = client

    def start(self, code: str) -> str:
        return str(self.client.execute(code))

    def finish(self, cell: str, limit_s: float = LIMIT_S) -> list[dict[str, Any]]:
        """Return the messages of a cell, until the kernel is idle again."""
        messages = []
        end = time.monotonic() + limit_s
        while True:
            message = self.client.get_iopub_msg(
                timeout=max(0.1, end - time.monotonic())
            )
            if message["parent_header"].get("msg_id") != cell:
                continue
            messages.append(message)
            if message["content"].get("execution_state") == "idle":
                return messages

    def run(self, code: str) -> list[dict[str, Any]]:
        return self.finish(self.start(code))

    def value(self, expression: str) -> str:
        """Return the printed value of an expression; fail on an error."""
        messages = self.run(f"print({expression})")
        assert not errors(messages), errors(messages)
        return "".join(
            m["content"]["text"] for m in messages if m["msg_type"] == "stream"
        ).strip()


def errors(messages: list[dict[str, Any]]) -> list[str]:
    return [
        "\n".join(m["content"]["traceback"])
        for m in messages
        if m["msg_type"] == "error"
    ]


@pytest.fixture(params=["7", "6"])
def kernel(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Kernel]:
    if request.param == "6":
        if not OLD.is_dir():
            pytest.fail("ipykernel 6 is not there: `make test` gets it")
        monkeypatch.setenv("PYTHONPATH", f"{OLD}{os.pathsep}{os.environ['PYTHONPATH']}")
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(cwd=str(tmp_path))
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=LIMIT_S)
    made = Kernel(manager, client)
    assert (
        made.value("__import__('ipykernel').__version__.split('.')[0]") == request.param
    )
    made.run("%load_ext glmkit")
    yield made
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def states() -> list[str]:
    with sqlite3.connect(ledger().path) as db:
        found = [
            state for (state,) in db.execute("SELECT state FROM calls ORDER BY id")
        ]
    db.close()
    return found


def use(kernel: Kernel, place: Paced) -> None:
    kernel.run(f"%glm config endpoint {place.url}")


def test_answer_is_one_static_output_and_the_value(
    kernel: Kernel, paced: Factory
) -> None:
    use(kernel, paced(tokens=30))
    messages = kernel.run("%%glm -o answer\nHi")
    assert not errors(messages)
    shown = [m for m in messages if m["msg_type"] == "display_data"]
    assert len(shown) == 1
    assert "text/html" in shown[-1]["content"]["data"]
    assert "7 tokens in, 30 out" in shown[-1]["content"]["data"]["text/plain"]
    assert not [m for m in messages if m["msg_type"] == "execute_result"]
    assert kernel.value("_ is answer and answer.complete") == "True"
    again = kernel.run("answer")
    assert "7 tokens in" in str([m["content"].get("data") for m in again])


def test_interrupt_gives_the_prompt_back_and_keeps_what_came(
    kernel: Kernel, paced: Factory
) -> None:
    place = paced(tokens=10_000, rate=100)
    use(kernel, place)
    cell = kernel.start("%%glm -o answer\nHi")
    place.until(lambda seen: seen["sent"] > 10)
    kernel.manager.interrupt_kernel()
    messages = kernel.finish(cell)
    (error,) = errors(messages)
    assert error.startswith("Interrupted:")
    assert "\n" not in error
    place.until(lambda seen: seen["active"] == 0)
    assert kernel.value("len(answer.text) > 10 and not answer.complete") == "True"
    assert kernel.value("answer.calls[0].state") == "interrupted"
    assert states() == ["interrupted"]
    shown = [m for m in messages if m["msg_type"] == "display_data"]
    assert "nterrupted" in shown[-1]["content"]["data"]["text/plain"]
    use(kernel, paced(tokens=3))
    assert not errors(kernel.run("%%glm\nHi"))


def test_interrupt_stops_the_cells_that_wait(kernel: Kernel, paced: Factory) -> None:
    place = paced(tokens=10_000, rate=100)
    use(kernel, place)
    first = kernel.start("%%glm\nHi")
    second = kernel.client.execute("after = 1")
    place.until(lambda seen: seen["sent"] > 3)
    kernel.manager.interrupt_kernel()
    kernel.finish(first)
    reply = replied(kernel, second)
    assert reply["content"]["status"] == "aborted"


def replied(kernel: Kernel, cell: str) -> dict[str, Any]:
    while True:
        try:
            reply: dict[str, Any] = kernel.client.get_shell_msg(timeout=LIMIT_S)
        except queue.Empty:
            pytest.fail("the kernel did not answer")
        if reply["parent_header"]["msg_id"] == cell:
            return reply


def test_error_is_two_lines(kernel: Kernel, paced: Factory) -> None:
    use(kernel, paced(status=400, code="1211"))
    (error,) = errors(kernel.run("%%glm\nHi"))
    assert len(error.splitlines()) == 2
    assert error.splitlines()[1].startswith("→ ")


def test_nested_loops_work_once_switched_on_and_so_does_the_rest(
    kernel: Kernel, paced: Factory
) -> None:
    place = paced(tokens=3)
    use(kernel, place)
    made = f"import asyncio, glmkit; aclient = glmkit.AsyncClient({place.url!r})"
    assert not errors(kernel.run(made))
    (before,) = errors(kernel.run("asyncio.run(aclient.chat('Hi'))"))
    assert "running event loop" in before
    assert not errors(kernel.run("%glm config nest_asyncio on"))
    for _ in range(2):
        assert kernel.value("asyncio.run(aclient.chat('Hi')).complete") == "True"
    assert not errors(kernel.run("await aclient.chat('Hi')"))
    assert not errors(kernel.run("%%glm -o answer\nHi"))
    assert kernel.value("answer.complete") == "True"
    slow = paced(tokens=10_000, rate=100)
    use(kernel, slow)
    cell = kernel.start("%%glm\nHi")
    slow.until(lambda seen: seen["sent"] > 3)
    kernel.manager.interrupt_kernel()
    (error,) = errors(kernel.finish(cell))
    assert error.startswith("Interrupted:")
    assert states()[-1] == "interrupted"


def test_await_in_a_cell_streams_on_the_kernels_own_loop(
    kernel: Kernel, paced: Factory
) -> None:
    place = paced(tokens=20)
    code = f"""
import glmkit
async with glmkit.AsyncClient({place.url!r}) as aclient:
    async with aclient.stream("Hi") as stream:
        kinds = [type(event).__name__ async for event in stream]
"""
    assert not errors(kernel.run(code))
    assert kernel.value("kinds[-1]") == "Finish"


def test_kernel_that_is_shut_down_settles_its_call(
    kernel: Kernel, paced: Factory
) -> None:
    place = paced(tokens=10_000, rate=100)
    code = f"""
import glmkit
stream = glmkit.Client({place.url!r}).stream("Hi").__enter__()
next(iter(stream))
"""
    assert not errors(kernel.run(code))
    kernel.manager.shutdown_kernel()
    place.until(lambda seen: seen["active"] == 0)
    assert states() == ["interrupted"]


def test_code_answer_is_offered_as_the_next_cell(
    kernel: Kernel, paced: Factory
) -> None:
    said = json.dumps([{"content": "```python\nx = 1\n```"}])
    use(kernel, paced(replies=said))
    cell = kernel.start("%%glm -f code\nSet x")
    messages = kernel.finish(cell)
    (payload,) = replied(kernel, cell)["content"]["payload"]
    assert (payload["source"], payload["text"]) == ("set_next_input", "x = 1")
    assert payload["replace"] is False
    shown = [m for m in messages if m["msg_type"] == "display_data"]
    assert "x = 1" in shown[-1]["content"]["data"]["text/html"]


def test_key_is_asked_for_without_being_shown(kernel: Kernel) -> None:
    cell = kernel.client.execute("%glm key zai", allow_stdin=True)
    asked = kernel.client.get_stdin_msg(timeout=LIMIT_S)
    assert asked["content"]["password"] is True
    kernel.client.input("0123456789abcdef.secretsecret1234")
    messages = kernel.finish(cell)
    assert not errors(messages)
    assert "secretsecret" not in str(messages)
    kernel.run("from glmkit.client import default")
    assert kernel.value("default.client().access.key") == "****1234"


def test_key_that_nobody_can_be_asked_for_is_two_lines(kernel: Kernel) -> None:
    cell = kernel.client.execute("%glm key zai", allow_stdin=False)
    (said,) = errors(kernel.finish(cell))
    first, second = said.splitlines()
    assert first.startswith("ConfigError: nobody can be asked")
    assert "ZHIPUAI_API_KEY" in second


def test_interrupted_chat_goes_on(kernel: Kernel, paced: Factory) -> None:
    slow, quick = paced(tokens=10_000, rate=100), paced(tokens=3)
    use(kernel, slow)
    cell = kernel.start("%%glm --chat sky\nHi")
    slow.until(lambda seen: seen["sent"] > 10)
    kernel.manager.interrupt_kernel()
    kernel.finish(cell)
    use(kernel, quick)
    assert not errors(kernel.run("%%glm --chat sky\nAgain"))
    sent = quick.seen["bodies"][-1]["messages"]
    assert [m["role"] for m in sent] == ["user", "assistant", "user"]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_hundred_interrupts_at_random_moments(kernel: Kernel, paced: Factory) -> None:
    """A hundred in each kernel; `tests.bench.interrupts` tells how long they take."""
    use(kernel, paced(tokens=3))
    kernel.run("%%glm\nHi")
    place = paced(tokens=150, rate=150, first_s=0.1)
    use(kernel, place)
    chance = random.Random(7)
    for number in range(100):
        before = len(states())
        cell = kernel.start(f"%%glm --chat c{number // 5} -o answer\nHi {number}")
        until_begun(kernel, cell)
        time.sleep(chance.uniform(0, 1.2))
        kernel.manager.interrupt_kernel()
        messages = kernel.finish(cell)
        place.until(lambda seen: seen["active"] == 0)
        added = states()[before:]
        assert len(added) <= 1
        assert set(added) <= {"interrupted", "done"}
        assert all("nterrupt" in error for error in errors(messages))
    use(kernel, paced(tokens=3))
    for number in range(20):
        assert not errors(kernel.run(f"%%glm --chat c{number}\nAgain"))


def until_begun(kernel: Kernel, cell: str) -> None:
    """Wait until the kernel has taken the cell up."""
    while True:
        message = kernel.client.get_iopub_msg(timeout=LIMIT_S)
        mine = message["parent_header"].get("msg_id") == cell
        if mine and message["msg_type"] == "execute_input":
            return
