"""Interpolation: `{name}` in a prompt becomes the value, every other brace stays.

A brace is filled where it holds a Python expression whose names all exist, at least
one of them the user's own: `{name}`, `{name=}`, `{df.head()}`, `{x:.2f}`. IPython's
variables are looked up, and no more: `{Out[3]}`, `{In[3]}`, `{Err}`. The expression
runs once in the notebook's namespace, side effects included, and its value is never
read again for braces. All else goes out byte for byte: unknown names, JSON, doubled
braces, `${...}`, `\\{`, the arguments of LaTeX commands, and braces with a blank right
inside them.
"""

from __future__ import annotations

import ast
import difflib
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import CodeType
from typing import Any, NamedTuple

import msgspec

from glmkit.notebook import namespace
from glmkit.types.errors import ConfigError

#: Characters in which a brace must close again.
_LONGEST = 1000
#: Slips that are told of one prompt.
_MOST_NOTES = 3

_STRING = r"""'(?:[^'\\\n]|\\.)*+'|"(?:[^"\\\n]|\\.)*+\""""
_BRACE = re.compile(rf"\{{((?:[^{{}}\n'\"]|{_STRING})++)\}}")
_NAME = re.compile(r"[^\W\d]\w*")
_ROOT = re.compile(r"([^\W\d]\w*)(?:[.\[(!].*|:\S+)?")
#: Format specs that can be nothing else: `{x:1}` and `{x:y}` may well be objects.
_SPEC = re.compile(
    r"(?![a-zA-Z]$)(?:.?[<>=^])?[-+ ]?z?#?(?:0\d*|\d*(?=[,_.a-zA-Z%])|(?<=[<>=^])\d+)"
    r"[,_]?(?:\.\d+)?[bcdeEfFgGnosxX%]?|(?:%[a-zA-Z%-]|[^{}%])*%[a-zA-Z][^{}]*"
)
#: What stands before the braces of another language, and where LaTeX's go on.
_COMMAND = re.compile(r"\\[A-Za-z@]+\*?(?:\[[^\]\n]*\])?(?:\{[^{}\n]*\})*$")
_MATH = re.compile(r"\$(?![{\s])[^$\n]+(?<!\s)\$|\\\(.*?\\\)|\\\[.*?\\\]", re.DOTALL)


class Filled(msgspec.Struct, frozen=True):
    """A text after interpolation.

    `pieces` are texts and, between them, values that go out as media; `sources` the
    expressions that were filled; `notes` what the user may have meant otherwise.
    """

    pieces: tuple[Any, ...]
    sources: tuple[str, ...] = ()
    values: tuple[Any, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The text without its media."""
        return "".join(piece for piece in self.pieces if isinstance(piece, str))


class _Field(NamedTuple):
    """An expression in braces; `label` stands before its value, as `x=` of `{x=}`."""

    source: str
    code: CodeType
    conversion: str
    spec: str
    label: str = ""


#: Turns a value into a text, or into something that is sent as media.
Telling = Callable[[Any, str, str], Any]


def fill(text: str, names: Mapping[str, Any], tell: Telling) -> Filled:
    """Return the text with its fields filled from `names`.

    `tell(value, conversion, spec)` words a value. A field that raises, or whose value
    has no text, stays as it is written; ConfigErrors of `tell` are raised.
    """
    return _Filling(text, names, tell).done()


class _Filling:
    """One pass over a text."""

    def __init__(self, text: str, names: Mapping[str, Any], tell: Telling) -> None:
        self._text = text
        self._names = names
        self._tell = tell
        self._pieces: list[Any] = []
        self._sources: list[str] = []
        self._values: list[Any] = []
        self._notes: dict[str, None] = {}
        self._math: list[tuple[int, int]] | None = None

    def done(self) -> Filled:
        """Read the text once, from left to right."""
        text, start, at = self._text, 0, self._text.find("{")
        while at >= 0:
            found = _BRACE.match(text, at, at + _LONGEST)
            filled = self._value(found) if found else None
            if found and filled is not None:
                self._pieces += [text[start:at], *filled]
                start = at = found.end()
            else:
                at += 1
            at = text.find("{", at)
        self._pieces.append(text[start:])
        notes = tuple(self._notes)[:_MOST_NOTES]
        return Filled(
            tuple(_joined(self._pieces)),
            tuple(self._sources),
            tuple(self._values),
            notes,
        )

    def _value(self, found: re.Match[str]) -> tuple[str, Any] | None:
        """Return label and value that stand for a brace, None to leave it."""
        inside = found[1]
        if not any(name in self._names for name in _NAME.findall(inside)):
            self._suggest(found)
            return None
        field = _field(inside, self._names)
        if field is None:
            return None
        if self._foreign(found):
            before = self._text[max(0, found.start() - 1) : found.start()].strip()
            after = "}" if before == "{" else ""
            self._note(f"{before}{found[0]}{after} was sent as it stands")
            return None
        return self._filled(field)

    def _filled(self, field: _Field) -> tuple[str, Any] | None:
        # The user's own code, in the user's own namespace.
        try:
            value = eval(field.code, *namespace.of(self._names))
            conversion = field.conversion
            if field.label and isinstance(value, str) and not field.spec:
                conversion = conversion or "r"
            worded = self._tell(value, conversion, field.spec)
        except (ConfigError, KeyboardInterrupt):
            raise
        except Exception as exc:
            self._note(
                f"{{{field.source}}} was sent as it stands: "
                f"{type(exc).__name__}: {exc}"[:200]
            )
            return None
        self._sources.append(field.source)
        self._values.append(worded)
        return field.label, worded

    def _foreign(self, found: re.Match[str]) -> bool:
        """Whether the brace belongs to a template, a shell, or a formula."""
        text, at, end = self._text, found.start(), found.end()
        before, after = text[at - 1 : at], text[end : end + 1]
        if before in ("$", "\\", "^") and before:
            return True
        if before == "{" and after == "}":
            return True
        if _COMMAND.search(text, max(0, at - 200), at):
            return True
        return before == "_" and self._in_math(at)

    def _in_math(self, at: int) -> bool:
        if self._math is None:
            self._math = [found.span() for found in _MATH.finditer(self._text)]
        return any(start < at < end for start, end in self._math)

    def _suggest(self, found: re.Match[str]) -> None:
        root = _ROOT.fullmatch(found[1])
        if root is None or len(self._notes) >= _MOST_NOTES or self._foreign(found):
            return
        own = [name for name in self._names if not name.startswith("_")]
        near = difflib.get_close_matches(root[1], own, 1, 0.75)
        if near:
            self._note(f"{found[0]} is not a name here; did you mean {{{near[0]}}}?")

    def _note(self, text: str) -> None:
        self._notes[text] = None


def _joined(pieces: Iterable[Any]) -> Iterator[Any]:
    """Join neighbouring texts; no empty ones between media."""
    texts: list[str] = []
    for piece in pieces:
        if isinstance(piece, str):
            texts.append(piece)
            continue
        if text := "".join(texts):
            yield text
        texts = []
        yield piece
    if text := "".join(texts):
        yield text


def _field(inside: str, names: Mapping[str, Any]) -> _Field | None:
    """Read a field, None where it is not an expression over names that exist."""
    if inside != inside.strip():
        return None
    for source, spec in _split(inside):
        plain, conversion, label = source, "", ""
        if source[-2:-1] == "!" and source[-1] in "rsa":
            plain, conversion = source[:-2], source[-1]
        if (shown := plain.rstrip()).endswith("=") and shown[-2:-1] not in "=!<>":
            plain, label = shown[:-1].rstrip(), plain
        code = _code(plain, names)
        if code is not None:
            return _Field(plain, code, conversion, spec, label)
    return None


def _split(inside: str) -> Iterator[tuple[str, str]]:
    """Yield the ways to part a field into expression and format spec."""
    yield inside, ""
    for colon in list(re.finditer(":", inside))[:8]:
        source, spec = inside[: colon.start()], inside[colon.end() :]
        if source and spec and source == source.rstrip() and _SPEC.fullmatch(spec):
            yield source, spec


#: At the top they are another language's, or do what a prompt has no business with.
_REFUSED_TOP = (ast.Tuple, ast.Set, ast.Dict, ast.Lambda, ast.Constant, ast.Starred)
_REFUSED = (ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom)
#: All that an expression over IPython's variables alone may hold: `{In[3]}`.
_LOOK_UP = (
    ast.Expression, ast.Name, ast.Subscript, ast.Attribute, ast.Constant, ast.Slice,
    ast.UnaryOp, ast.USub, ast.expr_context,
)  # fmt: skip


def _code(source: str, names: Mapping[str, Any]) -> CodeType | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes in what may be no Python
            tree = ast.parse(source, mode="eval")
            if not _known(tree, source, names):
                return None
            return compile(tree, "<prompt>", "eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None


def _known(tree: ast.Expression, source: str, names: Mapping[str, Any]) -> bool:
    """Whether every free name exists, and one of them is the user's."""
    top = tree.body
    if isinstance(top, _REFUSED_TOP) and not source.startswith("("):
        return False
    nodes = list(ast.walk(tree))
    if any(isinstance(node, _REFUSED) for node in nodes):
        return False
    used = {node.id for node in nodes if isinstance(node, ast.Name)}
    bound = {
        node.id
        for node in nodes
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    } | {node.arg for node in nodes if isinstance(node, ast.arg)}
    free = used - bound
    known = {name for name in free if name in names}
    if not known or not all(map(namespace.is_builtin, free - known)):
        return False
    if any(namespace.is_own(name) for name in known):
        return True
    return known == free and all(isinstance(node, _LOOK_UP) for node in nodes)
