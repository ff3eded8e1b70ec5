"""Recorded streams and bodies, changed at random as servers and relays change them.

`mutated(recorded, chance)` returns a Mutant: what is sent, and the JSON values in it,
by which `judge` finds out what a careful reader would make of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random, SystemRandom
from typing import Any

from tests.support.recorded import Recorded

ODD: tuple[Any, ...] = (
    None, True, False, 0, 7, -1, 2.5, 10**30, "", "7", "x", "\ud83d", "2.0",
    [], {}, [None], [[]], ["x"], [{}], {"text": "x"}, {"message": "x"}, {"a": None},
)  # fmt: skip


@dataclass
class Mutant:
    """What is sent instead of a recording.

    `events` are the values of its events (the value of its body), bytes where they
    are not JSON. `harmless`: nothing was changed that a reader may care about.
    """

    recorded: Recorded
    events: list[Any]
    harmless: bool = True
    done: list[str] = field(default_factory=list)
    tail: bytes | None = None

    @property
    def data(self) -> bytes:
        if not self.recorded.streamed:
            body = self.events[0]
            data = body if isinstance(body, bytes) else dumped(body)
            return data if self.tail is None else data[: len(data) // 2]
        data = b"".join(_sent(event) for event in self.events)
        return data if self.tail is None else data + self.tail


def dumped(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def copied(value: Any) -> Any:
    """Return a value of its own; bytes as they are."""
    return value if isinstance(value, bytes) else json.loads(json.dumps(value))


def _sent(event: Any) -> bytes:
    if isinstance(event, bytes):
        return event
    return b"data: " + dumped(event) + b"\n\n"


def values_of(recorded: Recorded) -> list[Any]:
    """Return the events of a recording: JSON values, bytes for anything else."""
    if not recorded.streamed:
        return [_value(recorded.data)]
    *blocks, open_end = recorded.data.split(b"\n\n")
    events = [
        _value(block.removeprefix(b"data: "), block + b"\n\n")
        for block in blocks
        if block.strip()
    ]
    return [*events, open_end] if open_end.strip() else events


def _value(data: bytes, kept: bytes | None = None) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return data if kept is None else kept


def seeds(count: int) -> range:
    """Return so many new seeds, and print them: a failure can be seen again."""
    first = SystemRandom().randrange(10**9)
    print(f"seeds {first} to {first + count - 1}")
    return range(first, first + count)


def mutated(recorded: Recorded, chance: Random) -> Mutant:
    """Change a recording in one to three ways."""
    mutant = Mutant(recorded, values_of(recorded))
    for _ in range(chance.randint(1, 3)):
        if not mutant.events:
            break
        way = chance.choice(_WAYS if recorded.streamed else _BODY_WAYS)
        if way(mutant, chance):
            mutant.done.append(way.__name__.strip("_"))
            mutant.harmless = mutant.harmless and way in _HARMLESS
    return mutant


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths of all fields and items inside a value."""
    inside: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        inside = list(value.items())
    elif isinstance(value, list):
        inside = list(enumerate(value))
    found = []
    for key, part in inside:
        found += [(*path, key), *_places(part, (*path, key))]
    return found


def _pick(mutant: Mutant, chance: Random) -> tuple[Any, Any] | None:
    """Return a container of one of the events, and a key in it."""
    values = [event for event in mutant.events if isinstance(event, dict)]
    if not values:
        return None
    value = chance.choice(values)
    places = _places(value)
    if not places:
        return None
    *path, key = chance.choice(places)
    for step in path:
        value = value[step]
    return value, key


def _drop(mutant: Mutant, chance: Random) -> bool:
    if (found := _pick(mutant, chance)) is None:
        return False
    del found[0][found[1]]
    return True


def _null(mutant: Mutant, chance: Random) -> bool:
    if (found := _pick(mutant, chance)) is None:
        return False
    found[0][found[1]] = None
    return True


def _retype(mutant: Mutant, chance: Random) -> bool:
    if (found := _pick(mutant, chance)) is None:
        return False
    container, key = found
    was = container[key]
    forms = (*ODD, [was], {"text": was}, [{"type": "text", "text": was}], str(was))
    container[key] = copied(chance.choice(forms))
    return True


def _add(mutant: Mutant, chance: Random) -> bool:
    """A field that no page names, beside the answer or in its message."""
    events = [event for event in mutant.events if isinstance(event, dict)]
    if not events:
        return False
    event = chance.choice(events)
    place = chance.choice([event, delta_of(event)])
    if not isinstance(place, dict):
        return False
    place["x_new"] = copied(chance.choice(ODD))
    return True


def _shuffle_keys(mutant: Mutant, chance: Random) -> bool:
    def shuffled(value: Any) -> Any:
        if isinstance(value, dict):
            names = list(value)
            chance.shuffle(names)
            return {name: shuffled(value[name]) for name in names}
        return [shuffled(v) for v in value] if isinstance(value, list) else value

    mutant.events[:] = [shuffled(event) for event in mutant.events]
    return True


def _split_text(mutant: Mutant, chance: Random) -> bool:
    """One piece of the answer comes as two."""
    for at, event in enumerate(mutant.events):
        delta = delta_of(event)
        text = delta.get("content") if isinstance(delta, dict) else None
        if (
            isinstance(text, str)
            and len(text) > 1
            and delta.keys() <= {"role", "content"}
        ):
            cut = chance.randint(1, len(text) - 1)
            first, second = copied(event), copied(event)
            delta_of(first)["content"], delta_of(second)["content"] = (
                text[:cut],
                text[cut:],
            )
            first["choices"][0].pop("finish_reason", None)
            first.pop("usage", None)
            mutant.events[at : at + 1] = [first, second]
            return True
    return False


_NOISE = (b"data:\n\n", b"data: \n\n", b": ping\n\n", b"\n\n", b"id: 5\n\n")


def _blank(mutant: Mutant, chance: Random) -> bool:
    at = chance.randint(0, len(mutant.events))
    mutant.events.insert(at, chance.choice(_NOISE))
    return True


def _number_ids(mutant: Mutant, chance: Random) -> bool:
    """Ids are numbers, but for those that name the stand-in."""
    for event in mutant.events:
        if isinstance(event, dict):
            named = [name for name in ("id", "request_id") if name in event]
            event |= {n: 7 for n in named if "stand-in" not in str(event[n])}
    return True


def _swap(mutant: Mutant, chance: Random) -> bool:
    if len(mutant.events) < 2:
        return False
    at = chance.randrange(len(mutant.events) - 1)
    events = mutant.events
    events[at], events[at + 1] = events[at + 1], events[at]
    return True


def _repeat(mutant: Mutant, chance: Random) -> bool:
    at = chance.randrange(len(mutant.events))
    mutant.events.insert(at, copied(mutant.events[at]))
    return True


def _lose(mutant: Mutant, chance: Random) -> bool:
    del mutant.events[chance.randrange(len(mutant.events))]
    return True


def _cut(mutant: Mutant, chance: Random) -> bool:
    """The bytes end inside an event, and those of a body in its middle."""
    if mutant.tail is not None or not mutant.events:
        return False
    if not mutant.recorded.streamed:
        mutant.tail = b""
        return True
    at = chance.randrange(len(mutant.events))
    last = _sent(mutant.events[at])
    del mutant.events[at:]
    mutant.tail = last[: chance.randrange(max(1, len(last) - 2))]
    return True


def _garble(mutant: Mutant, chance: Random) -> bool:
    """A byte inside a value is another one."""
    at = chance.randrange(len(mutant.events))
    event = mutant.events[at]
    if isinstance(event, bytes):
        return False
    data = bytearray(dumped(event))
    data[chance.randrange(len(data))] = chance.choice(b'{}[]",:\\\x00\xff7')
    head, tail = (b"data: ", b"\n\n") if mutant.recorded.streamed else (b"", b"")
    mutant.events[at] = head + bytes(data) + tail
    return True


_HARMLESS: tuple[Callable[[Mutant, Random], bool], ...] = (
    _add, _shuffle_keys, _split_text, _blank, _number_ids,
)  # fmt: skip
_CHANGES = (_drop, _drop, _null, _null, _retype, _retype, _retype, _garble, _cut)
_WAYS = (*_HARMLESS, *_CHANGES, _swap, _repeat, _lose)
_BODY_WAYS = (*_CHANGES, _add, _shuffle_keys, _number_ids)


def delta_of(event: Any) -> Any:
    """Return the message, or its piece, in a value; None where there is none."""
    choices = event.get("choices") if isinstance(event, dict) else None
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, dict):
        return None
    return choice.get("delta") or choice.get("message")
