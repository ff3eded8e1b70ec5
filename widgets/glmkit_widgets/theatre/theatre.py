"""The temperature theatre: one prompt at several temperatures, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import traitlets

from glmkit.render import escaped
from glmkit.types.errors import ConfigError
from glmkit.types.translation import _
from glmkit_widgets.columns.columns import Column, Columns, Settings
from glmkit_widgets.shared.answer_runner import AnswerRun
from glmkit_widgets.shared.arguments import numbers_of
from glmkit_widgets.shared.assets import module, style
from glmkit_widgets.theatre.spread import AnswerText, Spread, sentence, spreads

if TYPE_CHECKING:
    from glmkit.client.clients import Client

_TEMPERATURES = (0, 0.25, 0.5, 0.75, 1.0)
_MOST_TEMPERATURES, _MOST_REPEATS = 8, 4
#: The facts below each answer; the rest would distract from the texts.
_FACTS = {"Tokens", "Cost", "Time", "Answered by"}


class TemperatureTheatre(Columns):
    """Show what temperature does: one prompt, asked at several, all at once.

    Each of two to eight `temperatures` (0 to 1) gets `repeats` answers (1 to 4), and a
    chart shows the share of words in which they differ. The first display asks;
    `.run()` asks again, `.wait()` waits. `model` None is that of
    `settings`, else the client's; `options` are those of `Client.chat`. `.value` is a
    tuple of `AnswerResult`, `.to_frame()` the same as a DataFrame, `.spreads` the
    numbers of the chart. Raises ConfigError.

    >>> theatre = TemperatureTheatre("Name a colour.", (0, 1), repeats=3)
    >>> len(theatre.columns)
    6
    >>> theatre.close()
    """

    _esm = module("shared/dom", "shared/live", "columns/columns", "theatre/theatre")
    _css = style("shared/live", "shared/ground", "columns/columns", "theatre/theatre")

    repeats = traitlets.Int(2).tag(sync=True)
    #: The numbers of the chart: temperature, within, from_first and same of `Spread`.
    measures: traitlets.List[Any] = traitlets.List(read_only=True).tag(sync=True)
    #: The chart in one or two sentences.
    summary = traitlets.Unicode("", read_only=True).tag(sync=True)

    def __init__(
        self,
        prompt: str = "",
        temperatures: Sequence[float] = _TEMPERATURES,
        repeats: int = 2,
        model: str | None = None,
        client: Client | None = None,
        settings: Settings | None = None,
        *,
        layout: Any = None,
        **options: Any,
    ) -> None:
        self._temperatures = _checked(temperatures)
        self.spreads: list[Spread] = []
        if model is not None:
            options["model"] = model
        shown = {} if layout is None else {"layout": layout}
        super().__init__(prompt, client, settings, options, repeats=repeats, **shown)
        self.observe(self._edited, "repeats")

    @traitlets.validate("repeats")
    def _few(self, proposal: Any) -> int:
        if not 1 <= proposal["value"] <= _MOST_REPEATS:
            raise ConfigError(
                _("repeats cannot be {count}", count=proposal["value"]),
                hint=_("Use 1 to {most}.", most=_MOST_REPEATS),
            )
        return int(proposal["value"])

    def _edited(self, _change: Any) -> None:
        with self._lock:
            if not self._under_way and not self._results:
                self._replan()

    def _plan(self) -> list[Column]:
        options = self._chosen()
        return [
            Column(
                key=f"{place}.{repeat}",
                group=str(place),
                heading=_("Temperature {value:g}", value=temperature),
                title=_("Answer {number}", number=repeat) if self.repeats > 1 else "",
                options={**options, "temperature": temperature},
                repeat=repeat,
            )
            for place, temperature in enumerate(self._temperatures)
            for repeat in range(1, self.repeats + 1)
        ]

    def run(self) -> None:
        """Ask at all temperatures at once. Raises ConfigError."""
        with self._lock:
            super().run()
            self._measure()

    def _facts(self, key: str) -> list[tuple[str, str]]:
        return [fact for fact in super()._facts(key) if fact[0] in _FACTS]

    def _grew(self) -> None:
        super()._grew()
        self._measure()

    def _end(self, column: Column, run: AnswerRun) -> None:
        super()._end(column, run)
        if not self._under_way:
            self._measure()

    def _measure(self) -> None:
        """Measure how much the answers differ so far."""
        with self._lock:
            answers = {
                temperature: [
                    self._answer(column)
                    for column in self._columns
                    if column.group == str(place)
                ]
                for place, temperature in enumerate(self._temperatures)
            }
        found = spreads(answers)
        with self._lock:
            self.spreads = found
            self.set_trait("measures", [msgspec.to_builtins(each) for each in found])
            self.set_trait("summary", "" if self._under_way else sentence(found))

    def _answer(self, column: Column) -> AnswerText:
        if result := self._results.get(column.key):
            return AnswerText(result.text, whole=result.state == "done")
        run = self._under_way.get(column.key)
        return AnswerText("" if run is None else run.text, whole=False)

    def _do(self, name: str, content: dict[str, Any]) -> None:
        if name == "run" and isinstance(content.get("repeats"), int):
            self.repeats = content["repeats"]
        super()._do(name, content)

    def _above(self) -> tuple[str, str]:
        if not self.summary:
            return "", ""
        bars = "".join(_bar(each) for each in self.spreads)
        return f"<p>{escaped(self.summary)}</p><table>{bars}</table>", self.summary


def _bar(each: Spread) -> str:
    """Return a row of the chart: a temperature, and how much its answers differ."""
    apart = each.from_first if each.within is None else each.within
    if apart is None:
        return ""
    width = f"{apart * 100:.1f}%"
    return (
        f'<tr><th scope="row">Temperature {each.temperature:g}</th>'
        f'<td class="number">{apart:.0%} different</td>'
        f'<td class="bars"><span class="bar" style="width:{width}"></span></td></tr>'
    )


def _checked(temperatures: Sequence[float]) -> list[float]:
    found = sorted(numbers_of(temperatures))
    fits = all(0 <= each <= 1 for each in found)
    if not (fits and 2 <= len(found) <= _MOST_TEMPERATURES):
        raise ConfigError(
            _("temperatures cannot be {values}", values=[*temperatures]),
            hint=_(
                "Use 2 to {most} different numbers from 0 to 1.",
                most=_MOST_TEMPERATURES,
            ),
        )
    return found
