"""Where keys are found, where they go, and that they do not show."""

import base64
import hashlib
import hmac
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator

import keyring
import keyring.backend
import keyring.backends.fail
import keyring.errors
import pytest

from glmkit.config import keys
from glmkit.config.endpoints import SERVICES
from glmkit.config.keys import Key, access, keyring_fault
from glmkit.types.errors import AuthError, ConfigError, GLMError, StandInWarning

KEY = "0123456789abcdef0123456789abcdef.SecretSecret1234"


def test_key_does_not_show_and_does_not_leave() -> None:
    key = Key(KEY)
    assert repr(key) == str(key) == f"{key}" == "****1234"
    with pytest.raises(TypeError):
        pickle.dumps(key)
    assert KEY not in repr(access("bigmodel", key))


def test_short_key_shows_nothing() -> None:
    assert repr(Key("a.b")) == "****"


def test_plain_key_is_sent_as_it_is_without_its_newline() -> None:
    assert Key(KEY + "\n").authorization() == f"Bearer {KEY}"


def test_signed_token_is_what_the_guide_describes() -> None:
    token = Key(KEY, signed=True).authorization(now=1_800_000_000.5).split()[1]
    head, body, signature = token.split(".")
    assert unpacked(head) == {"alg": "HS256", "typ": "JWT", "sign_type": "SIGN"}
    name, secret = KEY.split(".")
    assert unpacked(body) == {
        "api_key": name,
        "exp": 1_800_000_000_500 + 210_000,
        "timestamp": 1_800_000_000_500,
    }
    digest = hmac.new(secret.encode(), f"{head}.{body}".encode(), hashlib.sha256)
    assert base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode() == signature


def unpacked(part: str) -> object:
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def test_token_is_used_again_and_renewed_in_time() -> None:
    key = Key(KEY, signed=True)
    first = key.authorization(now=1000)
    assert key.authorization(now=1179) == first
    assert key.authorization(now=1181) != first
    assert key.authorization(now=10) != first  # the clock went back


@pytest.mark.parametrize("text", ["nodot", "a.b.c", ".secret", "id."])
def test_malformed_key_is_refused_before_it_is_sent(text: str) -> None:
    with pytest.raises(AuthError, match="malformed"):
        access("zai", text)


@pytest.mark.parametrize("text", ["", " ", "a b.c", "schlüssel.x"])
def test_what_can_not_be_a_key_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        access("http://127.0.0.1:1/v1", text)


@pytest.mark.parametrize(
    ("variables", "endpoint", "expected"),
    [
        ({"ZHIPUAI_API_KEY": KEY}, None, ("bigmodel", "ZHIPUAI_API_KEY")),
        ({"ZAI_API_KEY": KEY}, None, ("zai", "ZAI_API_KEY")),
        ({"ZAI_API_KEY": KEY}, "zai-coding", ("zai-coding", "ZAI_API_KEY")),
        (
            {"GLMKIT_ENDPOINT": "zai", "GLMKIT_API_KEY": KEY, "ZHIPUAI_API_KEY": "x.y"},
            None,
            ("zai", "GLMKIT_API_KEY"),
        ),
        (
            {"ZHIPUAI_API_KEY": KEY, "ZHIPUAI_BASE_URL": "http://127.0.0.1:9/v4"},
            None,
            ("http://127.0.0.1:9/v4", "ZHIPUAI_API_KEY"),
        ),
        ({"GLMKIT_API_KEY": KEY}, "http://127.0.0.1:9/v4", (None, "GLMKIT_API_KEY")),
        ({}, "http://127.0.0.1:9/v4", (None, "nowhere")),
        ({"ZAI_API_KEY": KEY}, "http://127.0.0.1:9/v4", (None, "nowhere")),
        ({"GLMKIT_ENDPOINT": "local", "ZAI_API_KEY": KEY}, None, ("local", "nowhere")),
    ],
)
def test_first_hit_wins(
    variables: dict[str, str],
    endpoint: str | None,
    expected: tuple[str | None, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    found = access(endpoint)
    assert (found.endpoint.name, found.found) == (expected[0] or endpoint, expected[1])
    assert (found.key is None) == (found.found == "nowhere")


@pytest.mark.parametrize(
    ("variables", "endpoint"),
    [
        ({"ZAI_API_KEY": KEY}, "bigmodel"),
        ({"ZHIPUAI_API_KEY": KEY}, "zai-coding"),
        (
            {"ZHIPUAI_API_KEY": KEY, "ZHIPUAI_BASE_URL": "http://127.0.0.1:9"},
            "bigmodel",
        ),
        (
            {"GLMKIT_ENDPOINT": "http://127.0.0.1:9/v4", "GLMKIT_API_KEY": KEY},
            "bigmodel",
        ),
    ],
)
def test_key_never_goes_to_another_origin(
    variables: dict[str, str], endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=f"no key for {endpoint}"):
        access(endpoint)


def test_key_without_an_endpoint_names_the_choices(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(ConfigError) as caught:
        access(api_key=KEY)
    assert "'bigmodel-coding'" in caught.value.hint
    monkeypatch.setenv("GLMKIT_API_KEY", KEY)
    with pytest.raises(ConfigError, match="GLMKIT_API_KEY"):
        access()


def test_nothing_set_means_the_stand_in_said_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keys, "_warned", set())
    with pytest.warns(StandInWarning, match="stands in"):
        assert access().endpoint.name == "local"
    assert access().endpoint.name == "local"  # a second warning would be an error


def test_both_sites_take_bigmodel_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "_warned", set())
    monkeypatch.setenv("ZAI_API_KEY", KEY)
    monkeypatch.setenv("ZHIPUAI_API_KEY", KEY)
    with pytest.warns(UserWarning, match="both sites"):
        assert access().endpoint.name == "bigmodel"


@pytest.mark.parametrize(
    "name", ["bigmodell", "ftp://x", "http://host:port/v4", "//x", "http://"]
)
def test_unknown_endpoint_names_the_choices(name: str) -> None:
    with pytest.raises(GLMError, match="unknown endpoint"):
        access(name)


def test_machine_without_a_keyring_can_not_store(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(ConfigError, match="keyring"):
        keys.store(access("http://127.0.0.1:9").endpoint, KEY)


class Broken(keyring.backend.KeyringBackend):
    """A keyring whose every use ends in the same error."""

    priority = 1

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def get_password(self, service: str, username: str) -> str | None:
        raise self.error

    def set_password(self, service: str, username: str, password: str) -> None:
        raise self.error


@pytest.fixture
def ring() -> Iterator[Callable[[keyring.backend.KeyringBackend], None]]:
    """Return a setter of the keyring, which is undone afterwards."""
    before = keyring.get_keyring()
    yield keyring.set_keyring
    keyring.set_keyring(before)


@pytest.mark.parametrize(
    "error",
    [
        keyring.errors.KeyringLocked("locked"),
        ModuleNotFoundError("No module named 'dbus'"),
        RuntimeError("Could not determine home directory."),
        OSError(2, "No such file or directory", "/run/user/0/bus"),
        AttributeError("'NoneType' object has no attribute 'Introspect'"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_keyring_that_cannot_be_used_is_taken_for_none(
    ring: Callable[[keyring.backend.KeyringBackend], None], error: Exception
) -> None:
    ring(Broken(error))
    keys._warned.clear()
    with pytest.warns(StandInWarning):
        found = access()
    assert found.endpoint.name == "local"
    assert access("https://x.example/v1").key is None
    assert type(error).__name__ in keyring_fault()
    with pytest.raises(ConfigError, match="no keyring to store"):
        keys.store(SERVICES["zai"], KEY)


def test_keyring_that_is_not_installed_is_taken_for_none() -> None:
    code = (
        "from glmkit.config.keys import access, keyring_fault;"
        "print(access().endpoint.name, '|', keyring_fault())"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        env=os.environ | {"PYTHON_KEYRING_BACKEND": "nobody_installed.this.Keyring"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    name, _, fault = done.stdout.partition(" | ")
    assert name == "local"
    assert "nobody_installed" in fault


def test_keyring_of_a_machine_without_one_is_a_finding_and_not_a_fault(
    ring: Callable[[keyring.backend.KeyringBackend], None],
) -> None:
    ring(keyring.backends.fail.Keyring())
    assert keyring_fault() == "this machine has none"
