"""The request that a badge unfolds: parameters and last message, without data.

A notebook keeps its outputs, so files, frames and pictures are named there with their
sizes and hashes, and the earlier turns of a chat are left out. With GLMKIT_PRIVACY
nothing of a request is kept.
"""

from __future__ import annotations

import hashlib

import msgspec

from glmkit.config.privacy import private
from glmkit.types.attached_text import unpacked
from glmkit.types.messages import Message, Part, TextPart
from glmkit.types.plain_text import plain
from glmkit.types.replies import Call
from glmkit.types.translation import _
from glmkit.wire import curl

#: Characters of a text that are shown whole, and those that are shown of a longer one.
_WHOLE, _BEGINNING = 300, 200


class Typed(msgspec.Struct, frozen=True):
    """A prompt as it was typed, and a line for each thing that was put into it."""

    prompt: str
    attached: tuple[str, ...] = ()


def sized(name: str, content: str | bytes) -> str:
    """Return size and hash of what is not shown.

    >>> sized("a.txt", "Hi")
    '[a.txt: 2 bytes, SHA-256 3639efcd08abb273]'
    """
    data = content.encode("utf-8", "replace") if isinstance(content, str) else content
    return _(
        "[{name}: {size:,} bytes, SHA-256 {digest}]",
        name=name,
        size=len(data),
        digest=hashlib.sha256(data).hexdigest()[:16],
    )


def sized_part(part: Part) -> str:
    """Return kind, size and hash of a picture, sound or video."""
    kind = type(part).__name__.removesuffix("Part").lower()
    return sized(kind, msgspec.json.encode(part))


def summary(call: Call, typed: Typed | None = None) -> str:
    """Return the request of a call as a curl command, without data; "" if private."""
    if private():
        return ""
    *before, last = call.request.messages or (Message("user", ""),)
    if typed is not None and last.role == "user":
        text = "\n".join([*typed.attached, _cut(typed.prompt)])
    else:
        text = _abridged(last)
    kept = msgspec.structs.replace(last, content=plain(text))
    request = msgspec.structs.replace(call.request, messages=(kept,))
    command = curl.command(msgspec.structs.replace(call, request=request))
    if not before:
        return command
    note = _("# {count} earlier messages are left out", count=len(before))
    return f"{note}\n{command}"


def _abridged(message: Message) -> str:
    content = message.content
    parts = (TextPart(content),) if isinstance(content, str) else content or ()
    lines: list[str] = []
    for part in parts:
        if not isinstance(part, TextPart):
            lines.append(sized_part(part))
            continue
        attached, rest = unpacked(part.text)
        lines += [sized(one.name, one.text) for one in attached]
        lines.append(_cut(rest))
    return "\n".join(lines)


def _cut(text: str) -> str:
    if len(text) <= _WHOLE:
        return text
    rest = sized(_("the rest"), text[_BEGINNING:])
    return f"{text[:_BEGINNING]}… {rest}"
