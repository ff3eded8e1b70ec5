"""`import glmkit` is light: what is heavy comes when it is used."""

import subprocess
import sys

import pytest

from tests.conftest import ROOT

HEAVY = [
    "IPython", "aiohttp", "anywidget", "asyncio", "glmkit_widgets", "httpx",
    "httpx_aiohttp", "ipywidgets", "keyring", "markdown_it", "nest_asyncio", "nh3",
    "pandas", "plotly", "sqlite3", "ssl", "starlette", "tqdm", "uvicorn", "xllamacpp",
]  # fmt: skip


def loaded_by(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(*sys.modules)"
    command = [sys.executable, "-c", code]
    return set(subprocess.check_output(command, text=True).split())


@pytest.mark.parametrize(
    "statement",
    [
        "import glmkit",
        "import glmkit; glmkit.GLMError, glmkit.Text, glmkit.Money",
        "import glmkit.local.launcher, glmkit.local.weights",
    ],
)
def test_light_imports_load_nothing_heavy(statement: str) -> None:
    loaded = loaded_by(statement)
    assert "glmkit" in loaded
    known = {"ssl"} if "local" in statement else set()  # http.client brings it
    assert loaded & set(HEAVY) <= known


def test_the_check_would_notice_a_heavy_import() -> None:
    assert "httpx" in loaded_by("import glmkit, httpx")


def test_every_public_name_is_there() -> None:
    import glmkit

    assert {name for name in glmkit.__all__ if not hasattr(glmkit, name)} == set()
    assert set(glmkit.__all__) <= set(dir(glmkit))
    with pytest.raises(AttributeError, match="nothing_like_it"):
        glmkit.nothing_like_it  # noqa: B018


#: The public names before the modules moved into folders.
FORMER = (
    "APIError AsyncClient AsyncConversation AuthError BudgetError BudgetWarning Call "
    "Client ConfigError ContentFilterError ContextLengthError Conversation Event "
    "Finish GLMError Interrupted InvalidRequestError Key LedgerError LocalError Media "
    "MediaWarning Message Money OptionWarning Output QuotaError RateLimitError Repair "
    "ReplayError Reply Review SchemaError Search ServerError StandInWarning Start "
    "StreamError Text Thinking Tool ToolCall ToolError ToolResult TransportError Usage "
    "Waiting Where balance budget dashboard decide documents export figures last "
    "load_ipython_extension models prune read repriced sandbox tag timings tool "
    "uncertain unload_ipython_extension usage verify"
)


def test_every_former_name_is_there_or_is_in_the_list_of_renames() -> None:
    import glmkit

    changes = (ROOT / "CHANGELOG.md").read_text("utf-8")
    gone = [name for name in FORMER.split() if not hasattr(glmkit, name)]
    assert [name for name in gone if f"`glmkit.{name}` is now" not in changes] == []


def test_completion_lists_few_names() -> None:
    import glmkit

    assert len(dir(glmkit)) <= 24
