"""Numbers of other libraries, and those that floats only nearly are."""

import json
import time
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from glmkit.types.errors import ConfigError
from glmkit.types.messages import canonical_key
from glmkit.types.requests import request_of
from glmkit.wire import chat_body


def sent(**options: Any) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(
        chat_body(request_of("Hi", options), "m", stream=False)
    )
    return body


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (np.float64(0.7), 0.7),
        (np.float32(0.7), 0.7),
        (np.array(0.7), 0.7),
        (Decimal("0.7"), 0.7),
        (Fraction(7, 10), 0.7),
        (0.1 + 0.2, 0.3),
        (1, 1),
        (0, 0),
        (0.125, 0.125),
    ],
)
def test_number_of_any_library_leaves_as_it_is_meant(value: Any, number: float) -> None:
    assert sent(temperature=value, top_p=value) == sent(
        temperature=number, top_p=number
    )
    assert sent(temperature=value)["temperature"] == number


def test_whole_numbers_and_switches_of_numpy_are_taken() -> None:
    body = sent(max_tokens=np.int64(5), seed=np.uint8(7), do_sample=np.bool_(False))
    assert (body["max_tokens"], body["seed"], body["do_sample"]) == (5, 7, False)


@pytest.mark.parametrize("value", [np.float64("nan"), np.float64("inf"), "hot", True])
def test_what_is_not_a_number_is_refused(value: Any) -> None:
    with pytest.raises(ConfigError):
        sent(temperature=value)


def test_texts_and_fields_of_numpy_are_taken() -> None:
    body = sent(
        stop=np.array(["a", "b"]),
        extra_body={"top_k": np.int64(3), "bias": np.array([0.5, 1.0])},
    )
    assert (body["stop"], body["top_k"], body["bias"]) == (["a", "b"], 3, [0.5, 1.0])
    for prompt in (np.str_("Hi"), [{"role": "user", "content": np.str_("Hi")}]):
        request = request_of(prompt, {})
        assert json.loads(chat_body(request, "m", stream=True))["messages"] == [
            {"role": "user", "content": "Hi"}
        ]
        assert len(canonical_key(request)) == 64


@pytest.mark.parametrize("name", ["extra_body", "meta", "extra"])
def test_what_json_does_not_have_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=name):
        request_of("Hi", {name: {"a": object()}})


def test_ids_may_be_counters_and_times() -> None:
    now = time.time()
    assert sent(request_id=now)["request_id"] == str(now)
    assert sent(request_id=np.int64(7), user_id=1234567)["user_id"] == "1234567"
