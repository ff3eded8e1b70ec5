"""Quality inspection: the planted truth of a talk can be seen in its text."""

from __future__ import annotations

import json

from tests.gallery.checks import GALLERY

SOURCE = json.loads((GALLERY / "data/service_talks.json").read_text("utf-8"))


def test_every_line_of_the_truth_stands_in_its_talk() -> None:
    for talk in SOURCE["talks"]:
        said = talk["text"].splitlines()
        lines = [line for line in talk["lines"].values() if line]
        assert all(any(one.endswith(line) for one in said) for line in lines)


def test_no_line_keeps_a_step_in_one_talk_and_breaks_it_in_another() -> None:
    for step in SOURCE["steps"]:
        by_verdict: dict[bool, set[str]] = {True: set(), False: set()}
        for talk in SOURCE["talks"]:
            if line := talk["lines"][step]:
                by_verdict[talk["kept"][step]].add(line)
        assert not by_verdict[True] & by_verdict[False]


def test_half_of_the_talks_are_chinese_and_every_step_is_broken_in_both() -> None:
    for language in ("en", "zh"):
        talks = [one for one in SOURCE["talks"] if one["language"] == language]
        assert len(talks) == 20
        for step in SOURCE["steps"]:
            assert any(not talk["kept"][step] for talk in talks), (language, step)
