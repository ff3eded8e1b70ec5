"""Archives for the gallery's data are fetched by the ordinary clients and checked."""

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.repository.test_gallery_data import DATA, UNREACHABLE, fetching


@pytest.fixture
def thing(tmp_path: Path) -> Path:
    """A wheel in a folder of its own."""
    path = tmp_path / "links" / "thing-1.0-py3-none-any.whl"
    path.parent.mkdir()
    about = "thing-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("thing/data.csv", "a,b\n1,NA\n")
        facts = "Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n"
        wheel.writestr(f"{about}/METADATA", facts)
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", "")
    return path


THING = ("thing", "1.0", "PyPI")


def fetched(
    sha256: str, variables: dict[str, str], package: tuple[str, str, str] = THING
) -> subprocess.CompletedProcess[str]:
    name, version, registry = package
    code = f"""
import fetch
archive = fetch.Archive("{name}", "{version}", "{sha256}", "{registry}")
with fetch.opened(archive) as top:
    print(fetch.read_csv(fetch.only(top, "data.csv")))
"""
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=fetching() | {"PYTHONPATH": str(DATA), "PIP_RETRIES": "1"} | variables,
    )


def test_an_archive_is_opened_where_its_hash_is_the_pinned_one(thing: Path) -> None:
    links = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(thing.parent)}
    digest = hashlib.sha256(thing.read_bytes()).hexdigest()
    done = fetched(digest, links)
    assert done.stdout == "[{'a': '1', 'b': ''}]\n", done.stderr
    other = fetched("0" * 64, links)
    assert other.returncode == 1
    assert f"has the SHA-256 {digest}" in other.stderr


def test_a_missing_package_is_not_taken_for_a_missing_registry(thing: Path) -> None:
    thing.unlink()
    links = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(thing.parent)}
    assert fetched("0" * 64, links).returncode == 1


@pytest.mark.parametrize(
    "package",
    [THING, ("thing", "1.0", "npm"), ("r-cran-janeaustenr", "1.0.0-1", "Debian")],
    ids=["PyPI", "npm", "Debian"],
)
def test_a_registry_that_does_not_answer_is_recognised(
    package: tuple[str, str, str], tmp_path: Path
) -> None:
    nobody = "http://127.0.0.1:9"
    settings = tmp_path / "apt.conf"
    settings.write_text(f'Acquire::http::Proxy "{nobody}"; Acquire::Retries "0";')
    places = {
        "PIP_INDEX_URL": f"{nobody}/simple",
        "npm_config_registry": f"{nobody}/",
        "npm_config_fetch_retries": "0",
        "APT_CONFIG": str(settings),
    }
    done = fetched("0" * 64, places, package)
    assert done.returncode == UNREACHABLE, done.stdout + done.stderr


def test_the_examples_of_the_scripts_hold() -> None:
    modules = sorted(path for path in DATA.glob("*.py") if ">>>" in path.read_text())
    assert modules
    command = [sys.executable, "-m", "doctest", *map(str, modules)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=DATA)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr
