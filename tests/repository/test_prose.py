"""Docstrings and messages are plain English: no literal holds a turn of the list."""

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


def turns(source: str) -> list[tuple[int, str, str]]:
    """Return line, turn and advice for each turn of the list."""
    found = []
    for line, text in strings(source):
        for match in _PATTERN.finditer(" ".join(text.split())):
            number = int((match.lastgroup or "t0")[1:])
            found.append((line, match.group(), list(TURNS.values())[number]))
    return found


def modules() -> list[Path]:
    return sorted(p for folder in PACKAGES for p in (ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_speaks_plainly(path: Path) -> None:
    assert turns(path.read_text("utf-8")) == []


def test_a_turn_is_found() -> None:
    assert turns('x = "it can not be made anew"')
    assert turns('def f():\n    """A word is\n    no number."""')
    assert not turns('x = "it is no longer there"')


if __name__ == "__main__":  # python -m tests.repository.test_prose glmkit/wire
    for module in modules():
        if not sys.argv[1:] or any(part in str(module) for part in sys.argv[1:]):
            for line, turn, advice in turns(module.read_text("utf-8")):
                print(f"{module.relative_to(ROOT)}:{line}: {turn!r}: {advice}")
