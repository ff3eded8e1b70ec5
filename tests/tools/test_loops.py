"""The loops as pure generators: bounded, and the history always valid."""

from typing import Any

import pytest
from hypothesis import given, strategies as st

from glmkit.tools.loops import SendRequest, ToolTurn, Use, closed, functions, repairs
from glmkit.tools.schema import form_of
from glmkit.types.errors import SchemaError, ToolError
from glmkit.types.events import Repair, ToolCall, ToolResult
from glmkit.types.messages import Message, Request
from glmkit.types.replies import Answer
from glmkit.types.requests import request_of

REQUEST = request_of("Hi", {"system": "S"})


def call(place: int, call_id: str = "", kind: str = "function") -> ToolCall:
    return ToolCall(place, call_id, "look", "{}", kind)


def said(text: str = "", *calls: ToolCall, finish: str = "") -> Answer:
    reason = finish or ("tool_calls" if calls else "stop")
    return Answer(text=text, tool_calls=calls, finish_reason=reason)


def test_answer_that_fits_ends_the_repairs() -> None:
    steps = repairs(REQUEST, form_of(int))
    assert next(steps) == SendRequest(REQUEST)
    with pytest.raises(StopIteration) as stop:
        steps.send(said('{"value": 3}'))
    assert stop.value.value == 3


def test_repair_shows_the_bad_answer_and_the_reason_once() -> None:
    steps = repairs(REQUEST, form_of(int))
    next(steps)
    for bad in ("one", '{"value": "two"}'):
        repair = steps.send(said(bad))
        assert isinstance(repair, Repair)
        asked = next(steps)
        assert isinstance(asked, SendRequest)
        *before, shown, complaint = asked.request.messages
        assert tuple(before) == REQUEST.messages
        assert shown == Message("assistant", bad)
        assert repair.reason in str(complaint.content)
    with pytest.raises(SchemaError):
        steps.send(said("three"))


@pytest.mark.parametrize("finish", ["length", "sensitive", "network_error"])
def test_cut_answer_is_not_repaired(finish: str) -> None:
    steps = repairs(REQUEST, form_of(int))
    next(steps)
    with pytest.raises(SchemaError, match=finish):
        steps.send(said('{"value": 3}', finish=finish))


def test_calls_that_the_service_runs_are_not_ours() -> None:
    answer = said("", call(0, "a"), call(1, "b", "code_interpreter"), call(2))
    assert [one.id for one in functions(answer)] == ["a", "call_2"]
    assert functions(said("", call(0, "a"), finish="length")) == ()


def test_rounds_of_tools_are_bounded() -> None:
    turn = ToolTurn(REQUEST, rounds=2)
    steps = turn.steps()
    step = next(steps)
    for number in range(2):
        assert isinstance(step, SendRequest)
        assert isinstance(steps.send(said("", call(0, f"c{number}"))), Use)
        step = steps.send(ToolResult(f"c{number}", "look", "ok"))
    with pytest.raises(ToolError, match="2 rounds"):
        steps.send(said("", call(0, "c2")))
    check(turn.settled(Answer()))
    assert turn.settled(Answer())[-1].tool_call_id == "c2"


def check(messages: tuple[Message, ...]) -> None:
    """A history is valid: each call has one result, right behind its message."""
    waiting: list[str] = []
    for message in messages:
        if message.role == "tool":
            assert message.tool_call_id in waiting
            waiting.remove(message.tool_call_id)
        else:
            assert waiting == []
            waiting = [one.id for one in message.tool_calls]
    assert waiting == []


answers = st.builds(
    lambda text, calls: said(text, *(call(n, f"{n}-{text}") for n in range(calls))),
    st.text(max_size=3),
    st.integers(0, 3),
)


@given(st.lists(answers, max_size=6), st.integers(0, 20), st.text(max_size=4))
def test_history_is_valid_wherever_a_turn_breaks_off(
    told: list[Answer], stop_at: int, partial: str
) -> None:
    turn = ToolTurn(REQUEST)
    steps: Any = turn.steps()
    came: Any = None
    script = iter(told)
    for _ in range(stop_at):
        try:
            step = steps.send(came)
        except (StopIteration, ToolError):
            break
        match step:
            case SendRequest():
                if (came := next(script, None)) is None:
                    break
            case Use(one):
                came = ToolResult(one.id, one.name, "done")
    history = turn.settled(Answer(text=partial))
    check(history)
    if history:
        assert history[: len(REQUEST.messages)] == REQUEST.messages
        assert len(history) > len(REQUEST.messages)


def test_history_that_someone_else_left_open_is_closed() -> None:
    request = Request(messages=(Message("user", "Hi"),))
    turn = ToolTurn(request)
    steps = turn.steps()
    next(steps)
    steps.send(said("", call(0, "a"), call(1, "b")))
    left = (*turn.messages, Message("user", "Go on"))
    check(closed(left))
    assert [m.role for m in closed(left)] == [
        "user",
        "assistant",
        "tool",
        "tool",
        "user",
    ]
    assert closed(closed(left)) == closed(left)


@pytest.mark.parametrize("keep", [True, False])
def test_thinking_is_sent_back_only_where_it_is_to_be_kept(keep: bool) -> None:
    request = request_of("Hi", {"clear_thinking": not keep})
    turn = ToolTurn(request)
    steps = turn.steps()
    next(steps)
    with pytest.raises(StopIteration):
        steps.send(Answer(text="Hello", thinking=" Hm.\n", finish_reason="stop"))
    assert turn.messages[-1].reasoning_content == (" Hm.\n" if keep else "")
