"""The table of widgets: a new widget is a folder and one row here."""

from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple


class WidgetEntry(NamedTuple):
    """One widget: its class, the class's module, and the `%glm` word that opens it.

    `usage` lists what may follow the word; each part reaches the class as named here.

    | usage           | argument of the class                                   |
    | --------------- | ------------------------------------------------------- |
    | `[--flag]`      | `flag=True`                                             |
    | `[MODEL]`       | `model`, one name                                       |
    | `[MODEL ...]`   | `models`, a list                                        |
    | `[-p PROMPT]`   | the first argument: the rest of the line                |
    | `[NAME]`        | `conversation` and `title`: a chat of the notebook      |
    | `TABLE`         | the first argument: a variable of the notebook          |

    A class that has a `settings` or a `names` argument gets those of the notebook. A
    widget without a `word` is a part of others.
    """

    name: str
    module: str
    word: str = ""
    usage: str = ""
    help: str = ""

    def load(self) -> Any:
        """Import the class."""
        return getattr(import_module(f"glmkit_widgets.{self.module}"), self.name)


WIDGETS = (
    WidgetEntry(
        "Dashboard",
        "dashboard.dashboard",
        "dashboard",
        help="Show where tokens and money went",
    ),
    WidgetEntry(
        "Controls",
        "controls.controls",
        "controls",
        help="Set model, temperature and other options by hand",
    ),
    WidgetEntry("Chat", "chat.chat", "talk", "[NAME]", "Open a chat"),
    WidgetEntry(
        "Compare",
        "compare.compare",
        "compare",
        "[--blind] [MODEL ...] [-p PROMPT]",
        "Compare the answers of several models",
    ),
    WidgetEntry(
        "TemperatureTheatre",
        "theatre.theatre",
        "theatre",
        "[MODEL] [-p PROMPT]",
        "Show what temperature does to answers",
    ),
    WidgetEntry(
        "PromptLab",
        "lab.lab",
        "promptlab",
        "[MODEL ...] [-p PROMPT]",
        "Try a prompt on a table of inputs",
    ),
    WidgetEntry(
        "TokenRuler",
        "ruler.ruler",
        "ruler",
        "[MODEL] [-p PROMPT]",
        "Count a prompt's tokens against the context window",
    ),
    WidgetEntry(
        "Review",
        "review.review",
        "review",
        "TABLE",
        "Check extracted values against their pages",
    ),
    WidgetEntry("LiveAnswer", "shared.answer"),
    WidgetEntry("Filters", "dashboard.filters"),
)
