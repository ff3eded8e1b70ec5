"""Replies that are not a chat: nulls, envelopes, errors with status 200."""

from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies as st

import glmkit
from glmkit.client.resources.embeddings import Ranking
from glmkit.client.resources.types import Billed, Envelope, Page
from glmkit.types.events import Start, Usage
from glmkit.wire import StreamReader, read_body
from glmkit.wire.deltas import DeltaStream
from glmkit.wire.records import read_record

DEEP = b"[" * 900 + b"]" * 900


def encoded(value: Any) -> bytes:
    return msgspec.json.encode(value)


def test_nulls_and_unknown_fields_are_passed_over() -> None:
    body = {"id": "r1", "results": None, "new": {"a": 1}, "model": None, "error": None}
    record, events = read_record(encoded(body), Ranking)
    assert (record.id, record.model, record.results) == ("r1", "", ())
    assert events == [Start(id="r1")]


def test_cost_is_never_taken_from_the_service() -> None:
    body = {"id": "r1", "cost": "0", "list_cost": 3, "usage": {"prompt_tokens": 3}}
    record, events = read_record(encoded(body), Billed)
    assert (record.cost, record.list_cost, record.usage) == (None, None, None)
    assert events[1] == Usage(3, 0, 3)


@pytest.mark.parametrize(
    ("body", "error", "code"),
    [
        ({"code": 400, "message": "no"}, glmkit.InvalidRequestError, "400"),
        ({"code": 401, "message": "no"}, glmkit.AuthError, "401"),
        ({"code": 500, "message": "no"}, glmkit.ServerError, "500"),
        ({"code": 1113, "message": "no"}, glmkit.QuotaError, "1113"),
        ({"code": 1000, "msg": "no", "success": False}, glmkit.AuthError, "1000"),
        (
            {"error": {"code": "1301", "message": "no"}},
            glmkit.ContentFilterError,
            "1301",
        ),
        ({"error": "no"}, glmkit.InvalidRequestError, ""),
        ({"success": False, "msg": "no"}, glmkit.InvalidRequestError, ""),
    ],
)
def test_errors_with_status_200_are_found(
    body: Any, error: type[glmkit.APIError], code: str
) -> None:
    with pytest.raises(error, match="no") as caught:
        read_record(encoded(body), dict)
    assert (caught.value.status, caught.value.code) == (200, code)


@pytest.mark.parametrize(
    "body",
    [
        {"code": 200, "data": {}},
        {"code": "200", "data": {}, "success": True},
        {"code": 0, "data": {}},
        {"error": None, "data": {}},
        {"error": {"code": None, "message": ""}, "data": {}},
    ],
)
def test_envelopes_of_success_are_none(body: Any) -> None:
    assert read_record(encoded(body), Envelope[dict[str, Any]])[0].data == {}


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[1", b"[" * 100_000, DEEP, b'{"data": 3}', b"3"]
)
def test_what_is_no_reply_is_a_typed_error(body: bytes) -> None:
    with pytest.raises(glmkit.TransportError):
        read_record(body, Page[Ranking])


FIELDS = (
    *("choices", "delta", "message", "messages", "content", "finish_reason", "status"),
    *("usage", "prompt_tokens", "prompt_tokens_details", "results", "type"),
    *("error", "last_error", "code"),
)
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(FIELDS),
            inner,
        )
    ),
)


@given(ODD)
def test_no_json_ends_in_a_foreign_error(value: Any) -> None:
    with suppress(glmkit.GLMError):
        read_record(encoded(value), Ranking)
    for reader in (DeltaStream(), StreamReader()):
        reader.read(b"data: " + encoded(value) + b"\n\n")
    with suppress(glmkit.GLMError):
        read_body(encoded(value))
