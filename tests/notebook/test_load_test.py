"""A load test: simulated users, a paced server, and nothing left behind."""

from pathlib import Path

import pytest

from glmkit import gallery, usage
from glmkit.types.errors import ConfigError


def test_a_client_that_keeps_the_right_is_never_refused() -> None:
    seen = gallery.load_test(users=30, right=5, answer_s=0.01, within_s=0.1)
    assert [one.user for one in seen] == list(range(30))
    assert not any(one.error or one.refusals for one in seen)
    assert all(one.answered_s >= one.asked_s + 0.01 for one in seen)


def test_a_client_that_sends_more_than_the_right_is_refused_and_answered() -> None:
    seen = gallery.load_test(
        users=30, right=2, in_flight=30, answer_s=0.02, within_s=0.01
    )
    assert sum(one.refusals for one in seen) > 0
    assert not any(one.error for one in seen)


def test_a_load_test_leaves_neither_calls_nor_recordings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cassette = tmp_path / "own.glm.jsonl"
    monkeypatch.setenv("GLMKIT_REPLAY", "record")
    monkeypatch.setenv("GLMKIT_CASSETTE", str(cassette))
    gallery.load_test(users=3, right=3, answer_s=0.01, within_s=0.01)
    assert usage().empty
    assert not cassette.exists()


@pytest.mark.parametrize("name", ["users", "right", "in_flight", "answer_s"])
def test_numbers_that_are_not_positive_are_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=f"{name} cannot be 0"):
        gallery.load_test(**{"users": 1, "right": 1, name: 0})
