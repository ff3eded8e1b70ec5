"""The decisions of a review in their file: kept, resumed, cut short, by several."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from glmkit.documents import review_store
from glmkit.documents.review_results import decisions_frame, outcome_of, result_frame
from glmkit.documents.review_store import ReviewDecision, ReviewStore, reviewer_name
from glmkit.documents.review_table import ReviewTable
from glmkit.types.errors import ConfigError
from tests.conftest import ROOT
from tests.documents.evidence_tables import table


def decided(
    verdict: str = "confirmed", who: str = "Ada", **more: object
) -> ReviewDecision:
    fields = {"row": 0, "field": "", "decision": verdict, "reviewer": who, **more}
    return ReviewDecision(**fields)  # type: ignore[arg-type]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "review.jsonl"


def test_a_decision_is_in_the_file_as_a_line_to_read(path: Path) -> None:
    store = ReviewStore(ReviewTable(table()), path)
    store.add(2, decided("corrected", corrected=7, note="unit"))
    head, line = map(json.loads, path.read_text("utf-8").splitlines())
    assert head["digest"] == ReviewTable(table()).digest
    assert line.pop("at").endswith("Z")
    assert line == {
        "row": 1, "field": "revenue", "decision": "corrected", "corrected": 7,
        "note": "unit", "reviewer": "Ada",
    }  # fmt: skip


def test_the_same_table_goes_on_where_it_was(path: Path) -> None:
    first = ReviewStore(ReviewTable(table()), path)
    for number in (0, 3, 5):
        first.add(number, decided())
    again = ReviewStore(ReviewTable(table()), path)
    assert again.numbers == [0, 3, 5]
    assert again.by(3, "Ada") == first.by(3, "Ada")


def test_the_file_is_named_by_the_values_and_quotes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    paths = {
        ReviewStore(ReviewTable(frame)).path
        for frame in (
            table(),
            table().set_axis([7, 7, 7, 7]),
            table(revenue=[1, 2, 3, 4]),
            table(revenue_quote=["a", "b", "c", "d"]),
        )
    }
    assert len(paths) == 3
    assert all(path.parent == tmp_path for path in paths)


def test_a_kernel_killed_in_a_line_loses_that_line_alone(path: Path) -> None:
    store = ReviewStore(ReviewTable(table()), path)
    for number in range(3):
        store.add(number, decided())
    whole = path.read_bytes()
    for cut in range(1, len(whole.splitlines()[-1])):
        path.write_bytes(whole[:-cut])
        again = ReviewStore(ReviewTable(table()), path)
        # Cut before the line break alone, the last line is not known to be whole.
        assert again.numbers == [0, 1]
        again.add(4, decided())
        third = ReviewStore(ReviewTable(table()), path)
        assert [n for n in third.numbers if n != 2] == [0, 1, 4]
        assert third.damaged == (2 not in third.numbers)


def test_without_a_line_break_of_its_own_the_next_decision_would_be_lost(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ReviewStore(ReviewTable(table()), path).add(0, decided())
    path.write_bytes(path.read_bytes()[:-9])
    monkeypatch.setattr(review_store, "_last_byte", lambda *_: b"\n")
    ReviewStore(ReviewTable(table()), path).add(1, decided())
    assert ReviewStore(ReviewTable(table()), path).numbers == []


def test_a_first_line_that_was_cut_short_is_written_again(path: Path) -> None:
    ReviewStore(ReviewTable(table()), path).add(0, decided())
    path.write_bytes(path.read_bytes()[:20])
    ReviewStore(ReviewTable(table()), path).add(1, decided())
    assert ReviewStore(ReviewTable(table()), path).numbers == [1]


_KILLED = """
import os, signal
from glmkit.documents.review_store import ReviewDecision, ReviewStore
from glmkit.documents.review_table import ReviewTable
from tests.documents.evidence_tables import table
# broken
store = ReviewStore(ReviewTable(table(100)))
made = ReviewDecision(row=0, field="", decision="rejected", reviewer="B")
for number in range(150):
    store.add(number, made)
os.kill(os.getpid(), signal.SIGKILL)
"""


#: A store that writes later, as one would that waits for more.
_LATER = "ReviewStore._append = lambda self, line: None"


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
@pytest.mark.parametrize(("broken", "kept"), [("", 150), (_LATER, 0)])
def test_a_killed_process_leaves_every_decision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str, kept: int
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    script = _KILLED.replace("# broken", broken)
    ended = subprocess.run([sys.executable, "-c", script], check=False)
    assert ended.returncode == -9
    assert ReviewStore(ReviewTable(table(100))).numbers == [*range(kept)]


def test_two_reviewers_on_one_file_are_both_kept(path: Path) -> None:
    ada, bea = (ReviewStore(ReviewTable(table()), path) for _ in range(2))
    ada.add(0, decided(who="Ada"))
    assert bea.add(0, decided("rejected", "Bea")) == [0]
    ada.add(0, decided("corrected", "Ada", corrected=5))
    bea.read()
    for store in (ada, bea):
        verdicts = {made.reviewer: made.decision for made in store.of(0)}
        assert verdicts == {"Ada": "corrected", "Bea": "rejected"}
    assert outcome_of(ada.of(0)).state == "differs"
    bea.add(0, decided("corrected", "Bea", corrected=5))
    assert outcome_of(bea.of(0)) == ("corrected", 5)


def test_an_undone_decision_is_gone_and_its_note_may_stay(path: Path) -> None:
    store = ReviewStore(ReviewTable(table()), path)
    store.add(0, decided(note="why?"))
    store.add(1, decided())
    store.add(0, decided("none", note="why?"))
    store.add(1, decided("none"))
    again = ReviewStore(ReviewTable(table()), path)
    assert again.numbers == [0]
    assert outcome_of(again.of(0)).state == "untouched"


def test_lines_that_cannot_be_read_are_counted(path: Path) -> None:
    store = ReviewStore(ReviewTable(table()), path)
    store.add(0, decided())
    odd = ['{"row": 99, "field": "revenue", "decision": "confirmed"}', "[1]", "\udcff"]
    odd += ['{"row": 0, "field": "none of them", "decision": "confirmed"}', ""]
    odd += ['{"row": 0, "field": "revenue", "decision": "burnt"}']
    with path.open("ab") as file:
        file.write("\n".join([*odd, ""]).encode("utf-8", "surrogateescape"))
    again = ReviewStore(ReviewTable(table()), path)
    assert (again.numbers, again.damaged) == ([0], 5)


def test_a_file_that_was_removed_is_written_again_in_full(path: Path) -> None:
    store = ReviewStore(ReviewTable(table()), path)
    for number in range(3):
        store.add(number, decided())
    path.unlink()
    store.add(3, decided())
    assert ReviewStore(ReviewTable(table()), path).numbers == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "held", ["{\n}\n", "\n\n", "a,b\n1,2\n", "{", '{"glmkit_x": 1}']
)
def test_a_file_of_something_else_is_refused_and_left_alone(
    path: Path, held: str
) -> None:
    path.write_text(held, "utf-8")
    with pytest.raises(ConfigError, match="does not hold a review of this table") as e:
        ReviewStore(ReviewTable(table()), path)
    assert "file=" in e.value.hint
    assert path.read_text("utf-8") == held


def test_the_review_of_another_table_is_refused(path: Path) -> None:
    ReviewStore(ReviewTable(table(3)), path).add(0, decided())
    with pytest.raises(ConfigError, match="does not hold a review of this table"):
        ReviewStore(ReviewTable(table(4)), path)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    store = ReviewStore(ReviewTable(table()), tmp_path / "nowhere/review.jsonl")
    with pytest.raises(ConfigError, match="nowhere") as caught:
        store.add(0, decided())
    assert "file=" in caught.value.hint
    assert store.numbers == []


def test_half_of_a_character_is_refused(path: Path) -> None:
    store = ReviewStore(ReviewTable(table()), path)
    with pytest.raises(ConfigError, match="half of a character"):
        store.add(1, decided("corrected", corrected="\ud83d"))
    assert not path.exists()


def test_the_name_of_a_reviewer_is_one_line() -> None:
    assert reviewer_name("Ada\nLovelace\x1b") == "Ada Lovelace"
    assert reviewer_name(None)
    with pytest.raises(ConfigError, match="cannot be a int"):
        reviewer_name(5)  # type: ignore[arg-type]


def test_the_table_of_decisions_has_a_row_for_each_reviewer(path: Path) -> None:
    of = ReviewTable(table())
    store = ReviewStore(of, path)
    assert decisions_frame(of, store).empty
    store.add(2, decided("corrected", corrected=7))
    store.add(2, decided("rejected", "Bea", note="a total"))
    found = decisions_frame(of, store)
    assert [*found.columns] == [
        "row", "field", "value", "decision", "corrected", "note", "reviewer", "at",
    ]  # fmt: skip
    assert found[["row", "value", "decision", "reviewer"]].values.tolist() == [
        [1, 1001, "corrected", "Ada"],
        [1, 1001, "rejected", "Bea"],
    ]
    assert isinstance(found["at"].dtype, pd.DatetimeTZDtype)


def test_the_result_has_the_corrected_values_and_a_state(path: Path) -> None:
    frame = table().set_axis([7, 7, 8, 8])
    of = ReviewTable(frame)
    store = ReviewStore(of, path)
    store.add(0, decided("corrected", corrected=-5))
    store.add(2, decided("rejected"))
    store.add(4, decided())
    store.add(1, decided())
    store.add(1, decided("rejected", "Bea"))
    found = result_frame(of, store)
    assert found["revenue"].tolist() == [-5, pd.NA, 1002, 1003]
    assert found["revenue"].dtype == "Int64"
    states = found["revenue_reviewed"].tolist()
    assert states[:3] == ["corrected", "rejected", "confirmed"]
    assert pd.isna(states[3])
    assert found["company_reviewed"].iloc[0] == "differs"
    assert found["company"].iloc[0] == "Firm 0"
    place = [*found.columns].index("revenue_found")
    assert found.columns[place + 1] == "revenue_reviewed"
    assert [*found.index] == [7, 7, 8, 8]
    assert frame.equals(table().set_axis([7, 7, 8, 8]))


def test_a_column_of_categories_keeps_them_where_it_can(path: Path) -> None:
    kinds = pd.Categorical(["a", "b", "a", "b"])
    of = ReviewTable(table(company=kinds))
    store = ReviewStore(of, path)
    store.add(1, decided("corrected", corrected="b"))
    store.add(3, decided("rejected"))
    found = result_frame(of, store)["company"]
    assert found.dtype == kinds.dtype
    assert found.tolist()[0] == "b"
    assert pd.isna(found.iloc[1])
    store.add(5, decided("corrected", corrected="c"))
    assert result_frame(of, store)["company"].tolist()[2] == "c"


def test_a_column_keeps_its_dtype_where_it_can(path: Path) -> None:
    of = ReviewTable(table())
    store = ReviewStore(of, path)
    store.add(0, decided("corrected", corrected=12))
    store.add(1, decided("corrected", corrected="Firm A"))
    found = result_frame(of, store)
    assert found["revenue"].dtype == table()["revenue"].dtype
    assert found["company"].dtype == table()["company"].dtype
    assert found["company"].iloc[0] == "Firm A"
