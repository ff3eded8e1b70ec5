"""Replies that are no chat: nulls, envelopes, errors in disguise; forms and paths."""

import email.parser
import email.policy
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies as st

import glmkit
from glmkit.client.resources.embeddings import Ranking
from glmkit.client.resources.types import Billed, Envelope, Page
from glmkit.types.events import Finish, Start, Text, Usage
from glmkit.wire.forms import Upload, form_body, path_of
from glmkit.wire.records import read_delta, read_record, usage_of
from glmkit.wire.sse import ServerEvent

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
    for read in (
        lambda body: read_record(body, Ranking),
        lambda body: read_delta(ServerEvent(body)),
    ):
        with suppress(glmkit.GLMError):
            read(encoded(value))


def test_usage_is_read_as_far_as_it_goes() -> None:
    assert usage_of({"total_tokens": 9, "completion_tokens": 2}) == Usage(7, 2, 9)
    assert usage_of({"moderation_text": {"call_count": 1}}) is None
    cached = {"prompt_tokens": 5, "prompt_tokens_details": {"cached_tokens": 3}}
    assert usage_of(cached) == Usage(5, 0, 5, 3)


@pytest.mark.parametrize(
    ("event", "events"),
    [
        ({"type": "transcript.text.delta", "delta": "a"}, [Text("a")]),
        ({"type": "transcript.text.done", "delta": ""}, [Finish("stop")]),
        ({"choices": [{"delta": {"content": "a"}}]}, [Text("a")]),
        (
            {"choices": [{"messages": [{"content": {"type": "text", "text": "a"}}]}]},
            [Text("a")],
        ),
        (
            {"choices": [{"message": {"content": [{"text": "a"}, {"image": 1}]}}]},
            [Text("a")],
        ),
        ({"choices": [{"delta": {"tool_calls": [{}]}}]}, []),
        ({"choices": [{"delta": {}, "finish_reason": "stop"}]}, [Finish("stop")]),
        ({"usage": {"total_tokens": 3}, "choices": []}, [Usage(3, 0, 3)]),
    ],
)
def test_events_of_other_streams_are_read(event: Any, events: list[Any]) -> None:
    assert read_delta(ServerEvent(encoded(event)))[1:] == events


@pytest.mark.parametrize("data", [b"nope", b"[]", b"3"])
def test_event_that_is_none_breaks_the_stream(data: bytes) -> None:
    with pytest.raises(glmkit.StreamError):
        read_delta(ServerEvent(data))


@given(
    st.dictionaries(st.text("abc_", min_size=1), st.text() | st.booleans(), max_size=4),
    st.binary(max_size=200),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20),
)
def test_form_is_read_by_another_reader(
    fields: dict[str, Any], data: bytes, name: str
) -> None:
    body = form_body(fields, [("file", Upload("x.bin", data))])
    head = f"content-type: {body.content_type}\r\n\r\n".encode()
    form = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(
        head + body.content
    )
    parts = {
        part.get_param("name", header="content-disposition"): part.get_payload(
            decode=True
        )
        for part in form.iter_parts()
    }
    expected = {
        key: (str(value).lower() if isinstance(value, bool) else value).encode()
        for key, value in fields.items()
    }
    assert parts == expected | {"file": data}
    assert name.replace('"', "%22").encode() in (
        form_body({}, [("file", Upload(name, b""))]).content
    )


def test_name_of_a_file_can_not_write_a_header() -> None:
    body = form_body({}, [("file", Upload('a"\r\nx-evil: 1\r\n\r\n', b""))])
    assert b"\r\nx-evil" not in body.content
    assert b"a%22%0D%0Ax-evil" in body.content


@given(st.text(min_size=1))
def test_id_never_leaves_its_step_of_the_path(step: str) -> None:
    try:
        path = path_of("/files", step, "content")
    except (glmkit.ConfigError, UnicodeEncodeError):
        return
    assert path.startswith("/files/")
    assert path.endswith("/content")
    assert path.count("/") == 3
    assert "?" not in path
