"""The dashboard's controls: which page, and which calls."""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

from glmkit.types.errors import ConfigError
from glmkit_widgets.dashboard.queries import PAGES, PERIODS, Chosen, first_day, others
from glmkit_widgets.shared.assets import module, style

#: What a change of means other calls or another page.
NAMES = (
    "page", "period", "first", "last", "model", "notebook", "tag", "other", "currency",
    "width",
)  # fmt: skip


class Filters(anywidget.AnyWidget):
    """Which page and which calls a dashboard shows; each can be set from Python too.

    `model`, `notebook`, `tag`: one of those there are, or None for all. `period`: "All
    time", "Today", "7 days", "30 days", "365 days"; `first` and `last` days narrow it.
    `other` is the model of "what if", `currency` "CNY" or "USD" ("": the one there is).

    >>> filters = Filters()
    >>> filters.page
    'Spend'
    """

    _esm = module("shared/dom", "dashboard/filters")
    _css = style("shared/ground", "dashboard/filters")

    page = traitlets.Enum([*PAGES], "Spend").tag(sync=True)
    pages: traitlets.List[Any] = traitlets.List([*PAGES]).tag(sync=True)
    period = traitlets.Enum([*PERIODS], "All time").tag(sync=True)
    periods: traitlets.List[Any] = traitlets.List([*PERIODS]).tag(sync=True)
    first = traitlets.Unicode("").tag(sync=True)
    last = traitlets.Unicode("").tag(sync=True)
    model = traitlets.Unicode(None, allow_none=True).tag(sync=True)
    notebook = traitlets.Unicode(None, allow_none=True).tag(sync=True)
    tag = traitlets.Unicode(None, allow_none=True).tag(sync=True)
    other = traitlets.Unicode("").tag(sync=True)
    currency = traitlets.Unicode("").tag(sync=True)
    choices: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    #: Pixels that the view has; where there is room two panels stand beside each other.
    width = traitlets.Int(900, min=1).tag(sync=True)
    #: One line on the calls that are shown.
    status = traitlets.Unicode("").tag(sync=True)

    def __init__(self, **options: Any) -> None:
        listed = others()
        super().__init__(**{"other": listed[0] if listed else "", **options})

    @traitlets.validate("other")
    def _priced(self, proposal: Any) -> str:
        value = str(proposal["value"])
        if value and value not in others():
            raise ConfigError(
                f"the catalogue has no price of {value!r}", hint="See glmkit.models()."
            )
        return value

    @property
    def chosen(self) -> Chosen:
        """The filters as the ledger is asked."""
        begun = [day for day in (first_day(self.period), self.first) if day]
        return Chosen(
            max(begun, default=None),
            self.last or None,
            self.model,
            self.notebook,
            self.tag,
            self.other,
            self.currency,
        )
