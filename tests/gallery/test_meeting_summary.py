"""The check of the meeting summaries finds what the illustrations never do."""

from __future__ import annotations

import pandas as pd

from tests.gallery.checks import MODULES, check

SEED = 2026


def _values(out: pd.DataFrame) -> dict[str, float]:
    found = check(14, {"out": out})
    return dict(zip(found["measure"], found["value"], strict=True))


def _answers() -> pd.DataFrame:
    return pd.DataFrame(MODULES[14].outcome(SEED)["out"])


def test_no_illustration_invents_an_owner() -> None:
    assert _values(_answers())["invented owners"] == 0


def test_an_owner_who_was_not_there_is_found() -> None:
    out = _answers()
    listed = sum(map(len, out["actions"]))
    out.loc["en-2", "actions"][0]["who"] = "Nobody"
    assert _values(out)["invented owners"] == 1 / listed


def test_an_action_counts_in_other_words_with_its_own_quote() -> None:
    out = _answers()
    for action in (one for actions in out["actions"] for one in actions):
        action["what"] = "see to it"
    before, after = _values(_answers()), _values(out)
    name = "actions right: who, what, when"
    assert after[name] > 0.8 * before[name]
