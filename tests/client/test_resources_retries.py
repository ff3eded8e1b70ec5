"""Calls that cost nothing: what is sent again and what never, the server counts."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import glmkit
from glmkit.transport import retries
from tests.client.test_clients import client_of
from tests.conftest import Paced

Factory = Callable[..., Paced]
Verb = Callable[[glmkit.Client], Any]


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(retries, "FIRST_S", 0.002)
    monkeypatch.setattr(retries, "LONGEST_S", 0.02)
    retries._budgets.clear()
    yield
    retries._budgets.clear()


def models(client: glmkit.Client) -> Any:
    return client.models()


def asked(place: Paced) -> list[str]:
    return [one["method"] for one in place.seen["asked"]]


FAULTS = {"503": "503:500:2", "500 in words": "500:1234:2", "hang up": "0::2"}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_get_goes_again_after_what_may_pass(resources: Factory, fault: str) -> None:
    place = resources(status=fault)
    assert [one.id for one in client_of(place).models()] == ["glm-4.5", "glm-4.6"]
    assert asked(place) == ["GET"] * 3


def test_delete_goes_again_too(resources: Factory) -> None:
    place = resources(status="503:500:1")
    assert client_of(place).files.delete("file-1").id == "file-1"
    assert asked(place) == ["DELETE"] * 2


@pytest.mark.parametrize("fault", ["503:500:2", "429::2", "500:1234:2"])
def test_post_goes_again_after_a_refusal(resources: Factory, fault: str) -> None:
    place = resources(status=fault)
    assert client_of(place).count_tokens("Hi").total_tokens
    assert asked(place) == ["POST"] * 3


@pytest.mark.parametrize("fault", ["504::2", "500::2", "0::2"])
def test_post_that_may_have_been_done_does_not(resources: Factory, fault: str) -> None:
    place = resources(status=fault)
    with pytest.raises((glmkit.APIError, glmkit.TransportError)):
        client_of(place).count_tokens("Hi")
    assert asked(place) == ["POST"]


@pytest.mark.parametrize("code", ["1113", "1210", "1000", "1301"])
def test_stop_codes_are_final(resources: Factory, code: str) -> None:
    place = resources(status=f"400:{code}")
    with pytest.raises(glmkit.APIError):
        client_of(place).models()
    assert asked(place) == ["GET"]


def test_outage_is_kept_to_the_budget(resources: Factory) -> None:
    """Without a budget each of the calls would be sent five times."""
    place = resources(status="503:500")
    client = client_of(place)

    def sent(calls: int) -> int:
        before = len(asked(place))
        for _ in range(calls):
            with pytest.raises(glmkit.ServerError):
                client.models()
        return len(asked(place)) - before

    assert sent(50) <= 50 * 1.1 + 10
    retries._budgets[client._service.owner] = retries.RetryBudget(start=10**6)
    assert sent(10) == 50  # the control arm


def test_async_face_goes_again_too(resources: Factory) -> None:
    place = resources(status="503:500:1")

    async def main() -> int:
        async with glmkit.AsyncClient(place.url, place.key) as client:
            return len(await client.models())

    assert asyncio.run(main()) == 2
    assert asked(place) == ["GET"] * 2
