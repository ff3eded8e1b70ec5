"""Rows of the ledger: a call to SQL values and back."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from glmkit.types.messages import Request, payload_key
from glmkit.types.money import Money
from glmkit.types.options import WITHOUT_WORDS
from glmkit.types.replies import Answer, Call

_OPENING = (
    "owner", "group_id", "state", "at", "notebook", "cell", "tag", "endpoint", "model",
    "stream", "key", "request", "operation", "run", "reserved", "reserved_currency",
)  # fmt: skip
_CLOSING = (
    "state", "source", "answered", "answer_id", "request_id", "stand_in",
    "prompt_tokens", "completion_tokens", "total_tokens", "cached_tokens",
    "reasoning_tokens", "cost", "cost_currency", "list_cost", "list_currency",
    "seconds", "first_token_s", "finish_reason", "error", "error_code", "status",
    "retries", "text", "thinking", "tool_calls", "sources", "task_id", "at_most",
    "cost_basis", "resent",
)  # fmt: skip

INSERT = (
    f"INSERT INTO calls ({', '.join(_OPENING)}) "
    f"VALUES ({', '.join('?' * len(_OPENING))})"
)
#: What a call has reserved in its budgets is its most until its cost is known.
#: The time is asked for beside the id, so that a row of another file, put in this
#: one's place while the call was under way, is never taken for it.
UPDATE = (
    f"UPDATE calls SET {', '.join(f'{name} = ?' for name in _CLOSING)}, "
    "reserved = coalesce(?, reserved), "
    "reserved_currency = coalesce(?, reserved_currency) "
    "WHERE id = ? AND at = ?"
)


#: What a call takes of a grant; few calls have one.
GRANT = "UPDATE calls SET grant_id = ?, granted = ? WHERE id = ?"
GRANTED = "UPDATE calls SET granted = ? WHERE id = ? AND at = ?"


def opening(call: Call, max_cost: Money | None, private: bool) -> tuple[Any, ...]:
    """Return the values of INSERT after the owner: what is known before sending."""
    where = call.where
    key, asked = _asked(call)
    return (
        call.group or None,
        call.state,
        call.at,
        where.notebook,
        where.cell,
        where.tag,
        call.endpoint,
        call.model,
        call.stream,
        key,
        _without_words(call) if private else asked,
        call.operation,
        where.run or None,
        *_money(max_cost),
    )


def _asked(call: Call) -> tuple[str, str]:
    """Return the key and the text of what was asked."""
    if call.payload is None:
        asked = _json(call.request)  # what `canonical_key` hashes, encoded but once
        return hashlib.sha256(asked.encode()).hexdigest(), asked
    return payload_key(call.operation, call.payload), _json(call.payload)


def _without_words(call: Call) -> str:
    """Return the parameters of a request without its texts."""
    if call.payload is not None:
        return "{}"
    bare = {name: getattr(call.request, name) for name in WITHOUT_WORDS}
    return _json(Request(messages=(), **bare))


def _hashed(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest() if text else ""


def closing(call: Call, private: bool) -> tuple[Any, ...]:
    """Return the values of UPDATE: the result of the call."""
    answer = call.answer
    usage = answer.usage
    tokens = (
        (None,) * 5
        if usage is None
        else (
            usage.prompt_tokens,
            usage.completion_tokens,
            usage.total_tokens,
            usage.cached_tokens,
            usage.reasoning_tokens,
        )
    )
    return (
        call.state,
        call.source,
        answer.model,
        answer.id,
        answer.request_id,
        answer.stand_in,
        *tokens,
        *_money(call.cost),
        *_money(call.list_cost),
        call.seconds,
        call.first_token_s,
        answer.finish_reason,
        call.error,
        call.error_code,
        call.status,
        call.retries,
        *(_hashes(answer) if private else _words(answer)),
        call.task_id or None,
        call.cost is not None and call.cost.at_most,
        None if call.cost_basis == "owed" else call.cost_basis,
        call.resent,
        *_money(call.cost),
        call.id,
        call.at,
    )


def _words(answer: Answer) -> tuple[str | None, ...]:
    return (
        answer.text,
        answer.thinking,
        _json(answer.tool_calls) if answer.tool_calls else None,
        _json(answer.web_search) if answer.web_search else None,
    )


def _hashes(answer: Answer) -> tuple[str | None, ...]:
    return (_hashed(answer.text), _hashed(answer.thinking), None, None)


TASK = (
    "SELECT id, group_id, at, endpoint, model, operation, request, state, task_id, "
    "coalesce(resent, 0) "
    "FROM calls "
    "WHERE task_id = ? AND endpoint = ?"
)


def submitted(row: tuple[Any, ...]) -> Call:
    """Return the call of a row that TASK found."""
    row_id, group, at, endpoint, model, operation, asked, state, task, resent = row
    call = Call(
        id=row_id,
        group=group or row_id,
        at=at,
        endpoint=endpoint,
        model=model,
        operation=operation,
        state=state,
        task_id=task,
        resent=resent,
    )
    if operation == "chat":
        request = msgspec.json.decode(asked, type=Request)
        return msgspec.structs.replace(call, request=request)
    payload = msgspec.json.decode(asked, type=dict[str, Any])
    return msgspec.structs.replace(call, payload=payload)


def _money(amount: Money | None) -> tuple[int | None, str | None]:
    return (None, None) if amount is None else (amount.parts, amount.currency)


def _json(value: Any) -> str:
    return msgspec.json.encode(value, order="sorted").decode()
