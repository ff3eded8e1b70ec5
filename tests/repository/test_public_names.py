"""What is public: few names to see, every earlier one still there or renamed."""

import importlib
import re

import glmkit
import glmkit.errors
from tests.conftest import ROOT
from tests.repository.test_layers import FOLDERS

#: The public names before the package was laid out in folders.
_FORMER = """
    APIError AsyncClient AsyncConversation AuthError BudgetError BudgetWarning
    Call Client ConfigError ContentFilterError ContextLengthError Conversation
    Event Finish GLMError Interrupted InvalidRequestError Key LedgerError
    LocalError Media MediaWarning Message Money OptionWarning Output QuotaError
    RateLimitError Repair ReplayError Reply Review SchemaError Search ServerError
    StandInWarning Start StreamError Text Thinking Tool ToolCall ToolError
    ToolResult TransportError Usage Waiting Where balance budget dashboard decide
    documents export figures last load_ipython_extension models prune read
    repriced sandbox tag timings tool uncertain unload_ipython_extension usage
    verify
"""
FORMER = _FORMER.split()
README = (ROOT / "README.md").read_text("utf-8")


def renamed() -> dict[str, str]:
    """Return the renames that the changelog lists: old name → new one."""
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    section = changelog.partition("### Renamed")[2].partition("\n#")[0]
    return dict(re.findall(r"^- `(?:glmkit\.)?([^`]+)` → `([^`]+)`", section, re.M))


def resolves(name: str) -> bool:
    """Whether a dotted name of glmkit leads to something."""
    found: object = glmkit
    for part in name.removeprefix("glmkit.").split("."):
        if not hasattr(found, part):
            return False
        found = getattr(found, part)
    return True


def test_the_top_lists_few_names_and_each_is_there() -> None:
    assert len(dir(glmkit)) <= 24
    assert [name for name in dir(glmkit) if not resolves(name)] == []


def test_every_former_name_resolves_or_is_in_the_list_of_renames() -> None:
    assert len(FORMER) == 69
    gone = [name for name in FORMER if not resolves(name)]
    assert [name for name in gone if name not in renamed()] == []
    for name in gone:
        assert resolves(renamed()[name]), name


def test_a_name_that_is_gone_would_be_found() -> None:
    """Control arm."""
    assert not resolves("nothing_like_it")
    assert "nothing_like_it" not in renamed()


def test_errors_are_importable_from_the_top_and_from_their_module() -> None:
    for name in glmkit.errors.__all__:
        assert getattr(glmkit, name) is getattr(glmkit.errors, name)


def test_the_readme_says_what_is_public() -> None:
    said = README.partition("Public are ")[2].partition(";")[0]
    modules = re.findall(r"`([\w.]+)`", said)
    assert len(modules) == 7
    for name in modules:
        importlib.import_module(name)


def test_the_readmes_house_is_the_listing() -> None:
    table = README.partition("| folder in `glmkit/`")[2].partition("\n\n")[0]
    assert re.findall(r"^\| `(\w+)`", table, re.M) == FOLDERS
    for folder in FOLDERS:
        where = "widgets" if folder == "glmkit_widgets" else "glmkit"
        assert (ROOT / where / folder / "__init__.py").is_file(), folder
