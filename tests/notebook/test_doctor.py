"""What doctor shows of the machine: proxy, certificates, keyring, folders, locks."""

from __future__ import annotations

from pathlib import Path

import pytest

from glmkit.notebook import doctor
from glmkit.transport.http import certificates
from tests.transport.test_proxies import CLOSED

NAMES = ("keyring", "proxy", "certificates", "folders", "locks")


def found() -> dict[str, doctor.Finding]:
    certificates.context.cache_clear()
    return {finding.name: finding for finding in doctor.examine()}


def test_machine_that_is_well_has_no_next_step() -> None:
    findings = found()
    assert set(NAMES) <= set(findings)
    well = [findings[name].next for name in NAMES if name != "keyring"]
    assert well == [""] * 4
    assert findings["keyring"].state == "cannot be used: this machine has none"


def test_machine_that_is_not_names_the_line_that_mends_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{CLOSED}")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "gone.pem"))
    monkeypatch.setenv("GLMKIT_DATA_DIR", str(tmp_path / "file" / "data"))
    findings = found()
    certificates.context.cache_clear()
    for name, step in {
        "proxy": "correct HTTPS_PROXY",
        "certificates": "Correct SSL_CERT_FILE",
        "folders": "Set GLMKIT_DATA_DIR",
        "ledger": "set GLMKIT_DATA_DIR",
    }.items():
        assert step in findings[name].next


def test_gateway_says_what_it_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLMKIT_ENDPOINT", "http://127.0.0.1:8000/v1")
    monkeypatch.setenv("GLMKIT_SERVES", "bigmodel")
    state = found()["endpoint"].state
    assert state == "http://127.0.0.1:8000/v1, which serves bigmodel, without a key"
