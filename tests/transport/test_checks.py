"""What `glmkit doctor` finds of proxies and certificates."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from glmkit.transport.http import certificates, checks
from glmkit.types.errors import TransportError
from tests.transport.test_proxies import CLOSED, PEM, PROXIED


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    certificates.context.cache_clear()
    yield
    certificates.context.cache_clear()


def test_no_proxy_is_said_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert checks.proxy(PROXIED) == ("none", "")
    monkeypatch.setenv("HTTPS_PROXY", "http://p:1")
    monkeypatch.setenv("no_proxy", ".bigmodel.cn")
    state, step = checks.proxy(PROXIED)
    assert state == "none for open.bigmodel.cn, by HTTPS_PROXY, no_proxy"
    assert checks.proxy("http://127.0.0.1:8000/v1")[0].startswith("none: 127.0.0.1")
    assert step == ""


def test_proxy_is_reached_or_says_why_not(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as there:
        place = f"http://127.0.0.1:{there.getsockname()[1]}"
        monkeypatch.setenv("ALL_PROXY", place)
        state = (f"{place} (ALL_PROXY) for open.bigmodel.cn", "")
        assert checks.proxy(PROXIED) == state
    monkeypatch.setenv("ALL_PROXY", f"http://me:word@127.0.0.1:{CLOSED}")
    state, step = checks.proxy(PROXIED)
    assert state == f"http://127.0.0.1:{CLOSED} (ALL_PROXY): Connection refused"
    assert "correct ALL_PROXY, or name open.bigmodel.cn in NO_PROXY" in step
    monkeypatch.setenv("ALL_PROXY", "ftp://p:1")
    with pytest.raises(TransportError, match="ALL_PROXY names no proxy"):
        checks.proxy(PROXIED)


def test_certificates_are_counted_and_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(PEM))
    assert checks.authorities() == (f"SSL_CERT_FILE={PEM}, 1 authorities", "")
    certificates.context.cache_clear()
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "gone.pem"))
    with pytest.raises(TransportError, match=r"gone\.pem cannot be read"):
        checks.authorities()
    monkeypatch.delenv("SSL_CERT_FILE")
    state, step = checks.authorities()
    assert state.startswith("certifi's list, 1")
    assert step == ""
