"""Each data file of the gallery has a row, a licence and the script that makes it."""

import bz2
import csv
import hashlib
import json
import os
import platform
import re
import statistics
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from glmkit import sandbox

ROOT = Path(__file__).parents[2]
NOTEBOOKS = ROOT / "notebooks"
DATA = NOTEBOOKS / "data"
#: Modules beside the scripts: the one they share, and the one that keeps the table.
SHARED = {"fetch", "table"}
UNREACHABLE = 69


@dataclass(frozen=True)
class Row:
    file: str
    what: str
    source: str
    licence: str
    size: int
    digest: str


def rows() -> list[Row]:
    found = []
    for line in (DATA / "README.md").read_text("utf-8").splitlines():
        if line.startswith("| ") and not line.startswith(("| file", "| ---")):
            cells = [cell.strip() for cell in line.strip("| ").split("|")]
            file, what, source, licence, size, digest = cells
            row = Row(file, what, source, licence, int(size.replace(",", "")), digest)
            found.append(row)
    return found


def stem(file: str) -> str:
    return file.partition(".")[0]


def data_files() -> set[str]:
    return {
        path.name
        for path in DATA.iterdir()
        if path.is_file() and path.suffix not in {".py", ".md"}
    }


def fetching() -> dict[str, str]:
    """Return an environment without the guard: a script asks a package registry."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return kept | {"PYTHONDONTWRITEBYTECODE": "1"}


#: Scripts that ask a registry are slow; a script of our own data asks nobody.
SCRIPTS = [
    pytest.param(name, marks=() if "glmkit.txt" in licence else pytest.mark.slow)
    for name, licence in {stem(row.file): row.licence for row in rows()}.items()
]


def test_each_data_file_has_one_row_and_each_row_a_file() -> None:
    names = [row.file for row in rows()]
    assert sorted(names) == sorted(data_files())


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.file)
def test_a_row_states_size_hash_source_and_licence(row: Row) -> None:
    body = (DATA / row.file).read_bytes()
    assert row.size == len(body)
    assert row.digest == f"`{hashlib.sha256(body).hexdigest()}`"
    assert all(cell not in {"", "?"} for cell in (row.what, row.source, row.licence))
    texts = re.findall(r"\]\((licences/[\w.-]+\.txt)\)", row.licence)
    assert texts, "the licence links to its text"
    assert all((DATA / text).stat().st_size > 200 for text in texts)


def test_each_licence_text_is_linked_by_a_row() -> None:
    linked = {
        name
        for row in rows()
        for name in re.findall(r"licences/([\w.-]+)", row.licence)
    }
    assert {path.name for path in (DATA / "licences").iterdir()} == linked


def test_each_data_file_has_a_script_and_each_script_a_data_file() -> None:
    scripts = {path.stem for path in DATA.glob("*.py")} - SHARED
    assert scripts == {stem(name) for name in data_files()}


def test_the_licence_of_our_own_data_is_that_of_the_project() -> None:
    ours = (DATA / "licences/glmkit.txt").read_bytes()
    assert ours == (ROOT / "LICENSE").read_bytes()


def test_the_gallery_is_small() -> None:
    files = [path for path in NOTEBOOKS.rglob("*") if path.is_file()]
    shipped = [path for path in files if not is_cache(path.relative_to(NOTEBOOKS))]
    assert sum(path.stat().st_size for path in shipped) <= 10_000_000


def is_cache(path: Path) -> bool:
    return any(part.startswith((".", "__pycache__")) for part in path.parts)


def read(name: str) -> Any:
    return json.loads((DATA / name).read_text("utf-8"))


def test_the_licences_carry_no_tags_beyond_the_seventeen_labels() -> None:
    held = read("legal_licences.json")
    groups = ("permissions", "conditions", "limitations")
    tags = {name: {label["tag"] for label in held["labels"][name]} for name in groups}
    assert sum(map(len, tags.values())) == 17
    assert len(held["licences"]) == 47
    for licence in held["licences"]:
        assert all(set(licence[name]) <= tags[name] for name in groups)
        assert not licence["text"].startswith("---")


def test_each_reference_solution_passes_its_tests_in_the_sandbox() -> None:
    tasks = read("programming_tasks.json")
    assert len(tasks) == 20
    for task in tasks:
        check = f"{task['test']}\ncheck({task['entry_point']})\n"
        assert not sandbox.python(task["prompt"] + task["solution"] + check).error
        nothing = sandbox.python(f"{task['prompt']}    return None\n{check}")
        assert nothing.error, "the tests find an answer that does nothing"


def table(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_flight_days_cover_calm_and_late_days_of_each_airport() -> None:
    days = table("weather_2013.csv")
    assert len({(day["origin"], day["date"]) for day in days}) == 60
    for day in days:
        share = int(day["late"]) / int(day["flown"])
        assert float(day["share_late"]) == round(share, 4)
        assert int(day["flights"]) == int(day["flown"]) + int(day["cancelled"])
    for origin in ("EWR", "JFK", "LGA"):
        here = [float(day["share_late"]) for day in days if day["origin"] == origin]
        assert len(here) == 20
        assert min(here) < 0.08 < 0.3 < max(here)


def test_each_flight_leaves_from_and_goes_to_a_known_airport() -> None:
    flights = table("flights_2013.csv")
    known = {row["airport"] for row in table("airports.csv")}
    used = {row["origin"] for row in flights} | {row["dest"] for row in flights}
    assert used == known
    assert {row["date"] for row in flights} == {"2013-06-12", "2013-06-13"}


def test_the_slang_is_balanced_and_its_label_is_that_of_the_ten_ratings() -> None:
    rows = table("slang_ratings.csv")
    assert len({row["token"] for row in rows}) == 200
    labels = Counter(row["label"] for row in rows)
    assert labels == {"negative": 66, "neutral": 67, "positive": 67}
    for row in rows:
        mean = statistics.mean(int(row[f"rating_{n}"]) for n in range(1, 11))
        assert mean == float(row["mean"])
        assert (row["label"] == "neutral") == (abs(mean) < 0.5)
        assert row["label"] == "neutral" or (row["label"] == "positive") == (mean > 0)


def test_the_series_have_all_their_quarters_years_and_months() -> None:
    quarters = [(row["year"], row["quarter"]) for row in table("macrodata.csv")]
    assert len(set(quarters)) == 203
    assert quarters[0] == ("1959", "1")
    assert quarters[-1] == ("2009", "3")
    firms = Counter(row["firm"] for row in table("grunfeld.csv"))
    assert len(firms) == 11
    assert set(firms.values()) == {20}
    months = [row["month"] for row in table("us_employment.csv")]
    assert len(set(months)) == 120
    assert months == sorted(months)


def test_the_numbers_on_a_car_sheet_agree_with_each_other() -> None:
    sheets = read("cars.json")
    assert len({sheet["name"] for sheet in sheets}) == 36
    for sheet in sheets:
        electric = sheet["drive"] == "electric"
        store = sheet["battery_kwh" if electric else "tank_litres"]
        use = sheet["kwh_per_100_km" if electric else "litres_per_100_km"]
        assert sheet["range_km"] == round(store / use * 100)


def test_the_novels_are_whole() -> None:
    persuasion = (DATA / "persuasion.txt").read_text("utf-8")
    chapters = re.findall(r"^Chapter (\d+)$", persuasion, re.MULTILINE)
    assert chapters == [str(number) for number in range(1, 25)]
    assert persuasion.rstrip().lower().endswith("finis")
    others = json.loads(bz2.decompress((DATA / "austen_novels.json.bz2").read_bytes()))
    assert len(others) == 5
    assert sum(map(len, others.values())) + len(persuasion) > 4_000_000


def test_each_trivia_question_has_one_short_answer() -> None:
    rows = read("trivia.json")
    assert len({row["question"] for row in rows}) == 60
    assert all(row["question"].endswith("?") for row in rows)
    assert all(0 < len(row["answer"]) <= 40 for row in rows)


def test_a_translated_string_keeps_its_placeholders() -> None:
    rows = read("interface_strings.json")
    for row in rows:
        here = re.findall(r"%\d", row["english"])
        assert here == row["placeholders"]
        assert sorted(re.findall(r"%\d", row["chinese"])) == sorted(here)
    assert Counter(bool(row["placeholders"]) for row in rows) == {True: 40, False: 12}


@pytest.mark.parametrize(
    ("file", "field", "count", "languages"),
    [
        ("emoji_names.json", "names", 60, 14),
        ("udhr.json", "texts", 10, 12),
        ("medical_terms.json", "names", 60, 6),
        ("medical_terms.json", "symptoms", 60, 6),
    ],
)
def test_each_row_has_all_languages_with_as_many_parts(
    file: str, field: str, count: int, languages: int
) -> None:
    rows = read(file)
    assert len(rows) == count
    assert len({json.dumps(row[field]["en"]) for row in rows}) > count * 0.9
    for row in rows:
        assert row[field].keys() == rows[0][field].keys()
        assert len(row[field]) == languages
        assert all(row[field].values())
        if field != "names":  # lists of symptoms, and articles by paragraph
            assert len({parts(text) for text in row[field].values()}) == 1


def parts(value: str | list[str]) -> int:
    return len(value.split("\n") if isinstance(value, str) else value)


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_makes_the_same_bytes_again(name: str, tmp_path: Path) -> None:
    if name == "python_topics":
        made_by = read("python_topics.json")["python"]
        if made_by != platform.python_version():
            pytest.skip(f"the topics are those of Python {made_by}")
    folder = tmp_path / "made"
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, DATA / f"{name}.py", folder],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=fetching(),
    )
    if done.returncode == UNREACHABLE:
        pytest.skip(f"no registry was reached: {done.stdout.strip()}")
    assert done.returncode == 0, done.stdout + done.stderr
    made = [path for path in folder.rglob("*") if path.is_file()]
    assert {stem(path.name) for path in folder.iterdir() if path.is_file()} == {name}
    for path in made:
        kept = DATA / path.relative_to(folder)
        assert path.read_bytes() == kept.read_bytes(), path.name
