"""A question about one document: whole where the window holds it, else in portions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Unpack

import msgspec
import pandas as pd

from glmkit.catalog import cards
from glmkit.catalog.tokens import count, reserve_of
from glmkit.client.clients import Client
from glmkit.documents.answer_schemas import Room
from glmkit.documents.answers import DocumentAnswer, Statement, statement_of
from glmkit.documents.chunks import chunks
from glmkit.readers import files
from glmkit.readers.paged_text import PagedText, paged
from glmkit.readers.quotes import Quotes
from glmkit.tables.accessor import TableVerbs
from glmkit.tables.frame import cost_of
from glmkit.tables.plan import Plan
from glmkit.tables.preparation import window_of
from glmkit.tables.run_options import RunOptions, client_of
from glmkit.types.errors import ConfigError, ContextLengthError, GLMError
from glmkit.types.money import Money
from glmkit.types.plain_text import say
from glmkit.types.translation import _

#: Tokens of a portion where the model's window is not known.
_UNKNOWN = 8_000
#: The part of a window that the text fills: a count is an estimate.
_SHARE = 0.85
#: Rounds after which statements that do not fit one request are given up.
_ROUNDS = 6

_ASKED = _(
    "Answer from the text alone, in as few statements as it needs. For each copy as "
    "quote the words of the text that show it, exactly and briefly, and give as page "
    "the number in the line above them, null where there is none."
)
_SIFTED = _(
    "These are statements from one document, each with its number. Answer from them "
    "alone, and list the numbers of those that the answer rests on."
)


#: Options of `df.glm.extract` that are set by the question itself.
_OTHERS = ("schema", "to", "evidence", "pages")

#: In a small window a small model, which would go on without end, has room for little.
_LARGE, _SMALL = Room(40, 600), Room(4, 160)
_SMALL_WINDOW = 16_000


class Spent(msgspec.Struct):
    """What the requests of one question have cost so far."""

    cost: Money | None = None
    tokens: int | None = 0
    model: str = ""
    unknown: bool = False

    def add(self, frame: pd.DataFrame) -> None:
        """Add the requests of a frame that a verb has returned."""
        cost = cost_of(frame)
        self.unknown = self.unknown or cost is None
        if cost is not None:
            self.cost = cost if self.cost is None else self.cost + cost
        for tokens, model in zip(
            frame["part_tokens"], frame["part_model"], strict=True
        ):
            known = self.tokens is not None and not pd.isna(tokens)
            self.tokens = (self.tokens or 0) + int(tokens) if known else None
            self.model = self.model if pd.isna(model) else model


def ask_document(
    document: str | Path,
    question: str,
    *,
    run: bool = True,
    **options: Unpack[RunOptions],
) -> Any:
    """Ask about a document; every statement of the answer has a quote and its page.

    `document` is a path, or a text (`glmkit.read` gives one that knows its pages). It
    is sent whole where the model's window holds it, else in portions of whole pages,
    whose statements are put together. What it would cost is printed before it is sent;
    with `run=False` the plan is returned. Portions that were answered are kept: asked
    again, the question costs only the rest. `options` are those of `df.glm.map`.

    Returns a `DocumentAnswer`. Raises ConfigError for a file that cannot be read, and
    GLMError where a portion has no answer.

        glmkit.ask_document("report.pdf", "How did revenue change, and why?")
    """
    text = _text(document)
    if not isinstance(question, str) or not question.strip():
        raise ConfigError(_("the question is empty"), hint=_("Write a question."))
    client = client_of(options.get("client"))
    parts = chunks(text, _portion_size(client, question, options))
    if not parts:
        raise ConfigError(
            _("{name} holds no text", name=text.name or _("the document")),
            hint=_("glmkit.read_scans(path) reads scanned pages by OCR."),
        )
    plan = _plan(client, parts, question, options)
    if not run:
        return plan
    say(_announcement(text, parts, plan))
    return _answered(text, parts, question, plan, options)


def _text(document: str | Path) -> PagedText:
    if isinstance(document, PagedText):
        return document
    if not isinstance(document, str | Path):
        raise ConfigError(
            _("a document cannot be a {kind}", kind=type(document).__name__),
            hint=_("Pass a path or a text; df.glm.extract asks many documents."),
        )
    if isinstance(document, Path) or _is_file(document):
        return files.read(document)
    return paged(document)


def _is_file(text: str) -> bool:
    """Return whether a text is the path of a file, or looks like one."""
    if "\n" in text or len(text) > 1000:
        return False
    try:
        if Path(text).expanduser().is_file():
            return True
    except (OSError, ValueError):
        return False
    return Path(text).suffix.lower() in files.DOCUMENTS


def _plan(
    client: Client, parts: Sequence[PagedText], question: str, options: RunOptions
) -> Plan:
    room = _room(client, options)
    schema = room.whole() if len(parts) == 1 else room.portion()
    frame = pd.DataFrame(
        {
            "text": [part.marked for part in parts],
            "question": question,
        }
    )
    template = "{text}\n\n{question}"
    plan: Plan = _asking(frame, template, schema, options)
    return plan


def _asking(
    frame: pd.DataFrame, template: str, schema: Any, options: RunOptions
) -> Any:
    given: dict[str, Any] = dict(options)
    if other := [name for name in _OTHERS if given.get(name) is not None]:
        raise ConfigError(
            _("ask_document takes no {name}", name=other[0]),
            hint=_("df.glm.extract(..., evidence=True) fills the fields of a schema."),
        )
    for name in _OTHERS:
        given.pop(name, None)
    system = given.pop("system", None)
    given["system"] = "\n\n".join(filter(None, (system, _ASKED)))
    return TableVerbs(frame).extract(
        template, schema=schema, to="part", run=False, **given
    )


def _room(client: Client, options: RunOptions) -> Room:
    window = window_of(client, _model(client, options))
    return _SMALL if window is not None and window < _SMALL_WINDOW else _LARGE


def _model(client: Client, options: RunOptions) -> str:
    return str(options.get("model") or client.model)


def _portion_size(client: Client, question: str, options: RunOptions) -> int:
    model = _model(client, options)
    card, window = cards.card(model), window_of(client, model)
    if window is None:
        return _UNKNOWN
    answer = reserve_of(card, options.get("max_tokens"), None) or 0
    fixed = count(question + _ASKED + str(options.get("system") or "")).high + 200
    size = int((window - min(answer, window // 4)) * _SHARE) - fixed
    if size < 100:
        raise ConfigError(
            _("the question leaves no room in the window of {model}", model=model),
            hint=_("Shorten it, or use a model with a larger window."),
        )
    return size


def _announcement(text: PagedText, parts: Sequence[PagedText], plan: Plan) -> str:
    lines = dict(plan.lines())
    said = _("whole") if len(parts) == 1 else _("in {n} portions", n=len(parts))
    name = text.name or _("the document")
    return (
        f"{name} {said}: {lines['tokens']} tokens, {lines['cost']} ({lines['model']})"
    )


def _answered(
    text: PagedText,
    parts: Sequence[PagedText],
    question: str,
    plan: Plan,
    options: RunOptions,
) -> DocumentAnswer:
    spent = Spent()
    frame = plan.run()
    spent.add(frame)
    _check_whole(frame, parts)
    quotes = Quotes(text)
    claims = [claim for found in frame["statements"] for claim in found]
    statements = list(dict.fromkeys(statement_of(claim, quotes) for claim in claims))
    if len(parts) == 1:
        answer = str(frame["answer"].iloc[0])
    else:
        answer, statements = _combined(statements, question, spent, options)
    return DocumentAnswer(
        answer,
        tuple(statements),
        len(parts),
        text.blank,
        text.unit,
        None if spent.unknown else spent.cost,
        spent.tokens,
        spent.model,
    )


def _check_whole(frame: pd.DataFrame, parts: Sequence[PagedText]) -> None:
    """Raise GLMError where a portion has no answer."""
    states = list(frame["part_status"])
    bad = [at for at, state in enumerate(states) if state not in ("done", "kept")]
    if not bad:
        return
    pages = sorted({page.number for at in bad for page in parts[at].pages})
    reason = frame["part_error"].iloc[bad[0]]
    kind = ContextLengthError if states[bad[0]] == "too long" else GLMError
    raise kind(
        _(
            "{n} of {all} portions have no answer (pages {first} to {last}): {reason}",
            n=len(bad), all=len(parts), first=pages[0], last=pages[-1],
            reason="" if pd.isna(reason) else reason,
        ),
        hint=_("Ask again: portions that were answered are kept and cost nothing."),
    )  # fmt: skip


def _combined(
    statements: list[Statement], question: str, spent: Spent, options: RunOptions
) -> tuple[str, list[Statement]]:
    """Return the answer from the statements of all portions, and those it rests on.

    Where they do not fit one request, groups of them are sifted first.
    """
    if not statements:
        return _("The document does not say."), []
    client = client_of(options.get("client"))
    size = _portion_size(client, question, options)
    schema = _room(client, options).combined()
    for _round in range(_ROUNDS):
        lists = chunks(paged("\n".join(_numbered(statements))), size)
        frame = pd.DataFrame(
            {"statements": [str(part) for part in lists], "question": question}
        )
        template = "{statements}\n\n" + _SIFTED + "\n\n{question}"
        found = _asking(frame, template, schema, options).run()
        spent.add(found)
        _check_whole(found, lists)
        used = {int(number) for numbers in found["used"] for number in numbers}
        kept = [one for at, one in enumerate(statements, 1) if at in used]
        if len(lists) == 1:
            return str(found["answer"].iloc[0]), kept
        statements = kept or statements[: len(statements) // 2]
    raise GLMError(
        _("the statements of the portions do not fit one request"),
        hint=_("Ask a narrower question, or a model with a larger window."),
    )


def _numbered(statements: Sequence[Statement]) -> list[str]:
    return [
        f"{at}. " + " ".join(f"{one.text} («{one.quote}»)".split())
        for at, one in enumerate(statements, 1)
    ]
