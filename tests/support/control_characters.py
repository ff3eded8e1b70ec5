"""Texts that would do something to a terminal, and all the places that show texts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice, product
from typing import Any

from glmkit import errors
from glmkit.client.resources.media import MediaFile
from glmkit.render import Badge
from glmkit.render.answer import Rendering, rendering_of, transcript
from glmkit.render.answer.badge import About, badge_of, partial_of
from glmkit.render.answer.request_summary import Typed, sized
from glmkit.render.answer.views import View, structured
from glmkit.types.events import (
    Search,
    Source,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Usage,
    Waiting,
)
from glmkit.types.messages import Message, Request
from glmkit.types.replies import Answer, Call, Reply
from glmkit_widgets.shared.static_picture import StaticPicture

#: What a terminal obeys, by what it does.
SEQUENCES = {
    "clipboard": "\x1b]52;c;cHduZWQ=\x07",
    "title": "\x1b]0;title\x1b\\",
    "link": "\x1b]8;;http://a.example\x07x\x1b]8;;\x07",
    "image": "\x1b]1337;File=inline=1:AAAA\x07",
    "erase": "\x1b[2J\x1b[H",
    "up": "\x1b[1A\x1b[2K",
    "colour": "\x1b[31;5m",
    "report": "\x1b[6n\x1b[c\x1b[5n",
    "window": "\x1b[21t\x1b[8;1;1t",
    "device": "\x1bPq#0;2;0;0;0\x1b\\",
    "command": "\x1b_Gx\x1b\\",
    "private": "\x1b^x\x1b\\",
    "alternate": "\x1b[?1049h\x1b[?1000h",
    "keys": "\x1b[?2004h\x1b=",
    "reset": "\x1bc",
    "charset": "\x1b(0\x0e",
    "eight bits": "\x9b31m\x9d52;c;cHduZWQ=\x9c\x90q\x9c",
    "return": "safe\rbad",
    "backspace": "safe\x08\x08\x08\x08bad",
    "delete": "a\x7fb",
    "bell": "\x07\x00\x05",
    "tabs": "\x0b\x0c",
    "next line": "\x85\x8d",
    "bidi": "\u202egnp.exe\u202c\u2066x\u2069",
    "surrogate": "\ud83d",
}
#: Where they stand in a text.
ROUND = [
    "{}", "a {} b", "# {}", "**{}**", "`{}`", "```{}\nx\n```", "```\n{}\n```", "- {}",
    "> {}", "[{}](http://a.example)", "[x](http://{})", "| {} |\n| --- |\n| {} |",
    "<{}>", "<b {}>", "&#27;{}", "\\({}\\)", "{}\n{}", "x{}x{}x{}", "中{}文", "1. {}",
    "{}[31m", "\x1b{}", "![{}](x)", "---{}---", "{{{}}}", "%{}%", "'{}'", '"{}"',
    "{}{}{}{}{}{}{}{}{}",
]  # fmt: skip
#: What may be left: a tab, a line feed, and what terminals make of it.
_BAD = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_ENDS = re.compile(r"\r(?!\n)")
#: What glmkit and IPython write themselves: colours that do not blink, and the wiping
#: of a line.
_OWN = re.compile(r"\x1b\[(?!31;5m)[0-9;]*m|\r\x1b\[K")


def vectors(count: int) -> Iterator[str]:
    """Yield so many texts: every sequence in every surrounding, then in pairs."""
    single = (around.replace("{}", text) for text, around in _pairs())
    names = list(SEQUENCES.values())
    double = (
        around.replace("{}", one + other)
        for one, other in product(names, names)
        for around in ROUND[:4]
    )
    yield from islice((text for part in (single, double) for text in part), count)


def _pairs() -> Iterator[tuple[str, str]]:
    """Yield sequences and surroundings so that the first ones differ in both."""
    names = list(SEQUENCES.values())
    for shift in range(len(ROUND)):
        for place, text in enumerate(names):
            yield text, ROUND[(place + shift) % len(ROUND)]


def raw(shown: str, *, styled: bool = False) -> list[str]:
    """Return what a terminal obeys in a text; `styled`: but for colours of our own."""
    left = _OWN.sub("", shown) if styled else shown
    return [*_BAD.findall(left), *_ENDS.findall(left)]


def reply_of(text: str, **more: Any) -> Reply:
    """Return a reply in which everything that others write is this text."""
    sent = text.encode("utf-8", "replace").decode()  # else it is refused before
    answer = Answer(
        text=text,
        thinking=text,
        model=text,
        stand_in=text,
        finish_reason=text,
        usage=Usage(1, 2, 3),
        tool_calls=(ToolCall(0, text, text, text),),
        web_search=(Source(text, text, media=text),),
    )
    call = Call(
        at=0.0,
        endpoint="local",
        model=sent,
        state="done",
        request=Request(messages=(Message("user", sent),), model=sent),
        answer=answer,
        changed=(text,),
        recorded=text,
        error=text,
        error_code=text,
    )
    return Reply((call,), **more)


def _final(text: str) -> str:
    shown = reply_of(text)
    about = About(text, 2, (text,), Typed(text, (sized(text, text),)))
    parts = [rendering_of(shown).final(badge_of(shown, about), partial_of(shown))]
    for view in (View("text"), View("json"), View("code")):
        parts.append(rendering_of(shown).final(None, text, view.shown(shown)))
    return "".join(part["text/plain"] for part in parts)


def _growing(text: str) -> str:
    rendering = Rendering()
    parts = []
    for event in (
        Waiting(text, 1.0, text),
        Thinking(text),
        Text(text),
        ToolCall(0, text, text, text),
        ToolResult(text, text, text),
        Search((Source(text, text, media=text),)),
    ):
        rendering.add([event])
        parts.append(rendering.bundle()["text/plain"])
    return "".join(parts)


def _values(text: str) -> str:
    shapes: list[Any] = [
        {text: text},
        [{text: [text]}],
        [text],
        text,
        {text: {text: 1}},
    ]
    shown = [structured(shape) for shape in shapes]
    return "".join(Rendering().final(None, text, one)["text/plain"] for one in shown)


def _chat(text: str) -> str:
    messages = tuple(Message(role, text) for role in ("system", "user", "assistant"))
    return "".join(
        [transcript.text(messages), transcript.written(text, messages, ".md")]
    )


def _errors(text: str) -> str:
    kinds = [getattr(errors, name) for name in errors.__all__]
    parts: list[str] = []
    for kind in kinds:
        if not issubclass(kind, errors.GLMError):
            continue
        more = (
            {"code": text, "request_id": text}
            if issubclass(kind, errors.APIError)
            else {}
        )
        error = kind(text, hint=text, **more)
        error.add_note(text)
        parts += [str(error), error.hint, *error.__notes__, *error._render_traceback_()]
        parts += [str(getattr(error, name, "")) for name in more]
    return "\n".join(parts)


def _badge(text: str) -> str:
    return Badge(model=text, stand_in=text, cost=text, note=text, source=text).line()


def _picture(text: str) -> str:
    picture = StaticPicture(lambda: ("", text))
    bundle = picture._bundle()["text/plain"]
    picture.close()
    return bundle


#: Each place where texts of others become an output's `text/plain`, or a line.
SURFACES: dict[str, Callable[[str], str]] = {
    "final output": _final,
    "growing output": _growing,
    "typed values": _values,
    "badge": _badge,
    "chat": _chat,
    "errors": _errors,
    "media": lambda text: repr(MediaFile(url=text, type=text)),
    "reply": lambda text: repr(reply_of(text)),
    "picture of a widget": _picture,
}
