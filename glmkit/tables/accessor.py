"""`df.glm` and `series.glm`: one verb over the rows of a table."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal, Unpack

import msgspec
import pandas as pd

from glmkit.client import default
from glmkit.client.clients import Client
from glmkit.ledger.views.budgets import money_of
from glmkit.tables import verbs
from glmkit.tables.frame import columns_of, cost_of, group_frame
from glmkit.tables.plan import Plan
from glmkit.tables.preparation import RowTask
from glmkit.tables.pseudonyms import pseudonyms_of
from glmkit.tables.reduction import one_column, reduced
from glmkit.tables.rows import Rows
from glmkit.tables.template import worded
from glmkit.tables.vectors import similarities, vectors_of
from glmkit.tables.verbs import Verb, already, check_targets
from glmkit.types.errors import ConfigError
from glmkit.types.messages import canonical_key
from glmkit.types.money import Money
from glmkit.types.options import Options
from glmkit.types.translation import _


def register() -> None:
    """Add the verbs to pandas, once: `df.glm` and `series.glm`."""
    if getattr(pd.DataFrame, "glm", None) is not TableVerbs:
        pd.api.extensions.register_dataframe_accessor("glm")(TableVerbs)
        pd.api.extensions.register_series_accessor("glm")(TableVerbs)


class RunOptions(Options, total=False):
    """What every verb takes beside the options of a chat.

    `client` asks (None: the default one); `fresh` asks again what was answered before;
    `retry` "uncertain" asks again what may have been billed; `budget` is the most that
    the run may cost, as text ("5 CNY") or Money; `hide` lists what is replaced by
    pseudonyms before a prompt leaves: "phone", "id", "email", a column's name, a
    compiled pattern, a list of texts. `run` False returns the plan.
    """

    client: Client | None
    fresh: bool
    retry: Literal["uncertain"] | None
    budget: str | Money | None
    hide: Sequence[Any]


class TableVerbs:
    """Verbs over the rows of a DataFrame or a Series.

    Each asks the model once for every different prompt and returns a new frame: the
    old columns, the answers in typed columns, and beside them `{to}_status`, `_error`,
    `_tokens`, `_cost`, `_currency` and `_model`. A row never raises: its status says
    "done", "kept" (answered by an earlier run), "failed", "uncertain" (it may have
    been billed), "refused" (no budget for it) or "too long". Run again, a verb asks
    only what is not answered yet. With `run=False` it returns a `Plan`.

    A template names columns in braces; of a Series, `{value}`.

        import glmkit.pandas
        out = df.glm.classify("{text}", labels=["praise", "complaint"])
    """

    def __init__(self, table: pd.DataFrame | pd.Series[Any]) -> None:
        self._rows = Rows(table)

    def map(
        self,
        template: str | None = None,
        *,
        to: str = "answer",
        run: bool = True,
        **options: Unpack[RunOptions],
    ) -> Any:
        """Ask the prompt of each row; the answer's text goes into the column `to`.

        df.glm.map("Translate into {language}: {text}", to="translation")
        """
        return self._do(verbs.map_(to), template, run, options)

    def classify(
        self,
        template: str | None = None,
        *,
        labels: Sequence[str],
        multi: bool = False,
        to: str = "label",
        run: bool = True,
        **options: Unpack[RunOptions],
    ) -> Any:
        """Choose a label for each row, or with `multi` a list of those that fit.

        The column is a category of the labels. Raises ConfigError for one label.
        """
        return self._do(verbs.classify(labels, multi, to), template, run, options)

    def extract(  # type: ignore[misc]
        self,
        template: str | None = None,
        *,
        schema: Any,
        to: str = "extract",
        run: bool = True,
        **options: Unpack[RunOptions],
    ) -> Any:
        """Fill the fields of a schema from each row, a typed column each.

        `schema` is what `Client.chat` takes; `to` names the bookkeeping columns.
        """
        return self._do(verbs.extract(schema, to), template, run, options)

    def score(
        self,
        template: str | None = None,
        *,
        rubric: str = "",
        low: int = 1,
        high: int = 5,
        to: str = "score",
        run: bool = True,
        **options: Unpack[RunOptions],
    ) -> Any:
        """Give each row a whole number from `low` to `high` by a rubric."""
        return self._do(verbs.score(rubric, low, high, to), template, run, options)

    def filter(
        self,
        template: str | None = None,
        *,
        to: str = "filter",
        run: bool = True,
        **options: Unpack[RunOptions],
    ) -> Any:
        """Keep the rows for which a statement is true: `"{text} is about rain"`.

        Rows without an answer stay as well, so that none is lost unseen: `{to}` is NA
        there, and `{to}_status` says why.
        """
        found = self._do(verbs.filter_(to), template, run, options)
        if isinstance(found, Plan):
            return found
        return found[found[to].fillna(True).astype(bool)]

    def reduce(
        self,
        template: str | None = None,
        *,
        by: Any = None,
        to: str = "answer",
        **options: Unpack[RunOptions],
    ) -> pd.DataFrame:
        """Answer once for all rows, or for each group of `by`, over any length.

        The template is asked over portions of the rows that fit the model's window,
        then over the answers. The groups are the index of the new frame.

        df.glm.reduce("Summarise: {text}", by="month", to="summary")
        """
        verb = verbs.map_(to)
        names = {str(name) for name in self._rows.names}
        plan = self._plan(verb, template, dict(options), names)
        task = plan.task
        one_column(task.template.columns)
        groups = self._rows.groups(by)
        texts = [[worded(task.values[place][0]) for place in g] for _key, g in groups]
        return group_frame(verb, reduced(task, texts), [key for key, _g in groups], by)

    def embed(
        self,
        template: str | None = None,
        *,
        to: str = "vector",
        model: str = "embedding-3",
        dimensions: int | None = None,
        client: Client | None = None,
        hide: Sequence[Any] = (),
    ) -> pd.DataFrame:
        """Return the rows with a vector each, as a list of numbers.

        Vectors are not kept in the ledger: a cassette keeps them from being asked
        again. `dimensions` None is the model's default.
        """
        verb = verbs.embed(to)
        check_targets(verb, [str(name) for name in self._rows.names])
        bound = self._rows.template(template)
        secret = pseudonyms_of(hide, self._rows.columns())
        texts = [
            secret.hide(str(bound.fill(values))).text
            for values in self._rows.values(bound)
        ]
        unique = list(dict.fromkeys(texts))
        place = {text: number for number, text in enumerate(unique)}
        used = client or default.client()
        outcomes = vectors_of(used, unique, model, dimensions)
        columns = columns_of(
            verb, outcomes, [place[text] for text in texts], len(texts)
        )
        return self._rows.with_columns(columns)

    def nearest(
        self,
        query: str,
        k: int = 5,
        *,
        vector: str = "vector",
        to: str = "similarity",
        model: str = "embedding-3",
        dimensions: int | None = None,
        client: Client | None = None,
    ) -> pd.DataFrame:
        """Return the `k` rows whose `vector` is nearest to a text, the nearest first.

        The column `to` is the cosine, 1 for the same direction. Rows without a vector
        are left out. Raises ConfigError where there is no such column.
        """
        columns = self._rows.columns()
        if vector not in columns:
            raise ConfigError(
                _("there is no column {name!r} of vectors", name=vector),
                hint=_('Make one first: df = df.glm.embed("{column}").'),
            )
        if to in columns:
            raise already(to)
        found = (client or default.client()).embeddings(
            query, model=model, dimensions=dimensions
        )
        cosines = similarities(columns[vector], found[0])
        there = [place for place, cosine in enumerate(cosines) if cosine is not None]
        best = sorted(there, key=lambda place: -(cosines[place] or 0.0))[:k]
        chosen = self._rows.at(best)
        return chosen.with_columns({to: [cosines[place] for place in best]})

    def cost(self) -> Money | None:
        """Return what all verbs of this frame have cost; None where it is not known."""
        return cost_of(self._rows.frame)

    def _do(
        self, verb: Verb, template: str | None, run: bool, options: Mapping[str, Any]
    ) -> Any:
        plan = self._plan(verb, template, dict(options))
        return plan.run() if run else plan

    def _plan(
        self,
        verb: Verb,
        template: str | None,
        options: dict[str, Any],
        free: Collection[str] = (),
    ) -> Plan:
        """Check all that can be known before anything is sent.

        `free` are names that columns may have all the same.
        """
        names = [str(name) for name in self._rows.names]
        check_targets(verb, [name for name in names if name not in free])
        bound = self._rows.template(template)
        client = options.pop("client", None) or default.client()
        budget = _budget(options.pop("budget", None))
        hidden = pseudonyms_of(options.pop("hide", ()), self._rows.columns())
        fresh, retry = options.pop("fresh", False), options.pop("retry", None)
        if retry not in {None, "uncertain"}:
            raise ConfigError(
                _("retry cannot be {value!r}", value=retry),
                hint=_("retry='uncertain' asks again what may have been billed."),
            )
        if verb.form is not None:
            options["schema"] = verb.form
        if verb.instruction:
            parts = (options.get("system"), verb.instruction)
            options["system"] = "\n\n".join(filter(None, parts))
        client.request("-", options)  # raises for a wrong option
        task = RowTask(
            verb, bound, self._rows.values(bound), client, options,
            _run_id(verb, bound.text, client, options), hidden,
        )  # fmt: skip
        return Plan(self._rows, task, fresh=fresh, retry=retry, budget=budget)


def _run_id(
    verb: Verb, template: str, client: Client, options: Mapping[str, Any]
) -> str:
    """Return the id of a run: what is asked, of which model, where."""
    request, _form = client.request("-", options)
    what = (verb.name, template, client.model, client.access.endpoint.name)
    text = msgspec.json.encode((*what, canonical_key(request)))
    return hashlib.sha256(text).hexdigest()[:16]


def _budget(value: str | Money | None) -> Money | None:
    if value is None or isinstance(value, Money):
        return value
    amount, _blank, currency = str(value).strip().partition(" ")
    return money_of(amount, currency.strip() or "CNY")
