"""The repository as data: what is promised in one file is kept in the others."""

import json
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.repository.test_layers import FOLDERS

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
MISSION = {"ipywidgets", "jupyterlab", "httpx", "pandas", "plotly", "nest-asyncio"}
TOP_LEVEL = {
    ".ci", ".gitignore", "CHANGELOG.md", "LICENSE", "Makefile", "README.md",
    "environment.yml", "glmkit", "notebooks", "pyproject.toml", "tests", "widgets",
}  # fmt: skip
#: httpx looks for the one, anywidget stands on the other.
USED_BY_OTHERS = {"sniffio", "ipywidgets"}
PUBLIC_MODULES = {"widgets", "figures", "errors", "pandas", "sandbox", "gallery"}
MODULES = {"markdown-it-py": "markdown_it", "pillow": "PIL"}
#: Written in two parts, so that this file does not hold them.
FORBIDDEN = [
    "/wo" + "rk/", "/ro" + "ot/", "files.python" + "hosted", "pypi." + "org",
    "registry." + "npmjs", "deb." + "debian",
    "TO" + "DO", "FIX" + "ME", "unittest" + ".mock",
]  # fmt: skip


def tracked() -> list[Path]:
    names = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True)
    return [ROOT / name for name in names.split("\0") if name]


def name_of(requirement: str) -> str:
    match = re.match(r"[\w.-]+", requirement)
    assert match
    return match.group().lower().replace("_", "-")


def declared() -> dict[str, str]:
    extras = PROJECT["project"]["optional-dependencies"]
    lists = [PROJECT["project"]["dependencies"], *extras.values()]
    return {name_of(line): line for part in lists for line in part}


def test_the_top_level_holds_what_the_design_names() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in tracked()} == TOP_LEVEL


def test_conda_users_get_the_same_packages() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
    *packages, last = environment["dependencies"]
    by_name = {name_of(line): line for line in packages}
    assert set(by_name) == MISSION | {"python", "pip"}
    assert last == {"pip": ["-e .[lab,local]"]}
    for name in MISSION:
        assert by_name[name] == declared()[name]
    python = PROJECT["project"]["requires-python"]
    assert by_name["python"] == f"python{python}"


def test_the_version_is_written_in_one_place() -> None:
    version = PROJECT["project"]["version"]
    code = [path for path in tracked() if path.suffix in {".py", ".yml", ".js"}]
    assert [p for p in code if f'"{version}"' in p.read_text("utf-8")] == []
    assert f"## [{version}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_every_dependency_is_used() -> None:
    sources = "".join(
        path.read_text("utf-8")
        for path in tracked()
        if path.suffix == ".py" and path.parts[len(ROOT.parts)] != "tests"
    )
    for name in map(name_of, PROJECT["project"]["dependencies"]):
        module = MODULES.get(name, name.replace("-", "_"))
        used = re.search(rf"\b(import|from) {module}\b", sources)
        assert used or name in USED_BY_OTHERS, name


def test_readme_is_short_and_its_commands_exist() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert len(readme.splitlines()) <= 150
    for target in re.findall(r"\bmake ([a-z]+(?:-[a-z]+)*)", readme):
        assert re.search(rf"^{target}:", makefile, re.M), target
    commands = (ROOT / "glmkit/__main__.py").read_text("utf-8")
    for command in re.findall(r"`glmkit ([a-z]+)", readme):
        assert f'add("{command}"' in commands, command


def test_the_readme_draws_the_listing() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    table = readme.partition("| folder in `glmkit/` |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| `(\w+)` \|", table, re.M)
    assert rows == FOLDERS
    for module in re.findall(r"`glmkit\.(\w+)`", readme.partition("Public are")[2]):
        assert module in PUBLIC_MODULES


@pytest.mark.parametrize(
    "path", sorted((ROOT / "notebooks").rglob("*.ipynb")), ids=lambda path: path.name
)
def test_notebooks_are_committed_without_outputs(path: Path) -> None:
    notebook = json.loads(path.read_text("utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert not [cell for cell in code if cell["outputs"] or cell["execution_count"]]
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    if code:  # the front page has none
        first = "\n".join("".join(cell["source"]) for cell in code[:2])
        assert re.search(r"%glm replay (auto|\{replay\})", first)


def test_no_file_speaks_of_where_it_was_written() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {word}"
        for path in tracked()
        for word in FORBIDDEN
        if word.encode() in path.read_bytes()
    ]
    assert found == []


def test_ci_runs_what_a_person_runs() -> None:
    script = ROOT / ".ci/run"
    assert script.stat().st_mode & 0o100
    assert "make test" in script.read_text("utf-8")
