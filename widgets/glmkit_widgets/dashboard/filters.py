"""The dashboard's controls: the page and the calls."""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

from glmkit.types.errors import ConfigError
from glmkit.types.translation import _
from glmkit_widgets.dashboard.queries import PAGES, PERIODS, Chosen, first_day, others
from glmkit_widgets.shared.assets import module, style

#: Traits whose change selects other calls or another page.
NAMES = (
    "page", "period", "first", "last", "model", "notebook", "tag", "other", "currency",
    "width",
)  # fmt: skip


class Filters(anywidget.AnyWidget):
    """The page and the calls of a dashboard; each can be set from Python too.

    `model`, `notebook`, `tag`: a value of the ledger, or None for all. `period`: "All
    time", "Today", "7 days", "30 days", "365 days"; `first` and `last` days narrow it.
    `other` is the model to compare prices with, `currency` "CNY" or "USD" ("": the one
    with costs).

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
    #: The width of the view in pixels; a wide view has two panels beside each other.
    width = traitlets.Int(900, min=1).tag(sync=True)
    #: One line about the selected calls.
    status = traitlets.Unicode("").tag(sync=True)

    def __init__(self, **options: Any) -> None:
        listed = others()
        super().__init__(**{"other": listed[0] if listed else "", **options})

    @traitlets.validate("other")
    def _priced(self, proposal: Any) -> str:
        value = str(proposal["value"])
        if value and value not in others():
            raise ConfigError(
                _("the catalogue has no price for {model!r}", model=value),
                hint=_("`glmkit.models()` lists the models with prices."),
            )
        return value

    @property
    def chosen(self) -> Chosen:
        """The filters as a query of the ledger."""
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
