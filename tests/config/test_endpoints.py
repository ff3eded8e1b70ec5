"""Endpoints as they are written, gateways that serve GLM, and this user's folders."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from glmkit.config.endpoints import SERVICES, default_model, endpoint_of, likely_base
from glmkit.config.keys import access
from glmkit.types.errors import ConfigError

GATEWAY = "https://glm.example.edu/v1"
KEY = "0123456789abcdef0123456789abcdef.SecretSecret1234"


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("http://127.0.0.1:8000/v1/chat/completions", "http://127.0.0.1:8000/v1"),
        ("http://127.0.0.1:8000/v1/chat/completions/", "http://127.0.0.1:8000/v1"),
        ("https://x.example/api/embeddings", "https://x.example/api"),
        ("127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1"),
        ("localhost:11434/v1", "http://localhost:11434/v1"),
        ("localhost", "http://localhost"),
        ("[::1]:8000/v1", "http://[::1]:8000/v1"),
        (" http://127.0.0.1:8000/v1/ ", "http://127.0.0.1:8000/v1"),
    ],
)
def test_url_that_was_copied_is_taken_as_its_base(written: str, url: str) -> None:
    endpoint = endpoint_of(written)
    assert (endpoint.name, endpoint.url, endpoint.currency) == (url, url, None)


def test_services_own_url_is_the_service_with_an_operation_at_its_end_too() -> None:
    url = "https://open.bigmodel.cn/api/paas/v4/chat/completions"
    assert endpoint_of(url) is SERVICES["bigmodel"]


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("gpu7.example.edu:8000/v1", "'https://gpu7.example.edu:8000/v1' or 'http://"),
        ("gpu7:8000", "'http://gpu7:8000'"),
        ("bigmodle", "'bigmodel'"),
        ("BigModel", "'bigmodel'"),
        ("ftp://x.example/v1", "'local', 'bigmodel'"),
        ("http://127.0.0.1:8000/v1?api-version=1", "'http://127.0.0.1:8000/v1'"),
        ("https://127.0.0.1:eighty/v1", "or a URL"),
    ],
)
def test_what_is_not_an_endpoint_names_the_likely_one(written: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        endpoint_of(written)
    assert hint in caught.value.hint


def test_password_in_a_url_is_refused_and_not_shown() -> None:
    for url in ("https://me:s3cret@x.example/v1", "ftp://me:s3cret@x.example/v1"):
        with pytest.raises(ConfigError) as caught:
            endpoint_of(url)
        assert "s3cret" not in f"{caught.value} {caught.value.hint}"


def test_likely_base_of_a_server_and_of_a_service() -> None:
    assert likely_base("http://127.0.0.1:8000") == "http://127.0.0.1:8000/v1"
    assert likely_base("http://127.0.0.1:8000/v1") == ""
    assert likely_base("https://open.bigmodel.cn/v1") == SERVICES["bigmodel"].url


def test_gateway_has_the_currency_and_the_free_model_of_its_service() -> None:
    assert endpoint_of(GATEWAY).serves == ""
    served = endpoint_of(GATEWAY, "zai")
    assert (served.name, served.currency, served.serves) == (GATEWAY, "USD", "zai")
    assert default_model(served) == default_model(SERVICES["zai"])


@pytest.mark.parametrize(
    ("endpoint", "serves"),
    [("bigmodel", "bigmodel"), ("local", "bigmodel"), (GATEWAY, "openai")],
)
def test_serves_is_for_a_url_and_a_service_of_glm(endpoint: str, serves: str) -> None:
    with pytest.raises(ConfigError, match="serve"):
        endpoint_of(endpoint, serves)


def test_serves_without_an_endpoint_is_refused() -> None:
    with pytest.raises(ConfigError, match="serves= is set without an endpoint"):
        access(serves="bigmodel")


def test_setting_serves_the_url_of_the_settings_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GLMKIT_SERVES", "bigmodel")
    assert endpoint_of(GATEWAY).serves == "bigmodel"
    assert endpoint_of("bigmodel").serves == ""
    monkeypatch.setenv("GLMKIT_ENDPOINT", GATEWAY)
    assert access().endpoint.serves == "bigmodel"
    assert endpoint_of("http://127.0.0.1:8000/v1").serves == ""
    monkeypatch.setenv("GLMKIT_SERVES", "openai")
    with pytest.raises(ConfigError, match="cannot serve 'openai'"):
        access()


def test_services_key_does_not_go_to_a_gateway_that_serves_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ZHIPUAI_API_KEY", KEY)
    assert access(GATEWAY, serves="bigmodel").key is None
    monkeypatch.setenv("GLMKIT_API_KEY", "gateway-key")
    assert access(GATEWAY, serves="bigmodel").found == "GLMKIT_API_KEY"


#: Root may become a user whom the system does not know; others only lose their HOME.
_FOLDERS = """
import os, sys
import keyring, platformdirs, platformdirs.unix
from glmkit.config.endpoints import data_dir, state_dir
from glmkit.config.keys import access, keyring_fault
from glmkit.types.errors import ConfigError
if os.geteuid() == 0:
    os.setgid(54321)
    os.setuid(54321)
print(access().endpoint.name, bool(keyring_fault()))
for folder in (data_dir, state_dir):
    try:
        print(folder())
    except ConfigError as exc:
        print(exc, exc.hint)
"""


def homeless(**variables: str) -> list[str]:
    """Return what a user without a home sees of folders and keys."""
    kept = ("PATH", "PYTHONPATH", "GLMKIT_TEST_ESCAPES")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _FOLDERS],
        env={name: os.environ[name] for name in kept if name in os.environ} | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    return (done.stdout + done.stderr).splitlines()


@pytest.mark.skipif(os.name != "posix", reason="only POSIX has users without a home")
def test_user_without_a_home_needs_only_the_two_folders(tmp_path: Path) -> None:
    named = {"GLMKIT_DATA_DIR": str(tmp_path), "GLMKIT_STATE_DIR": str(tmp_path / "s")}
    first, *folders = homeless(**named)
    assert first == "local True"
    assert folders == [str(tmp_path), str(tmp_path / "s")]
    first, *folders = homeless()
    assert first == "local True"
    if os.geteuid() == 0:
        assert folders[0].startswith(
            "this user has no home folder, and GLMKIT_DATA_DIR"
        )
        assert folders[1].endswith(
            "Set GLMKIT_STATE_DIR to a folder that can be written to."
        )
