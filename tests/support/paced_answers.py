"""What the paced server says: texts of so many pieces, in the wire's shape."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from itertools import count, islice
from pathlib import Path
from typing import Any
from urllib.parse import unquote

ID = "2026101001080604e9d6d218684552"
CREATED = 1791565692


@dataclass(frozen=True)
class Plan:
    """How to answer; every field can stand in the URL."""

    lane: str = ""
    tokens: int = 16
    rate: float = 0.0  # events a second, 0: as fast as it goes
    text: str = "mixed"  # mixed, hostile, fence, paragraph; echo, answer: the prompt
    wait_s: float = 0.0  # before the headers
    first_s: float = 0.0  # between the headers and the first event
    gate: int = -1  # wait after so many events, 0: before all, for the lane's release
    thinking: int = 0  # events of reasoning before the answer
    prompt_tokens: int = 7
    usage: str = "finish"  # or "separate", "none"
    finish: str = "stop"
    cut: int = -1  # break the connection after so many events, or half a plain reply
    end: int = -1  # end the body properly, but unfinished, after so many
    error: int = -1  # an error event after so many
    code: str = "1301"  # its business code, also that of a refusal
    status: int = 200  # refuse with this HTTP status
    fails: int = -1  # refuse, err or cut only the first so many, -1: all
    right: int = 0  # refuse with 1302 above so many in flight, 0: never
    after: str = ""  # the Retry-After header of a refusal
    said: str = ""  # the message of a refusal
    right_after: str = ""  # "500:20": the right is 20 after 500 requests
    storm: str = ""  # "20:1234,100:cut,20:500": every 20th, 100th ... fails so
    drop: int = -1  # hang up on a connection's request after so many answered
    keep_alive: int = 1  # 0: close after each response
    completion_tokens: int = -1  # -1: as many as the events of the answer
    cached_tokens: int = -1  # -1: not told
    bill: str = ""  # a currency: usages are random, and billed in the lane's `bill`
    sse: str = ""  # send the events of this file of tests/data/streams
    inside: int = 0  # 1: an error stands in a body with status 200
    replies: str = ""  # JSON: a list of messages, the nth request gets the nth

    def reply(self, number: int) -> dict[str, Any] | None:
        """Return the scripted message of the request with this number, from 1.

        `finish_reason` and what belongs beside the choices stand in it too.
        """
        scripted = json.loads(self.replies) if self.replies else []
        return scripted[min(number, len(scripted)) - 1] if scripted else None


def weather(plan: Plan, number: int) -> tuple[Plan, str]:
    """Return the plan of a request in a storm, and the fault it meets, "" for none."""
    if plan.right_after:
        first, right = map(int, plan.right_after.split(":"))
        plan = replace(plan, right=right if number > first else plan.right)
    for part in filter(None, plan.storm.split(",")):
        every, fault = part.split(":")
        # Not at the same numbers: each fault has a phase of its own.
        if number % int(every) == len(fault) % int(every):
            return plan, fault
    return plan, ""


def plan_of(path: str) -> Plan:
    """Read `/name=value/...` from a path."""
    kinds = {f.name: type(f.default) for f in fields(Plan)}
    words = (unquote(part).partition("=") for part in path.split("/") if "=" in part)
    return Plan(**{name: kinds[name](value) for name, _, value in words})


_PIECE = re.compile(r"\n+| ?[^\s]{1,6}| +")

_SECTION = r"""## Part {n}: what the light does

Sunlight holds **every colour**, and the air scatters the *short* waves most, so the
sky is blue; see [the article](https://example.org/rayleigh) and `scatter(n={n})`.

- first, the wave meets a molecule
- then it leaves in all directions
    - blue more than red
- at last it reaches the eye, for $5 or \(I \propto \lambda^{{-4}}\)

| wave | length in nm | share |
| --- | ---: | ---: |
| red | 700 | 1.0 |
| blue | 450 | {n} |

```python
def scatter(n: int) -> float:
    '''How much is scattered.'''
    return sum(1 / wave**4 for wave in range(450, 450 + n))
```

\[ I(\theta) = I_0 \frac{{8 \pi^4 \alpha^2}}{{\lambda^4 r^2}} (1 + \cos^2\theta) \]

> A quiet remark closes part {n}. 天空是蓝色的。

1. measure
2. compare
3. conclude

"""

_HOSTILE = r"""<script>window.hit = {n}</script>
<img src="http://127.0.0.1:9/pixel-{n}" onerror="window.hit = {n}">
![pixel](http://127.0.0.1:9/pixel-{n}.png)
[click](javascript:window.hit={n}) <a href="data:text/html,<script>hit</script>">x</a>
<style>body {{ display: none }}</style><iframe src="http://127.0.0.1:9/{n}"></iframe>
<svg onload="window.hit={n}"><a data-commandlinker-command="x">y</a></svg>

"""


def _repeated(template: str) -> Iterator[str]:
    for n in count(1):
        yield from _PIECE.findall(template.format(n=n))


def _fence() -> Iterator[str]:
    yield "```python\n"
    for n in count(1):
        yield from (f"row_{n}", " =", " scatter", f"({n}", ",", f" {n % 7}", ")", "\n")


def _paragraph() -> Iterator[str]:
    words = ["the", "air", "scatters", "short", "waves", "of", "light", "and", "so"]
    for n in count():
        yield (" " if n else "") + words[n % len(words)]


_TEXTS: dict[str, Callable[[], Iterator[str]]] = {
    "mixed": lambda: _repeated(_SECTION),
    "hostile": lambda: _repeated(_HOSTILE),
    "fence": _fence,
    "paragraph": _paragraph,
}


def _facts(prompt: str) -> str:
    """Quote each line that begins with FACT, or use every other numbered statement."""
    if numbers := re.findall(r"^(\d+)\. ", prompt, re.M):
        return json.dumps({"answer": "all in all", "used": [*map(int, numbers[::2])]})
    found: list[dict[str, Any]] = []
    page = None
    for line in prompt.splitlines():
        if mark := re.fullmatch(r"\[\w+ (\d+)\]", line):
            page = int(mark[1])
        if line.startswith("FACT"):
            found.append({"statement": line.lower(), "quote": line, "page": page})
    whole = {"answer": f"{len(found)} facts"} if "WHOLE" in prompt else {}
    return json.dumps({**whole, "statements": found})


#: Characters at the start and the end of a prompt that the reader of codes looks at.
SEES = (6_000, 3_000)


def _code(prompt: str) -> str:
    """Return the code word that stands where this reader looks."""
    seen = prompt[: SEES[0]] + "\n" + prompt[-SEES[1] :]
    found = re.search(r"code word of the archive in \w+ is ([\w-]+)\.", seen)
    return found[1] if found else "I do not know."


_READERS: dict[str, Callable[[str], str]] = {"facts": _facts, "code": _code}


def pieces(name: str, tokens: int, prompt: str = "") -> list[str]:
    """Return `tokens` pieces of a text; `echo` cuts the prompt, however long, instead.

    `answer` cuts what stands behind the last "ANSWER:" of the prompt, `facts` and
    `code` what a simulated reader says.

    >>> pieces("echo", 0, "Hello, world")
    ['Hello,', ' world']
    >>> len(pieces("fence", 100))
    100
    """
    if name in _READERS:
        prompt = _READERS[name](prompt)
    if name == "answer":
        prompt = prompt.rpartition("ANSWER:")[2]
    if name in ("echo", "answer", *_READERS):
        return re.findall(r"\s*\S{1,6}|\s+", prompt)
    if name == "fence" and tokens > 1:
        return [*islice(_fence(), tokens - 1), "\n```\n"]
    return list(islice(_TEXTS[name](), tokens))


def dumps(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def event(model: str, choices: list[object], **more: object) -> bytes:
    head = {"id": ID, "created": CREATED, "object": "chat.completion.chunk"}
    return b"data: " + dumps({**head, "model": model, "choices": choices, **more})


def refusal(code: str, said: str = "") -> bytes:
    message = said or f"refused with {code}"
    return dumps({"error": {"code": code, "message": message}})


def usage_of(plan: Plan, spoken: int) -> dict[str, object]:
    completion = spoken if plan.completion_tokens < 0 else plan.completion_tokens
    usage: dict[str, object] = {
        "prompt_tokens": plan.prompt_tokens,
        "completion_tokens": completion,
        "total_tokens": plan.prompt_tokens + completion,
    }
    if plan.cached_tokens >= 0:
        usage["prompt_tokens_details"] = {"cached_tokens": plan.cached_tokens}
    return usage


@lru_cache(maxsize=32)
def content(plan: Plan, model: str, prompt: str) -> tuple[bytes, ...]:
    """Return the content events of an answer."""
    spoken = [("reasoning_content", t) for t in pieces("paragraph", plan.thinking)]
    spoken += [("content", text) for text in pieces(plan.text, plan.tokens, prompt)]
    choice = {"index": 0, "delta": {"role": "assistant", "?": 0}}
    before, after = event(model, [choice]).split(b'"?":0')
    return tuple(
        b'%b"%b":%b%b\n\n' % (before, kind.encode(), dumps(text), after)
        for kind, text in spoken
    )


def closing(plan: Plan, model: str, spoken: int) -> Iterator[bytes]:
    """Yield the events after the content."""
    delta = {"role": "assistant", "content": ""}
    last = [{"index": 0, "finish_reason": plan.finish, "delta": delta}]
    usage = usage_of(plan, spoken)
    more = {"usage": usage} if plan.usage == "finish" else {}
    yield event(model, list(last), **more) + b"\n\n"
    if plan.usage == "separate":
        yield event(model, [], usage=usage) + b"\n\n"
    yield b"data: [DONE]\n\n"


def script(plan: Plan, model: str, prompt: str) -> tuple[list[bytes], bool]:
    """Return the events to send, and whether the connection breaks off after them."""
    events = list(content(plan, model, prompt))
    if plan.cut >= 0:
        return events[: plan.cut], True
    if plan.error >= 0:
        return [
            *events[: plan.error],
            b"data: " + refusal(plan.code, plan.said) + b"\n\n",
        ], False
    if plan.end >= 0:
        return events[: plan.end], False
    return events + list(closing(plan, model, len(events))), False


def recorded(name: str) -> list[bytes]:
    """Return the events of a file, each with the blank line that ends it."""
    data = (Path(__file__).parents[1] / "data/streams" / f"{name}.sse").read_bytes()
    return [part + b"\n\n" for part in data.split(b"\n\n") if part.strip()]


_BESIDE = ("web_search", "content_filter", "video_result", "stand_in")


def parted(
    plan: Plan, reply: dict[str, Any]
) -> tuple[dict[str, Any], str, dict[str, Any]]:
    """Return a scripted message, its finish reason, and what stands beside it."""
    finish = "tool_calls" if reply.get("tool_calls") else plan.finish
    message = {"role": "assistant", "content": ""} | reply
    finish = message.pop("finish_reason", finish)
    beside = {name: message.pop(name) for name in _BESIDE if name in message}
    return message, finish, beside


def scripted_events(plan: Plan, model: str, reply: dict[str, Any]) -> list[bytes]:
    """Return the events of a scripted message: a piece of the text in each."""
    message, finish, beside = parted(plan, reply)
    text = message.pop("content") or ""
    deltas = [{"role": "assistant", "content": p} for p in _PIECE.findall(text)]
    events = [
        event(model, [{"index": 0, "delta": delta}]) for delta in [message, *deltas]
    ]
    last = [{"index": 0, "finish_reason": finish, "delta": {"role": "assistant"}}]
    events.append(event(model, last, usage=usage_of(plan, len(deltas)), **beside))
    return [event + b"\n\n" for event in [*events, b"data: [DONE]"]]


def scripted_body(plan: Plan, model: str, reply: dict[str, Any]) -> bytes:
    """Return the body of a scripted message."""
    message, finish, beside = parted(plan, reply)
    spoken = len(_PIECE.findall(message["content"] or ""))
    return dumps(
        {
            "choices": [{"finish_reason": finish, "index": 0, "message": message}],
            "created": CREATED,
            "id": ID,
            "model": model,
            "usage": usage_of(plan, spoken),
            **beside,
        }
    )


def whole(plan: Plan, model: str, prompt: str) -> bytes:
    """Return the body of a reply that is not streamed."""
    message = {
        "role": "assistant",
        "content": "".join(pieces(plan.text, plan.tokens, prompt)),
    }
    if plan.thinking:
        message["reasoning_content"] = "".join(pieces("paragraph", plan.thinking))
    body = {
        "choices": [{"finish_reason": plan.finish, "index": 0, "message": message}],
        "created": CREATED,
        "id": ID,
        "model": model,
        "object": "chat.completion",
        "request_id": ID,
    }
    if plan.usage != "none":
        body["usage"] = usage_of(plan, len(content(plan, model, prompt)))
    return dumps(body)
