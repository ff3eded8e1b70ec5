"""Where calls go: gateways that serve GLM, and URLs that lead nowhere."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

import glmkit
from glmkit.ledger.default import ledger
from glmkit.render.answer.badge import badge_of
from glmkit.types.money import Money
from tests.conftest import Paced

Factory = Callable[..., Paced]


def gateway(place: Paced, **options: Any) -> glmkit.Client:
    return glmkit.Client(place.url, place.key, serves="bigmodel", **options)


def rows(columns: str) -> list[Any]:
    with sqlite3.connect(ledger().path) as db:
        found = db.execute(f"SELECT {columns} FROM calls ORDER BY id").fetchall()
    db.close()
    return found


def test_gateway_that_serves_glm_costs_the_list_price_and_says_so(
    paced: Factory,
) -> None:
    reply = gateway(paced(tokens=20)).chat("Hi", model="glm-4-plus")
    assert reply.cost == reply.list_cost == Money.of("0.000135", "CNY")
    assert reply.cost_basis == "list"
    assert rows("cost_currency, cost_basis") == [("CNY", "list")]
    assert glmkit.usage()["cost_basis"].tolist() == ["list"]
    assert glmkit.verify().ok


def test_badge_of_a_gateways_answer_says_at_list_price(paced: Factory) -> None:
    reply = gateway(paced(tokens=20)).chat("Hi", model="glm-4-plus")
    assert "¥0.000135 at list price ·" in badge_of(reply).line()
    assert "(list" not in badge_of(reply).line()


def test_service_itself_is_owed_what_it_costs(paced: Factory) -> None:
    reply = glmkit.Client(paced(tokens=2).url, "a.b").chat("Hi")
    assert (reply.cost, reply.cost_basis) == (None, "owed")


def test_budget_holds_at_a_gateway(paced: Factory) -> None:
    place = paced(tokens=4)
    glmkit.budget("0.001", "CNY")
    with pytest.raises(glmkit.BudgetError, match="does not hold this call"):
        gateway(place).chat("Hi", model="glm-4-plus")
    assert place.seen["requests"] == 0
    gateway(place).chat("Hi", model="glm-4-plus", max_tokens=50)
    assert str(glmkit.balance()["spent"].iloc[0]) == "0.000055"


def test_price_of_the_users_own_file_is_owed_at_a_gateway(
    paced: Factory, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tier = {"input": "1", "output": "1"}
    prices = [{"currency": "USD", "unit": "1M tokens", "tiers": [tier]}]
    file = tmp_path / "models.json"
    file.write_text(json.dumps([{"id": "glm-4-plus", "prices": prices}]))
    monkeypatch.setenv("GLMKIT_MODELS_FILE", str(file))
    reply = gateway(paced(tokens=20)).chat("Hi", model="glm-4-plus")
    assert (str(reply.cost), reply.cost_basis) == ("$0.000027", "owed")


def test_gateway_takes_glms_dialect_and_its_cards(paced: Factory) -> None:
    place = paced(tokens=1)
    with pytest.raises(glmkit.ConfigError, match="effort 'medium'"):
        gateway(place).chat("Hi", model="glm-5.3", thinking="medium")
    gateway(place).chat("Hi", model="glm-4.6", thinking=False)
    assert place.seen["bodies"][0]["thinking"] == {"type": "disabled"}
    service = gateway(place).service
    assert service.right("glm-4-plus") == (50, True)
    assert not service.constrained


class _Nowhere(BaseHTTPRequestHandler):
    """Answers every request alike: with a status, a type and a body."""

    answer = (404, "application/json", b'{"detail":"Not Found"}')

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        status, kind, body = self.answer
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.mark.parametrize(
    ("path", "answer", "hint"),
    [
        ("", (404, "application/json", b'{"detail":"Not Found"}'), "/v1'"),
        ("", (405, "text/html", b"<h1>405</h1>"), "/v1'"),
        ("", (200, "text/html", b"<!doctype html><title>Admin</title>"), "/v1'"),
        ("/v2", (404, "text/plain", b"404 page not found"), "check the endpoint's URL"),
        (
            "/v1",
            (404, "application/json", b'{"error":{"message":"model x not found"}}'),
            "client.models()",
        ),
    ],
)
def test_url_that_leads_nowhere_names_what_was_asked_and_the_likely_one(
    path: str, answer: tuple[int, str, bytes], hint: str
) -> None:
    handler = type("Handler", (_Nowhere,), {"answer": answer})
    server = HTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}{path}"
    client = glmkit.Client(base, "a.b")
    for ask in (client.chat, client.embeddings):
        with pytest.raises(glmkit.GLMError) as caught:
            ask("Hi")
        assert hint in caught.value.hint
        if "client.models" not in hint:
            assert caught.value.hint.startswith(f"{base}/")
    server.shutdown()
    server.server_close()
