"""The options of a call, in one table for client, cells, settings and ledger.

A row of `OPTIONS` feeds the parser of `%%glm`, `%glm config` and `%config GLM`, the
controls, "Copy as ...", the ledger's columns and `Reply.cite`. A new option is a row
here with its type in `Options`, and a field of `Request`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

import msgspec

#: `toggle` is on, off or the default; `flag` a switch of one cell; `many` repeats;
#: `json` any other value.
Kind = Literal["text", "number", "whole", "choice", "toggle", "flag", "many", "json"]


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """One option: what it takes, and where it can be set.

    `name` is its name in `%glm config` and the controls, `client` that of
    `Client.chat`; `fields` are those of `Request` that it fills. `flags` turn it on in
    a `%%glm` line (the first one is the one written), `off_flags` turn a toggle off.
    `words` marks what may hold the user's own text: under privacy the ledger drops it.
    """

    name: str
    kind: Kind
    help: str
    client: str = ""
    fields: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    off_flags: tuple[str, ...] = ()
    metavar: str = ""
    low: float | None = None
    high: float | None = None
    unit: str = ""
    choices: tuple[str, ...] = ()
    default: Any = None
    completes: str = ""
    label: str = ""
    setting: bool = False
    control: bool = False
    column: bool = False
    cited: bool = False
    words: bool = False

    @property
    def range(self) -> str:
        """What it takes, in words.

        >>> OPTION["temperature"].range
        '0 to 1'
        """
        match self.kind:
            case "toggle":
                return "on or off"
            case "number":
                return f"{self.low:g} to {self.high:g}"
            case "whole":
                least = "" if self.low is None else f" from {self.low:g}"
                return f"a whole number{least}"
            case _:
                return ", ".join(self.choices)

    @property
    def takes(self) -> str:
        """What it takes and does, in words."""
        return ": ".join(part for part in (self.range, self.help) if part)


EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
THINK = ("on", "off", *EFFORTS)
FORMATS = ("markdown", "text", "json", "code")
REPLAY = ("auto", "record", "only", "refresh", "off")


def _client(name: str, kind: Kind, help: str, **how: Any) -> Option:
    """Return an option of `Client.chat`; its field has its name unless `fields` do."""
    how = {"client": name, "fields": (name,), **how}
    return Option(name=name, kind=kind, help=help, **how)


OPTIONS = (
    _client(
        "model", "text", "model that answers", flags=("-m", "--model"),
        completes="models", label="Model", setting=True, control=True,
    ),
    _client(
        "temperature", "number", "how varied the answers are",
        flags=("-t", "--temperature"), low=0, high=1, label="Temperature",
        setting=True, control=True, column=True, cited=True,
    ),
    _client(
        "top_p", "number", "nucleus sampling", flags=("--top-p",), low=0.01, high=1,
        label="Top-p", setting=True, control=True, column=True, cited=True,
    ),
    _client(
        "max_tokens", "whole", "most tokens of an answer", flags=("--max-tokens",),
        low=1, unit="tokens", label="Max tokens",
        setting=True, control=True, column=True, cited=True,
    ),
    _client(
        "seed", "whole", "seed of the sampling", flags=("--seed",),
        setting=True, column=True, cited=True,
    ),
    _client(
        "do_sample", "toggle", "sample; off takes the likeliest token each time",
        flags=("--sample",), off_flags=("--no-sample",), setting=True, cited=True,
    ),
    _client(
        "think", "choice", "how to think", client="thinking",
        fields=("thinking", "reasoning_effort"), flags=("--think",), choices=THINK,
        label="Thinking", setting=True, control=True, cited=True,
    ),
    _client(
        "system", "text", "system prompt, in quotes", fields=("messages",),
        flags=("-s", "--system"), label="System prompt",
        setting=True, control=True, words=True,
    ),
    _client(
        "stop", "many", "end the answer before this text; repeatable",
        flags=("--stop",), metavar="TEXT", words=True,
    ),
    Option(
        name="format", kind="choice", help="how answers are shown",
        flags=("-f", "--format"), choices=FORMATS, default="markdown", setting=True,
    ),
    Option(
        name="first", kind="flag", help="of several blocks of code, the first",
        flags=("--first",),
    ),
    Option(
        name="last", kind="flag", help="of several blocks of code, the last",
        flags=("--last",),
    ),
    Option(
        name="stream", kind="toggle", help="show answers while they arrive",
        flags=("--stream",), off_flags=("--no-stream",), default=True,
        label="Streaming", setting=True, control=True,
    ),
    Option(
        name="out", kind="text", help="variable that keeps the Reply",
        flags=("-o", "--out"), metavar="NAME",
    ),
    Option(
        name="chat", kind="text", help="conversation to go on with, or to begin",
        flags=("--chat",), metavar="NAME", completes="chats",
    ),
    Option(
        name="fresh", kind="flag",
        help="empty that conversation first; of a table, ask answered rows again",
        flags=("--fresh",),
    ),
    Option(
        name="each", kind="text", help="table: the cell is asked of each of its rows",
        flags=("--each",), metavar="TABLE", completes="variables",
    ),
    Option(
        name="to", kind="text", help="column of the answers, with --each",
        flags=("--to",), metavar="COLUMN",
    ),
    Option(
        name="labels", kind="text", help="labels to choose from, with --each: a,b,c",
        flags=("--labels",), metavar="A,B",
    ),
    Option(
        name="all", kind="flag", help="ask all rows, not the first 20, with --each",
        flags=("--all",),
    ),
    Option(
        name="document", kind="text", help="document to ask about, with its pages",
        flags=("--document",), metavar="PATH", completes="files",
    ),
    _client(
        "schema", "text",
        'type of this notebook, or fields: "name, age int", "[name, age int]"',
        fields=("response_format",), flags=("--schema",), completes="variables",
        words=True,
    ),
    _client(
        "tools", "many", "functions the model may call", flags=("--tools",),
        metavar="A,B", completes="names", words=True,
    ),
    _client(
        "tool_choice", "text", "auto, none, required, or the name of one tool",
        flags=("--tool-choice",), metavar="CHOICE", words=True,
    ),
    Option(
        name="image", kind="many", help="image: a variable or a path; repeatable",
        flags=("--image",), metavar="VAR", completes="images",
    ),
    Option(
        name="file", kind="many", help="text, pdf, docx, html, ipynb; repeatable",
        flags=("--file",), metavar="PATH", completes="files",
    ),
    _client(
        "web", "flag", "let the service search the web", client="web_search",
        fields=("tools",), flags=("--web",),
    ),
    Option(
        name="literal", kind="toggle", help="send braces as written: fill in nothing",
        flags=("--literal",), off_flags=("--no-literal",), default=False, setting=True,
    ),
    Option(
        name="dry_run", kind="flag", help="show what would be sent, and send nothing",
        flags=("--dry-run",),
    ),
    Option(
        name="tag", kind="text", help="word that the ledger keeps with the call",
        flags=("--tag",), setting=True,
    ),
    Option(
        name="replay", kind="choice", help="replay mode of this cell",
        flags=("--replay",), metavar="MODE", choices=REPLAY,
    ),
    Option(
        name="quiet", kind="flag", help="show nothing, only keep",
        flags=("-q", "--quiet"),
    ),
    _client(
        "user_id", "text", "the end user's id, for the service's abuse checks",
        flags=("--user-id",), metavar="ID", setting=True, words=True,
    ),
    _client(
        "request_id", "text", "the request's own id at the service",
        flags=("--request-id",), metavar="ID", words=True,
    ),
    Option(
        name="param", kind="many", help="another parameter, as NAME=VALUE; repeatable",
        flags=("--param",), metavar="K=V", completes="params",
    ),
    Option(
        name="endpoint", kind="text", help="local, bigmodel, zai, ...-coding or a URL",
        completes="endpoints", setting=True,
    ),
    _client(
        "clear_thinking", "toggle", "drop the thinking of earlier turns",
        fields=("thinking",),
    ),
    _client("tool_stream", "toggle", "stream the arguments of tool calls"),
    _client(
        "retrieval", "json", "id of a knowledge base, or the fields as an object",
        fields=("tools",), words=True,
    ),
    _client("response_format", "json", "text, json_object, or the fields"),
    _client("meta", "json", "fields of a role-playing model", words=True),
    _client("sensitive_word_check", "json", "fields of the word check", words=True),
    _client("extra", "json", "fields of a voice or translation model", words=True),
    _client("watermark_enabled", "toggle", "mark what a model makes as made by one"),
    _client("extra_body", "json", "fields that have no name here", words=True),
)  # fmt: skip

OPTION: Mapping[str, Option] = {option.name: option for option in OPTIONS}

#: The options of a `%%glm` line, and of `%glm config`.
CELL = tuple(option for option in OPTIONS if option.flags or option.off_flags)
SETTINGS = tuple(option for option in OPTIONS if option.setting)
CONTROLS = tuple(option for option in OPTIONS if option.control)

#: The options of `Client.chat` by their names there.
CLIENT = {option.client: option for option in OPTIONS if option.client}


def fields(options: Sequence[Option]) -> tuple[str, ...]:
    """Return the fields of `Request` that options fill, each once.

    >>> fields([OPTION["temperature"], OPTION["think"]])
    ('temperature', 'thinking', 'reasoning_effort')
    """
    return tuple(dict.fromkeys(name for option in options for name in option.fields))


#: Columns of the ledger's calls that are fields of the request → their kind.
COLUMNS: Mapping[str, Kind] = {
    name: option.kind for option in OPTIONS if option.column for name in option.fields
}
CITED = fields([option for option in OPTIONS if option.cited])
_WORDS = fields([option for option in OPTIONS if option.words])
#: Fields that hold nothing a user wrote: what the ledger keeps under privacy.
WITHOUT_WORDS = tuple(name for name in fields(OPTIONS) if name not in _WORDS)


def client_options(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that are options of `Client.chat`, by their names there.

    >>> client_options({"think": "on", "format": "json", "model": None})
    {'thinking': 'on'}
    """
    return {
        OPTION[name].client: value
        for name, value in values.items()
        if OPTION[name].client and value is not None
    }


class Options(TypedDict, total=False):
    """The parameters of a chat, all optional; unset ones are not sent."""

    model: str | None
    system: str | None
    temperature: float | None
    top_p: float | None
    max_tokens: int | None
    stop: str | Sequence[str] | None
    do_sample: bool | None
    seed: int | None
    thinking: bool | str | Mapping[str, Any] | None
    clear_thinking: bool | None
    tools: Sequence[Any] | None
    tool_choice: str | Mapping[str, Any] | None
    tool_stream: bool | None
    web_search: bool | Mapping[str, Any] | None
    retrieval: str | Mapping[str, Any] | None
    schema: Any
    response_format: str | Mapping[str, Any] | None
    request_id: str | None
    user_id: str | None
    meta: Mapping[str, str] | None
    sensitive_word_check: Mapping[str, str] | None
    extra: Mapping[str, Any] | None
    watermark_enabled: bool | None
    extra_body: Mapping[str, Any] | None
