"""Docstrings and messages are plain English: no literal holds a turn of the list.

Of the widgets' scripts and style sheets, string literals and comments are read.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("glmkit", "widgets/glmkit_widgets")

#: A turn, as a pattern → what to write.
TURNS = {
    r"can not": "cannot",
    r"anew": "again, or new",
    r"the persons?'?s?": "the user",
    r"persons?'s own": "the user's",
    r"of ours": "our, or of glmkit",
    r"told": "shown, reported, or say who does what",
    r"said": "written, or say who does what",
    r"given": "passed, or name the argument",
    r"(?<!there )(?:is|are|was|were) no (?!longer|(?:more|one|less)\b)[a-z]+": "not a",
    r"ha[sd] to do with": "concerns",
    r"dearest": "most expensive",
}
_PATTERN = re.compile(
    "|".join(rf"(?P<t{n}>\b{turn}\b)" for n, turn in enumerate(TURNS)), re.IGNORECASE
)


#: A comment or a string literal of JavaScript or CSS.
_SCRIPT = re.compile(
    r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`""",
    re.DOTALL,
)


def script_strings(source: str) -> Iterator[tuple[int, str]]:
    """Yield every string literal and comment of a script or sheet with its line."""
    for found in _SCRIPT.finditer(source):
        yield source.count("\n", 0, found.start()) + 1, found.group()


def strings(source: str) -> Iterator[tuple[int, str]]:
    """Yield every string literal and docstring with its line, doctests left out."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            kept = [
                line
                for line in node.value.splitlines()
                if not line.lstrip().startswith(">>>")
            ]
            yield node.lineno, "\n".join(kept)


def turns(source: str, suffix: str = ".py") -> list[tuple[int, str, str]]:
    """Return line, turn and advice for each turn of the list."""
    found = []
    read = strings if suffix == ".py" else script_strings
    for line, text in read(source):
        for match in _PATTERN.finditer(" ".join(text.split())):
            number = int((match.lastgroup or "t0")[1:])
            found.append((line, match.group(), list(TURNS.values())[number]))
    return found


def modules() -> list[Path]:
    files = [path for folder in PACKAGES for path in (ROOT / folder).rglob("*.*")]
    return sorted(path for path in files if path.suffix in {".py", ".js", ".css"})


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_speaks_plainly(path: Path) -> None:
    assert turns(path.read_text("utf-8"), path.suffix) == []


def test_a_turn_is_found() -> None:
    assert turns('x = "it can not be made anew"')
    assert turns('def f():\n    """A word is\n    no number."""')
    assert not turns('x = "it is no longer there"')


def test_a_turn_is_found_in_a_script() -> None:
    assert turns("f(x); // what it has to do with", ".js")[0][0] == 1
    assert turns('f();\ng("it can not be");', ".js")[0][0] == 2
    assert turns("f(`${n} anew`)", ".js")
    assert turns("/* a word\n   of ours */ a { color: red }", ".css")
    assert turns("said(told);", ".js") == []


if __name__ == "__main__":  # python -m tests.repository.test_prose glmkit/wire
    for module in modules():
        if not sys.argv[1:] or any(part in str(module) for part in sys.argv[1:]):
            text = module.read_text("utf-8")
            for line, turn, advice in turns(text, module.suffix):
                print(f"{module.relative_to(ROOT)}:{line}: {turn!r}: {advice}")
