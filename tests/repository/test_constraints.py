"""The versions that the tests pass with: a pin for each package that is asked for."""

import re
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LINES = (ROOT / ".ci/constraints.txt").read_text("utf-8").splitlines()
PINS = dict(line.split("==") for line in LINES)
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def requirements() -> list[Requirement]:
    """Return what the package and all its extras ask for."""
    extras = PROJECT["project"]["optional-dependencies"]
    lists = [PROJECT["project"]["dependencies"], *extras.values()]
    found = [Requirement(line) for part in lists for line in part]
    return [each for each in found if each.name != "glmkit"]


def unmet(pins: dict[str, str], asked: list[Requirement]) -> list[str]:
    """Return the requirements that no pin satisfies."""
    return [
        str(each)
        for each in asked
        if (version := pins.get(canonicalize_name(each.name))) is None
        or not each.specifier.contains(version, prereleases=True)
    ]


def needed(name: str, extras: frozenset[str], seen: set[str]) -> Iterator[str]:
    """Yield a package and all that it asks for here, as what is installed says."""
    if name in seen:
        return
    seen.add(name)
    try:
        lines = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return
    yield canonicalize_name(name)
    for each in map(Requirement, lines):
        wanted = [{"extra": extra} for extra in (*extras, "")]
        if each.marker is None or any(map(each.marker.evaluate, wanted)):
            yield from needed(each.name, frozenset(each.extras), seen)


def test_a_line_is_a_name_and_a_version_and_nothing_else() -> None:
    for line in LINES:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*==\d[a-z0-9.]*", line), line
    assert sorted(PINS) == list(PINS), "sorted, and each name once"
    assert len(PINS) == len(LINES)


def test_every_requirement_has_a_pin_that_satisfies_it() -> None:
    assert unmet(PINS, requirements()) == []


@pytest.mark.parametrize("pins", [PINS | {"aiohttp": "3.11.9"}, {**PINS, "nh3": ""}])
def test_a_pin_that_is_too_old_or_missing_is_found(pins: dict[str, str]) -> None:
    assert unmet({n: v for n, v in pins.items() if v}, requirements())


def test_what_the_requirements_ask_for_has_a_pin_too() -> None:
    seen: set[str] = set()
    names = {
        name
        for each in requirements()
        for name in needed(each.name, frozenset(each.extras), seen)
    }
    assert len(names) > 100
    # With other versions of these, other packages may be needed.
    pinned = all(metadata.version(name) == PINS[name] for name in ("pandas", "httpx"))
    assert names - {"setuptools"} <= set(PINS) or not pinned


def test_every_set_up_keeps_to_the_pins() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert "CONSTRAINTS ?= .ci/constraints.txt" in makefile
    for target in ("demo: $(VENV)/.lab", "lab: $(VENV)/.lab", "test: $(VENV)/.dev"):
        assert f"\n{target}" in makefile
    script = (ROOT / ".ci/environment.sh").read_text("utf-8")
    for line in script.splitlines():
        if " -e " in line:
            assert '-c "$constraints"' in line
