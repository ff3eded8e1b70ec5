"""Simulated users who ask a paced server on this machine, all within a second.

The users ask in a process of their own, with a ledger and a state of its own, so that
neither this user's records nor a notebook's cassette hold them. Nothing leaves the
machine.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from glmkit.client.clients import AsyncClient
from glmkit.types.errors import ConfigError, GLMError
from glmkit.types.first_use import prepare
from glmkit.types.translation import _

_MODULES = ("glmkit.notebook.paced_server", "glmkit.notebook.load_test")
#: Seconds after which a load test is ended.
_END_S = 120.0


class SimulatedUser(msgspec.Struct, frozen=True):
    """What one user saw.

    `asked_s` and `answered_s` count from the first user's question; `refusals` is how
    often the server refused with 1302 before it answered, `error` why it never did.
    """

    user: int
    asked_s: float
    answered_s: float
    refusals: int
    error: str = ""


class LoadPlan(msgspec.Struct, frozen=True, kw_only=True):
    """How many users ask, and what holds for them."""

    users: int
    right: int
    in_flight: int
    answer_s: float
    within_s: float


prepare(LoadPlan, list[SimulatedUser])


def load_test(
    users: int = 1000,
    right: int = 50,
    *,
    in_flight: int | None = None,
    answer_s: float = 0.05,
    within_s: float = 1.0,
) -> list[SimulatedUser]:
    """Let simulated users ask a paced server on this machine; return what each saw.

    The server is a small program, not GLM: an answer takes `answer_s` seconds, and
    above `right` requests in flight it refuses with the code 1302. The users come
    evenly over `within_s` seconds and share one client, which keeps `in_flight`
    requests on their way (None: as many as `right`). Raises ConfigError for numbers
    that are not positive, and GLMError where the test does not end.

        glmkit.gallery.load_test(users=1000, right=50)
    """
    load = LoadPlan(
        users=users,
        right=right,
        in_flight=right if in_flight is None else in_flight,
        answer_s=answer_s,
        within_s=within_s,
    )
    for name in ("users", "right", "in_flight", "answer_s"):
        if getattr(load, name) <= 0:
            raise ConfigError(
                _("{name} cannot be {value}", name=name, value=getattr(load, name)),
                hint=_("Pass a number above 0."),
            )
    return msgspec.json.decode(_asked_apart(load), type=list[SimulatedUser])


def _asked_apart(load: LoadPlan) -> bytes:
    """Run the users in a process of their own; return what it prints."""
    with tempfile.TemporaryDirectory() as folder, _served(load) as url:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("GLMKIT_")}
        own = {
            "GLMKIT_ENDPOINT": url,
            "GLMKIT_DATA_DIR": folder,
            "GLMKIT_STATE_DIR": folder,
        }
        try:
            done = subprocess.run(
                [sys.executable, "-m", _MODULES[1]],
                input=msgspec.json.encode(load),
                env={**kept, **own},
                capture_output=True,
                timeout=_END_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise GLMError(
                _("the load test did not end within {seconds:g} s", seconds=_END_S),
                hint=_("Pass fewer users, or a smaller answer_s."),
            ) from None
    if done.returncode:
        words = done.stderr.decode("utf-8", "replace").strip()[-500:]
        raise GLMError(_("the load test failed: {words}", words=words))
    return done.stdout


@contextmanager
def _served(load: LoadPlan) -> Iterator[str]:
    """Start the paced server; yield its URL."""
    numbers = ["--right", str(load.right), "--answer-s", str(load.answer_s)]
    server = subprocess.Popen(
        [sys.executable, "-m", _MODULES[0], *numbers],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        url = server.stdout.readline().strip()
        if not url:
            raise GLMError(_("the paced server did not start"))
        yield url
    finally:
        server.stdin.close()  # it ends then
        server.stdout.close()
        server.wait(10)


async def ask(load: LoadPlan) -> list[SimulatedUser]:
    """Let all users ask, each at its time."""
    async with AsyncClient(in_flight=load.in_flight) as client:
        begun = time.perf_counter()
        work = [_user(client, load, number, begun) for number in range(load.users)]
        return await asyncio.gather(*work)


async def _user(
    client: AsyncClient, load: LoadPlan, number: int, begun: float
) -> SimulatedUser:
    await asyncio.sleep(number / load.users * load.within_s)
    asked_s, refusals, error = time.perf_counter() - begun, 0, ""
    try:
        reply = await client.chat(f"I am user {number}.", model="paced")
        refusals = sum(call.retries for call in reply.calls)
    except GLMError as exc:
        error = str(exc)
    answered_s = time.perf_counter() - begun
    return SimulatedUser(number, asked_s, answered_s, refusals, error)


if __name__ == "__main__":
    wanted = msgspec.json.decode(sys.stdin.buffer.read(), type=LoadPlan)
    sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(ask(wanted))))
