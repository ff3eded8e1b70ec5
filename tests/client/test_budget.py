"""Budgets through the real client: what does not fit is refused before it is sent."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import glmkit
from glmkit.config import endpoints
from glmkit.config.endpoints import Endpoint
from tests.conftest import Paced, wait_for

pytestmark = pytest.mark.filterwarnings("ignore::glmkit.types.errors.BudgetWarning")


@pytest.fixture
def ask(
    paced: Callable[..., Paced], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[glmkit.Client, Paced]]:
    """Return a client of a server that bills, and the server."""

    def make(**options: object) -> tuple[glmkit.Client, Paced]:
        server = paced(**options)
        monkeypatch.setitem(
            endpoints.SERVICES, "bigmodel", Endpoint("bigmodel", server.url, "CNY")
        )
        return glmkit.Client("bigmodel", api_key="id.secret"), server

    return make


def spent() -> str:
    return str(glmkit.balance()["spent"].iloc[0])


def test_budget_refuses_before_anything_is_sent(
    ask: Callable[..., tuple[glmkit.Client, Paced]],
) -> None:
    client, server = ask(tokens=4)
    glmkit.budget("0.001", "CNY")
    with pytest.raises(glmkit.BudgetError, match="does not hold this call"):
        client.chat("Hi", model="glm-4-plus")  # up to 4,095 tokens at 5 a million
    assert server.seen["requests"] == 0
    reply = client.chat("Hi", model="glm-4-plus", max_tokens=50)
    assert spent() == str(reply.cost.amount.normalize()) == "0.000055"
    client.chat("Hi")  # a free model passes any budget
    assert spent() == "0.000055"


def test_model_without_a_price_is_refused_under_a_budget(
    ask: Callable[..., tuple[glmkit.Client, Paced]],
) -> None:
    client, server = ask(tokens=4)
    assert client.chat("Hi", model="mystery").cost is None
    glmkit.budget(1, "CNY")
    with pytest.raises(glmkit.BudgetError, match="mystery may cost on bigmodel"):
        client.chat("Hi", model="mystery")
    with pytest.raises(glmkit.BudgetError, match="is not known"):
        client.chat("Hi", model="glm-4-plus", extra_body={"model": "mystery"})
    assert server.seen["requests"] == 1


def test_refused_request_gives_its_reservation_back(
    ask: Callable[..., tuple[glmkit.Client, Paced]],
) -> None:
    client, _server = ask(status=400, code="1214")
    glmkit.budget(1, "CNY")
    with pytest.raises(glmkit.InvalidRequestError):
        client.chat("Hi", model="glm-4-plus")
    assert spent() == "0"
    assert glmkit.uncertain().empty


def test_stream_that_was_cut_keeps_its_reservation(
    ask: Callable[..., tuple[glmkit.Client, Paced]],
) -> None:
    client, _server = ask(tokens=50, cut=3)
    glmkit.budget(1, "CNY")
    with (
        pytest.raises(glmkit.StreamError),
        client.stream("Hi", model="glm-4-plus", max_tokens=100) as stream,
    ):
        for _event in stream:
            pass
    held = wait_for(lambda: glmkit.uncertain()["reserved"].tolist())
    assert str(held[0]) == spent() != "0"


def test_search_reserves_the_window_and_its_fee(
    ask: Callable[..., tuple[glmkit.Client, Paced]],
) -> None:
    client, server = ask(tokens=4)
    search = {"type": "web_search", "web_search": {"search_engine": "search_pro"}}
    glmkit.budget("0.68", "CNY")
    # 131,072 and 50 tokens at 5 yuan a million, and 0.03 for the search.
    with pytest.raises(glmkit.BudgetError, match=r"(?m)up to ¥0\.68561$"):
        client.chat("Hi", model="glm-4-plus", max_tokens=50, tools=[search])
    assert server.seen["requests"] == 0
    glmkit.budget("0.69", "CNY")
    client.chat("Hi", model="glm-4-plus", max_tokens=50, tools=[search])


def test_url_of_ones_own_is_unpriced(paced: Callable[..., Paced]) -> None:
    server = paced(tokens=4)
    with glmkit.Client(server.url, api_key=server.key) as client:
        reply = client.chat("Hi", model="glm-4-plus")
    assert reply.cost is None
    assert str(reply.list_cost) == "¥0.000055"
    assert glmkit.usage("model")["mark"].tolist() == ["at least"]


@pytest.mark.parametrize("model", ["glm-4-plus", "a-model-without-a-price"])
def test_call_that_may_be_billed_is_listed_and_the_error_says_where(
    ask: Callable[..., tuple[glmkit.Client, Paced]], model: str
) -> None:
    client, _server = ask(cut=0)
    with pytest.raises(glmkit.TransportError) as caught:
        client.chat("Hi", model=model)
    assert "`glmkit.uncertain()` lists it." in caught.value.hint
    assert glmkit.uncertain()["model"].tolist() == [model]


def test_error_after_which_running_again_may_cost_does_not_advise_it(
    ask: Callable[..., tuple[glmkit.Client, Paced]],
) -> None:
    client, _server = ask(storm="1:500")
    with pytest.raises(glmkit.ServerError) as caught:
        client.chat("Hi", model="glm-4-plus")
    assert caught.value.hint.startswith("The service may have done it, and may bill it")
    assert "in a moment" not in caught.value.hint
