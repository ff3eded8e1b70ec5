"""Errors of other servers than GLM: by name, by status, by what they say."""

import pytest

from glmkit.types.errors import (
    APIError,
    AuthError,
    ContentFilterError,
    ContextLengthError,
    InvalidRequestError,
    QuotaError,
    RateLimitError,
    ServerError,
)
from glmkit.wire.error_codes import api_error, rule_for


@pytest.mark.parametrize(
    ("name", "error", "action"),
    [
        ("server_error", ServerError, "stop"),
        ("internal_server_error", ServerError, "stop"),
        ("InternalServerError", ServerError, "stop"),
        ("api_error", ServerError, "stop"),
        ("timeout_error", ServerError, "stop"),
        ("upstream_error", ServerError, "stop"),
        ("bad_gateway", ServerError, "stop"),
        ("overloaded_error", ServerError, "wait"),
        ("engine_overloaded_error", ServerError, "wait"),
        ("service_unavailable", ServerError, "wait"),
        ("rate_limit_exceeded", RateLimitError, "wait"),
        ("RateLimitError", RateLimitError, "wait"),
        ("RESOURCE_EXHAUSTED", RateLimitError, "wait"),
        ("insufficient_quota", QuotaError, "stop"),
        ("exceeded_current_quota_error", QuotaError, "stop"),
        ("budget_exceeded", QuotaError, "stop"),
        ("Arrearage", QuotaError, "stop"),
        ("invalid_api_key", AuthError, "stop"),
        ("AuthenticationError", AuthError, "stop"),
        ("permission_denied", AuthError, "stop"),
        ("context_length_exceeded", ContextLengthError, "stop"),
        ("exceed_context_size_error", ContextLengthError, "stop"),
        ("content_filter", ContentFilterError, "stop"),
        ("data_inspection_failed", ContentFilterError, "stop"),
        ("model_not_found", InvalidRequestError, "stop"),
        ("invalid_request_error", InvalidRequestError, "stop"),
        ("BadRequestError", InvalidRequestError, "stop"),
    ],
)  # fmt: skip
def test_name_of_an_error_has_its_class(
    name: str, error: type[APIError], action: str
) -> None:
    for rule in (rule_for(200, name), rule_for(200, "", name)):
        assert (rule.error, rule.action) == (error, action)


@pytest.mark.parametrize(
    ("status", "code", "kind", "error"),
    [
        (401, "", "invalid_request_error", AuthError),
        (429, "", "invalid_request_error", RateLimitError),
        (429, "insufficient_quota", "insufficient_quota", QuotaError),
        (400, "context_length_exceeded", "invalid_request_error", ContextLengthError),
        (402, "", "", QuotaError),
        (503, "", "server_error", ServerError),
        (429, "1113", "rate_limit_error", QuotaError),
        (400, "", "1113", QuotaError),
        (400, "1210", "", InvalidRequestError),
    ],
)  # fmt: skip
def test_what_is_known_best_decides(
    status: int, code: str, kind: str, error: type[APIError]
) -> None:
    assert rule_for(status, code, kind).error is error


@pytest.mark.parametrize(
    "message",
    [
        "tokens in request more than max tokens allowed",
        "This model's maximum context length is 8192 tokens. You requested 9000",
        "The decoder prompt (9000) is longer than the maximum model length of 8192.",
        "The input (9000 tokens) is longer than the model's context length (8192).",
        "the request exceeds the available context size, try increasing it",
        "prompt is too long: 210000 tokens > 200000 maximum",
        "Input is too long for requested model.",
        "The input token count (1200000) exceeds the maximum number of tokens allowed",
        "Requested tokens (5000) exceed context window of 4096",
        "Please reduce the length of the messages or completion.",
        "Prompt exceeds max length",
        "`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs`",
        "`inputs` must have less than 1024 tokens. Given: 1513",
        "Input length 130001 exceeds the maximum length 128000",
        "prompt length 5000 exceeds max_model_len 4096",
        "This model supports at most 4096 tokens, but the request has 5000",
        "input tokens exceed the configured limit of 272000 tokens",
        "输入内容过长",
    ],
)  # fmt: skip
def test_prompt_that_does_not_fit_is_known_by_any_wording(message: str) -> None:
    for status, code in ((400, ""), (400, "1210"), (422, ""), (500, ""), (200, "400")):
        assert isinstance(api_error(status, code, message), ContextLengthError)


@pytest.mark.parametrize(
    "message",
    [
        "You exceeded your current quota, please check your plan and billing details.",
        "insufficient balance",
        "账户已欠费，请充值",
    ],
)
def test_quota_that_is_spent_is_known_by_its_words(message: str) -> None:
    error = api_error(429, "", message)
    assert type(error) is QuotaError
    assert error.action == "stop"
    assert type(api_error(429, "1302", message)) is RateLimitError


@pytest.mark.parametrize(
    "message",
    [
        "max_tokens参数非法：限制数值范围[1,4095]",
        "temperature参数非法",
        "stop sequence is too long",
        "user_id must be 6 to 128 characters long",
    ],
)
def test_other_limits_are_not_those_of_the_window(message: str) -> None:
    assert type(api_error(400, "1210", message)) is InvalidRequestError


def test_hint_of_an_answer_that_does_not_fit_names_max_tokens() -> None:
    error = api_error(
        400,
        "",
        "'max_tokens' is too large: 9000. This model's maximum context length is 8192",
    )
    assert "max_tokens" in error.hint
    assert type(api_error(429, "1302", "maximum context length")) is RateLimitError
