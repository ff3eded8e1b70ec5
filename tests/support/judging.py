"""What a careful reader makes of a stream or a body: the judge of the mutations.

It reads the values that were sent in the plainest way, knows nothing of glmkit's
reader, and says what a finished answer must hold.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from tests.support.mutations import Mutant

WHOLE = {"stop", "tool_calls"}


class Unreadable(Exception):
    """A piece of the answer that nothing can be made of."""


@dataclass
class Outcome:
    """What glmkit made of it; `error` is what was raised."""

    text: str = ""
    finish: str = ""
    calls: list[tuple[str, str]] = field(default_factory=list)
    usage: tuple[int, int] | None = None
    complete: bool = False
    error: BaseException | None = None


@dataclass
class Careful:
    """What stands in the values."""

    texts: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    arguments: list[str] = field(default_factory=list)
    counts: set[int] = field(default_factory=set)
    finish: str = ""
    spoilt: str = ""  # why no finished answer may come of it


def careful(mutant: Mutant) -> Careful:
    """Read the values of a mutant up to its end."""
    seen = Careful()
    if mutant.tail is not None and not mutant.recorded.streamed:
        seen.spoilt = "the body is cut"
        return seen
    for event in mutant.events:
        value = event
        if isinstance(event, bytes):
            value = _parsed(event, seen) if mutant.recorded.streamed else _json(event)
            if value is _END:
                break
        if value is None and not seen.spoilt:
            continue
        try:
            _read(value, seen)
        except Unreadable as exc:
            seen.spoilt = str(exc)
        if seen.spoilt:
            break
    if not seen.finish:
        seen.spoilt = seen.spoilt or "nothing finishes it"
    return seen


_END = object()


def _parsed(block: bytes, seen: Careful) -> Any:
    """Return the value of an event's bytes; None where it has none."""
    lines = block.split(b"\n")
    data = [line[5:].removeprefix(b" ") for line in lines if line.startswith(b"data:")]
    if b"event: error" in lines:
        seen.spoilt = "an error event"
    if {b"event: ping", b"event: heartbeat"} & {*lines}:
        return None
    text = b"\n".join(data).strip()
    if not text:
        return None
    return _END if text == b"[DONE]" else _json(text)


def _json(data: bytes) -> Any:
    try:
        return json.loads(data.decode("utf-8", "replace"), strict=False)
    except ValueError:
        return "not JSON"


def _read(value: Any, seen: Careful) -> None:
    if not isinstance(value, dict):
        raise Unreadable("not an object")
    if _speaks(value.get("error")) or value.get("status") == "failed":
        raise Unreadable("an error")
    _count(value.get("usage"), seen)
    choices = value.get("choices")
    if choices is None:
        return
    if not isinstance(choices, list):
        raise Unreadable("choices are not a list")
    kept = [choice for choice in choices if choice is not None]
    if any(not isinstance(choice, dict) for choice in kept):
        raise Unreadable("a choice is not an object")
    if kept:
        _count(kept[0].get("usage"), seen)
        _message(kept[0].get("delta") or kept[0].get("message"), seen)
        reason = kept[0].get("finish_reason")
        if isinstance(reason, str | int | float) and not isinstance(reason, bool):
            seen.finish = str(reason) or seen.finish


def _count(usage: Any, seen: Careful) -> None:
    if isinstance(usage, dict):
        counts = map(_number, usage.values())
        seen.counts |= {count for count in counts if count is not None}


def _speaks(error: Any) -> bool:
    if isinstance(error, list):
        error = error[0] if error else None
    if isinstance(error, dict):
        return any(
            isinstance(error.get(n), str) and error[n] for n in ("message", "type")
        )
    return isinstance(error, str) and bool(error.strip())


def _message(message: Any, seen: Careful) -> None:
    if not message and not isinstance(message, bool | int | float):
        return
    if not isinstance(message, dict):
        raise Unreadable("a message is not an object")
    seen.texts += _texts(message.get("content"))
    if isinstance(message.get("refusal"), str):
        seen.texts.append(message["refusal"])
    calls = message.get("tool_calls")
    calls = [calls] if isinstance(calls, dict) else calls
    if calls is not None and not isinstance(calls, list):
        raise Unreadable("calls are not a list")
    for call in calls or ():
        function = call.get("function") if isinstance(call, dict) else None
        if isinstance(function, dict):
            name, arguments = function.get("name"), function.get("arguments")
            seen.names += [name] if isinstance(name, str) and name else []
            seen.arguments.append(_argued(arguments))


def _texts(content: Any) -> list[str]:
    match content:
        case None:
            return []
        case dict() if not content:
            return []
        case bool():
            raise Unreadable("content is a switch")
        case str():
            return [content]
        case int() | float():
            return [str(content)]
        case list():
            return [text for part in content for text in _texts(part)]
        case {"thinking": _} | {"reasoning": _} | {"summary": _}:
            return []
        case {"type": "thinking" | "reasoning"}:
            return []
        case {"refusal": str(text)}:
            return [text]
        case {"text": {"value": text}} | {"text": text}:
            return _text(text)
        case {"type": str(kind)} if kind != "text" and "text" not in content:
            return []
    raise Unreadable("content cannot be read")


def _text(value: Any) -> list[str]:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Unreadable("a text is not one")
    return [str(value)]


def _argued(arguments: Any) -> str:
    if arguments is None or isinstance(arguments, str):
        return arguments or ""
    return json.dumps(arguments, separators=(",", ":"), ensure_ascii=False)


def _number(value: Any) -> int | None:
    try:
        number = float(value)
        return int(number) if number == int(number) else None
    except (TypeError, ValueError, OverflowError):
        return None


def faults(mutant: Mutant, outcome: Outcome, typed: type[BaseException]) -> list[str]:
    """Return what is wrong with an outcome that is neither right nor a typed error."""
    if outcome.error is not None and not isinstance(outcome.error, typed):
        return [f"a foreign exception: {outcome.error!r}"]
    if outcome.usage is not None and outcome.usage[0] <= 0:
        return [f"a prompt of {outcome.usage[0]} tokens"]
    if outcome.error is not None or not outcome.complete:
        return []
    seen = careful(mutant)
    found = [f"passed off as whole: {seen.spoilt}"] if seen.spoilt else []
    if (text := mended("".join(seen.texts))) != outcome.text:
        found.append(f"the text is {outcome.text!r}, not {text!r}")
    if seen.finish not in (outcome.finish, ""):
        found.append(f"finished by {outcome.finish!r}, not {seen.finish!r}")
    names = {name for name, _ in outcome.calls}
    if missing := {mended(name) for name in seen.names} - names:
        found.append(f"calls without {missing}")
    told = "".join(arguments for _, arguments in outcome.calls)
    if seen.names and _letters("".join(seen.arguments)) != _letters(told):
        found.append(f"the arguments are {told!r}, not {seen.arguments!r}")
    known = seen.counts | {a - b for a in seen.counts for b in seen.counts}
    if outcome.usage is not None and not set(outcome.usage) <= known:
        found.append(
            f"the usage is {outcome.usage}, and {sorted(seen.counts)} were sent"
        )
    return found


def _letters(text: str) -> list[str]:
    """Return the plain characters of a text in order of their codes."""
    return sorted(letter for letter in text if letter.isascii())


def mended(text: str) -> str:
    """Return a text without halves of characters."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
