"""The table of widgets: what is importable, what `%glm` opens, what Tab completes."""

from __future__ import annotations

from pathlib import Path

import pytest

import glmkit.widgets
import glmkit_widgets
from glmkit.notebook import completion
from glmkit.notebook.magics import widgets as words
from glmkit.notebook.magics.commands import COMMANDS
from glmkit.types.errors import ConfigError
from glmkit_widgets.registry import WIDGETS, WidgetEntry
from tests.conftest import Paced, Run

#: Parts of several widgets.
_SHARED = {"shared", "columns"}


def entry(word: str) -> WidgetEntry:
    return next(entry for entry in WIDGETS if entry.word == word)


def test_every_folder_has_a_row_and_every_row_a_folder() -> None:
    package = Path(glmkit_widgets.__file__).parent
    folders = {path.parent.name for path in package.glob("*/__init__.py")}
    listed = {entry.module.split(".")[0] for entry in WIDGETS}
    assert folders - _SHARED == listed - _SHARED
    for entry in WIDGETS:
        assert entry.load().__name__ == entry.name
        assert getattr(glmkit.widgets, entry.name) is entry.load()


def test_a_word_opens_each_widget_that_is_no_part_of_another() -> None:
    parts = {entry.name for entry in WIDGETS if not entry.word}
    assert parts == {"LiveAnswer", "Filters"}
    assert {entry.word for entry in WIDGETS if entry.word} <= {*COMMANDS}
    assert "promptlab" in COMMANDS
    assert "lab" not in COMMANDS


def test_a_row_says_what_help_says() -> None:
    assert COMMANDS["talk"][1:3] == ("Open a chat", "[NAME]")


@pytest.mark.parametrize(
    ("word", "line", "prompt", "options"),
    [
        ("compare", "", [], {}),
        ("compare", "a,b c", [], {"models": ["a", "b", "c"]}),
        ("compare", "--blind -p Is -p it?", ["Is -p it?"], {"blind": True}),
        ("theatre", "a -p Why?", ["Why?"], {"model": "a"}),
        ("ruler", "--prompt Why?", ["Why?"], {}),
        ("promptlab", "a -p {x}", ["{x}"], {"models": ["a"]}),
        ("talk", "sky", [], {"conversation": "sky"}),
        ("controls", "", [], {}),
    ],
)
def test_the_words_become_arguments(
    word: str, line: str, prompt: list[str], options: dict[str, object]
) -> None:
    assert words.arguments(entry(word), tuple(line.split())) == (prompt, options)


@pytest.mark.parametrize(
    ("word", "line", "message", "hint"),
    [
        ("compare", "--bold", "has no option '--bold'", "[--blind] [MODEL ...]"),
        ("compare", "--blindly", "has no option '--blindly'", "%glm compare"),
        ("theatre", "a b", "takes one model, not 2", "%glm theatre [MODEL]"),
        ("talk", "my chat", "takes one conversation name", '"my chat"'),
        ("talk", "-p Why?", "has no option '-p'", "%glm talk [NAME]"),
        ("controls", "now", "takes nothing after it", "%glm controls` alone"),
        ("dashboard", "-p x", "has no option '-p'", "%glm dashboard`"),
    ],
)
def test_other_words_are_refused_with_what_there_is(
    word: str, line: str, message: str, hint: str
) -> None:
    with pytest.raises(ConfigError, match=r"^`%glm") as caught:
        words.arguments(entry(word), tuple(line.split()))
    assert message in str(caught.value)
    assert hint in caught.value.hint


def test_tab_completes_what_the_usage_lists(
    run: Run, place: Paced, shell: object
) -> None:
    from glmkit.notebook import extension

    here = extension.of(shell)  # type: ignore[arg-type]
    run("%%glm --chat sky\nWhy?")
    assert "promptlab" in completion.completions(here, "%glm pro", "pro")
    assert completion.completions(here, "%glm compare --b", "--b") == ["--blind"]
    assert "glm-4-plus" in completion.completions(here, "%glm theatre glm-4", "glm-4")
    assert completion.completions(here, "%glm talk s", "s") == ["sky"]
    assert completion.completions(here, "%glm dashboard g", "g") == []
