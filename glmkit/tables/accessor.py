"""`df.glm` and `series.glm`: one verb over the rows of a table."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal, Unpack

import pandas as pd

from glmkit.client.clients import Client
from glmkit.tables import verbs
from glmkit.tables.evidence import with_evidence
from glmkit.tables.frame import columns_of, cost_of, group_frame
from glmkit.tables.plan import Plan
from glmkit.tables.preparation import RowTask
from glmkit.tables.pseudonyms import pseudonyms_of
from glmkit.tables.reduction import Rounds, one_column, reduced
from glmkit.tables.relevant_pages import RelevantPages, relevant_pages
from glmkit.tables.rows import Rows
from glmkit.tables.run_options import (
    RunOptions,
    budget_of,
    checked_request,
    client_of,
    run_id,
)
from glmkit.tables.template import name_of, worded
from glmkit.tables.vectors import similarities, table_of, vectors_of
from glmkit.tables.verbs import Verb, already, check_targets
from glmkit.types.errors import ConfigError
from glmkit.types.money import Money
from glmkit.types.translation import _


def register() -> None:
    """Add the verbs to pandas, once: `df.glm` and `series.glm`."""
    if getattr(pd.DataFrame, "glm", None) is not TableVerbs:
        pd.api.extensions.register_dataframe_accessor("glm")(TableVerbs)
        pd.api.extensions.register_series_accessor("glm")(TableVerbs)


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
        evidence: bool = False,
        run: bool = True,
        **options: Unpack[RunOptions],
    ) -> Any:
        """Choose a label for each row, or with `multi` a list of those that fit.

        The column is a category of the labels. `evidence` adds the words of the row
        that show it, as in `extract`, and `{to}_span`, where they begin and end in the
        text of their page. Raises ConfigError for one label.
        """
        verb = verbs.classify(labels, multi, to)
        if evidence:
            verb = with_evidence(verb, spans=True)
        return self._do(verb, template, run, options)

    def extract(  # type: ignore[misc]
        self,
        template: str | None = None,
        *,
        schema: Any,
        to: str = "extract",
        evidence: bool = False,
        pages: Literal["all", "relevant"] = "all",
        run: bool = True,
        **options: Unpack[RunOptions],
    ) -> Any:
        """Fill the fields of a schema from each row, a typed column each.

        `schema` is what `Client.chat` takes; `to` names the bookkeeping columns.
        `evidence` adds beside each field `_quote`, `_page` where the quote stands, and
        `_found`: "exact", "normalised" (but for width, blanks, hyphens, grouping),
        "value differs" (the number there, with its sign and unit, is another) or "not
        found". `pages` "relevant" sends of a text of `glmkit.read` only the pages that
        fit a field's name and description; a plan prices both.

            class Income(msgspec.Struct):
                revenue: Annotated[float, msgspec.Meta(description="in million CNY")]

            docs.glm.extract("{document}", schema=Income, evidence=True)
        """
        verb = verbs.extract(schema, to)
        asked = with_evidence(verb) if evidence else verb
        relevant = relevant_pages(verb, pages, client_of(options.get("client")))
        return self._do(asked, template, run, options, relevant)

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
        given: dict[str, Any] = dict(options)
        if "run" in given:
            raise ConfigError(
                _("reduce has no plan: its later rounds depend on the answers"),
                hint=_("budget= caps what it may cost."),
            )
        rounds = Rounds(
            given.get("fresh", False),
            given.get("retry"),
            budget_of(given.get("budget")),
        )
        names = {name_of(name) for name in self._rows.names}
        task = self._plan(verb, template, given, names).task
        one_column(task.template.columns)
        keys, groups = self._rows.groups(by)
        if keys is not None and {*verb.added} & {*map(name_of, keys.names)}:
            raise already(to)
        texts = [[worded(task.values[place][0]) for place in g] for g in groups]
        return group_frame(verb, reduced(task, texts, rounds), keys)

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

        Neither the ledger nor a cassette keeps vectors: keep the frame, or ask again.
        `dimensions` None is the model's default.
        """
        verb = verbs.embed(to)
        check_targets(verb, [name_of(name) for name in self._rows.names])
        bound = self._rows.template(template)
        secret = pseudonyms_of(hide, self._rows.columns())
        texts = [
            secret.hide(str(bound.fill(values))).text
            for values in self._rows.values(bound)
        ]
        unique = list(dict.fromkeys(texts))
        place = {text: number for number, text in enumerate(unique)}
        used = client_of(client)
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
        if type(k) is not int or k < 1:
            raise ConfigError(
                _("nearest cannot return {k!r} rows", k=k),
                hint=_("Pass a whole number from 1 on: k=5."),
            )
        places, table = table_of(columns[vector])  # raises before anything is sent
        found = client_of(client).embeddings(query, model=model, dimensions=dimensions)
        cosines = dict(zip(places, similarities(table, found[0]), strict=True))
        best = sorted(places, key=lambda place: -cosines[place])[:k]
        chosen = self._rows.at(best)
        return chosen.with_columns({to: [cosines[place] for place in best]})

    def cost(self) -> Money | None:
        """Return what all verbs of this frame have cost; None where it is not known."""
        return cost_of(self._rows.frame)

    def _do(
        self,
        verb: Verb,
        template: str | None,
        run: bool,
        options: Mapping[str, Any],
        pages: RelevantPages | None = None,
    ) -> Any:
        plan = self._plan(verb, template, dict(options), pages=pages)
        return plan.run() if run else plan

    def _plan(
        self,
        verb: Verb,
        template: str | None,
        options: dict[str, Any],
        free: Collection[str] = (),
        pages: RelevantPages | None = None,
    ) -> Plan:
        """Check all that can be known before anything is sent.

        `free` are names that columns may have all the same.
        """
        names = [name_of(name) for name in self._rows.names]
        check_targets(verb, [name for name in names if name not in free])
        bound = self._rows.template(template)
        client = client_of(options.pop("client", None))
        budget = budget_of(options.pop("budget", None))
        hidden = pseudonyms_of(options.pop("hide", ()), self._rows.columns())
        fresh, retry = options.pop("fresh", False), options.pop("retry", None)
        if not (retry is None or retry == "uncertain"):
            raise ConfigError(
                _("retry cannot be {value!r}", value=retry),
                hint=_("retry='uncertain' asks again what may have been billed."),
            )
        if options.get("schema") is not None:
            raise ConfigError(
                _("{verb} takes no schema", verb=verb.name),
                hint=_("df.glm.extract fills the fields of a schema."),
            )
        system = options.get("system")
        if (
            not (system is None or isinstance(system, str))
            or hidden.hide(system or "").names
        ):
            raise ConfigError(
                _("system= is not a text, or holds what is to be hidden"),
                hint=_("Pass a text without the names and numbers of hide=."),
            )
        if verb.form is not None:
            options["schema"] = verb.form
        if verb.instruction:
            options["system"] = "\n\n".join(filter(None, (system, verb.instruction)))
        request = checked_request(client, options)
        task = RowTask(
            verb, bound, self._rows.values(bound), client, options,
            run_id(verb, bound.text, client, request), hidden, pages,
        )  # fmt: skip
        return Plan(self._rows, task, fresh=fresh, retry=retry, budget=budget)
