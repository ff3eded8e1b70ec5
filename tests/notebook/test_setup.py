"""`%glm key`, `doctor`, `%config GLM` and completion in a real shell."""

import getpass
from collections.abc import Iterator
from pathlib import Path

import keyring
import keyring.backend
import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import glmkit
from glmkit.config.endpoints import SERVICES
from glmkit.notebook import completion, extension
from glmkit.notebook.magics.commands import COMMANDS
from tests.conftest import Paced, Run

KEY = "0123456789abcdef0123456789abcdef.AbCdEfGh12345678"


class Ring(keyring.backend.KeyringBackend):
    """A keyring that lives as long as the test."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password


@pytest.fixture
def ring() -> Iterator[Ring]:
    before, ring = keyring.get_keyring(), Ring()
    keyring.set_keyring(ring)
    yield ring
    keyring.set_keyring(before)


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a person at the prompt who types the key."""
    monkeypatch.setattr(getpass, "getpass", lambda prompt="": KEY)


def test_key_goes_into_the_keyring_and_shows_its_end(
    run: Run, ring: Ring, typed: None
) -> None:
    _, out = run("%glm key bigmodel")
    assert ring.kept == {("glmkit", SERVICES["bigmodel"].origin): KEY}
    assert out == "bigmodel: ****5678 is in the keyring.\n"
    _, out = run("%glm key")
    assert out.startswith("bigmodel: ****5678 from keyring")


def test_key_without_a_keyring_lasts_as_long_as_the_kernel(
    run: Run, shell: InteractiveShell, typed: None
) -> None:
    _, out = run("%glm key zai")
    assert "****5678, until the kernel ends" in out
    assert extension.of(shell).client().access.endpoint.name == "zai"
    assert repr(extension.of(shell).client().access.key) == "****5678"
    assert KEY not in out


def test_variable_that_comes_first_is_told(
    run: Run, ring: Ring, typed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZHIPUAI_API_KEY", KEY[:-4] + "9999")
    _, out = run("%glm key bigmodel")
    assert "But ZHIPUAI_API_KEY comes first: ****9999" in out


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("%glm key local", "needs no key"),
        ("%glm key nowhere", "unknown endpoint"),
        (f"%glm key bigmodel {KEY}", "not written into the line"),
    ],
)
def test_slip_with_a_key_is_a_short_error(run: Run, cell: str, said: str) -> None:
    result, out = run(cell)
    assert isinstance(result.error_in_exec, glmkit.ConfigError)
    assert said in out
    assert KEY not in out


def test_malformed_key_is_not_kept(
    run: Run, ring: Ring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(getpass, "getpass", lambda prompt="": "no-dot-in-here")
    result, _ = run("%glm key bigmodel")
    assert isinstance(result.error_in_exec, glmkit.AuthError)
    assert ring.kept == {}


def test_doctor_lists_what_is_set_up(run: Run, place: Paced) -> None:
    _, out = run("%glm doctor")
    assert "ledger" in out
    assert "python" in out


def test_help_names_every_command(run: Run) -> None:
    _, out = run("%glm help all")
    assert {line.split()[1] for line in out.splitlines()} >= {*COMMANDS}
    assert "%glm talk [NAME]" in out
    _, out = run("get_ipython().run_line_magic('pinfo', '%%glm')")
    assert "--dry-run" in out


def test_help_begins_with_seven_lines(run: Run) -> None:
    _, out = run("%glm help")
    begun = [line.split()[0] for line in out.splitlines()]
    assert begun == ["ask", "choose", "table", "money", "replay", "talk", "doctor"]
    assert max(map(len, out.splitlines())) <= 88


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("%glm lab", "%glm promptlab"),
        ("%glm reset", "--fresh"),
        ("%glm alias x", "%glm config model"),
        ("%glm error", "%glm fix"),
        ("%glm help me", "%glm help all"),
        ("%glm last one", "`%glm last` alone"),
    ],
)
def test_words_of_other_tools_are_explained(run: Run, line: str, said: str) -> None:
    result, out = run(line)
    assert isinstance(result.error_in_exec, glmkit.ConfigError)
    assert said in out.splitlines()[-1]


@pytest.mark.parametrize(
    ("line", "said"),
    [("%glm -h", "doctor"), ("%glm --help", "doctor"), ("%glm version", "glmkit 0")],
)
def test_words_of_other_tools_are_understood(run: Run, line: str, said: str) -> None:
    result, out = run(line)
    assert result.error_in_exec is None
    assert said in out


def test_list_shows_the_models(run: Run) -> None:
    result, _ = run("%glm list long")
    assert result.result is not None
    assert list(result.result["model"]) == ["glm-4-long"]


def test_settings_are_configurable(
    run: Run, shell: InteractiveShell, place: Paced
) -> None:
    run("%config GLM.temperature = 0.25")
    run("%%glm\nHi")
    assert place.seen["bodies"][-1]["temperature"] == 0.25
    run("%config GLM.temperature = 7")
    assert getattr(extension.of(shell).settings, "temperature") == 0.25  # noqa: B009
    run("%config GLM.format = 'text'")
    assert extension.of(shell).settings.format == "text"


def test_settings_come_from_the_profile(shell: InteractiveShell) -> None:
    extension.unload(shell)
    shell.config.merge(Config({"GLM": {"model": "glm-4-plus", "think": "off"}}))
    extension.load(shell)
    assert extension.of(shell).settings.options() == {
        "model": "glm-4-plus",
        "thinking": "off",
    }


def test_every_setting_can_be_set_shown_and_put_back(run: Run) -> None:
    for name, value in {
        "think": "none",
        "format": "json",
        "tag": "pilot",
        "stream": "off",
        "max_tokens": "9",
        "system": "Be brief",
    }.items():
        _, out = run(f"%glm config {name} {value}")
        assert out == f"{name:12}{value}\n"
        run(f"%glm config {name} default")
    _, out = run("%glm config")
    assert "think       default" in out
    assert "format      markdown" in out


def test_completion_stands_beside_each_word(
    run: Run, shell: InteractiveShell, place: Paced
) -> None:
    run("%%glm --chat sky\nHi")
    for line, offered in {
        "%glm config see": "seed",
        "%glm config think lo": "low",
        "%glm config literal o": "on",
        "%glm config nest_asyncio o": "on",
        "%glm rerun -m glm-4-p": "glm-4-plus",
        "%glm chat s": "sky",
        "%glm chat sky ex": "export",
        "%glm usage si": "since",
        "%glm budget of": "off",
        "%glm help a": "all",
        "%%glm --param temp": "temperature=",
        "%%glm --replay o": "only",
    }.items():
        assert offered in completed(shell, line), line
    session = extension.of(shell)
    assert completion.completions(session, "%glm help all a", "a") == []


def completed(shell: InteractiveShell, line: str) -> list[str]:
    with provisionalcompleter():
        found = shell.Completer.completions(line, len(line))
        return [completion.text for completion in found]


def test_tab_completes_options_models_chats_variables_and_files(
    run: Run,
    shell: InteractiveShell,
    place: Paced,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "report.txt").touch()
    (tmp_path / "folder").mkdir()
    shell.user_ns |= {"picture": 1, "one": 1, "other": 2}
    run("%%glm --chat sky\nHi")
    assert "glm-4-plus" in completed(shell, "%%glm -m glm-4-p")
    assert "--temperature" in completed(shell, "%%glm --te")
    assert "sky" in completed(shell, "%%glm --chat sk")
    assert "picture" in completed(shell, "%%glm --image pic")
    assert "other" in completed(shell, "%%glm --tools one,oth")
    assert "report.txt" in completed(shell, "%%glm --file rep")
    assert "folder/" in completed(shell, "%%glm --file fol")
    assert "json" in completed(shell, "%%glm -f js")
    assert "medium" in completed(shell, "%%glm --think med")
    assert "models" in completed(shell, "%glm mo")
    assert "temperature" in completed(shell, "%glm config temp")
    assert "sky" in completed(shell, "%glm chat sk")
    assert "export" in completed(shell, "%glm chat sky exp")
    assert "bigmodel" in completed(shell, "%glm key bigm")


def test_nest_asyncio_is_not_called_unknown(run: Run) -> None:
    result, out = run("%glm config nest_asyncio off")
    assert isinstance(result.error_in_exec, glmkit.ConfigError)
    assert "`%glm config nest_asyncio on`" in out


@pytest.mark.parametrize(
    "word", ["status", "doctor", "controls", "dashboard", "chats", "last"]
)
def test_word_that_takes_nothing_says_so_in_two_lines(run: Run, word: str) -> None:
    result, out = run(f"%glm {word} now")
    assert isinstance(result.error_in_exec, glmkit.ConfigError)
    assert f"Write `%glm {word}` alone." in out


@pytest.mark.parametrize("left", [EOFError, KeyboardInterrupt])
def test_leaving_the_question_for_a_key_is_two_lines(
    run: Run, ring: Ring, monkeypatch: pytest.MonkeyPatch, left: type[BaseException]
) -> None:
    def leave(prompt: str = "") -> str:
        raise left

    monkeypatch.setattr(getpass, "getpass", leave)
    result, out = run("%glm key bigmodel")
    assert isinstance(result.error_in_exec, glmkit.ConfigError)
    assert out.splitlines()[-2:] == [
        "ConfigError: no key was entered",
        "→ `%glm key bigmodel` asks again.",
    ]
    assert ring.kept == {}
