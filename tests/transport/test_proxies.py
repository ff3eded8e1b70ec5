"""Proxies: which one a request takes, and what each of their faults says.

The proxies are real: proxy.py, and pproxy for SOCKS. The service behind them is at
glm.invalid, a name that only the proxies know.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

import glmkit
from glmkit.transport.http import certificates
from glmkit.transport.http.proxies import (
    Proxy,
    connection_fault,
    parsed,
    proxy_of,
    variables,
)
from glmkit.types.errors import TransportError
from tests.conftest import ROOT

PEM = Path(__file__).parents[1] / "data/proxied.pem"
ACCOUNT = "me:p@ss:w/rd%"
CLOSED = 9  # nothing listens there
PROXIED = "https://open.bigmodel.cn/api/paas/v4"


# Which proxy


def chosen(url: str, **variables: str) -> str:
    return str(proxy_of(httpx.URL(url), variables) or "")


@pytest.mark.parametrize(
    ("settings", "proxy"),
    [
        ({}, ""),
        ({"HTTPS_PROXY": "http://p:1"}, "http://p:1 (HTTPS_PROXY)"),
        ({"https_proxy": "http://p:1"}, "http://p:1 (https_proxy)"),
        (
            {"https_proxy": "http://low:1", "HTTPS_PROXY": "http://up:1"},
            "http://low:1 (https_proxy)",
        ),
        ({"HTTP_PROXY": "http://p:1"}, ""),
        ({"ALL_PROXY": "http://p:1"}, "http://p:1 (ALL_PROXY)"),
        (
            {"all_proxy": "http://a:1", "HTTPS_PROXY": "http://h:1"},
            "http://h:1 (HTTPS_PROXY)",
        ),
        ({"HTTPS_PROXY": "p.example:3128"}, "http://p.example:3128 (HTTPS_PROXY)"),
        ({"HTTPS_PROXY": "http://p.example/"}, "http://p.example:80 (HTTPS_PROXY)"),
        ({"HTTPS_PROXY": "https://p.example"}, "https://p.example:443 (HTTPS_PROXY)"),
        ({"HTTPS_PROXY": "http://[::1]:3128"}, "http://[::1]:3128 (HTTPS_PROXY)"),
        (
            {"ALL_PROXY": "socks://127.0.0.1:7890/"},
            "socks5://127.0.0.1:7890 (ALL_PROXY)",
        ),
        ({"ALL_PROXY": "SOCKS5H://p"}, "socks5://p:1080 (ALL_PROXY)"),
        ({"HTTPS_PROXY": "  "}, ""),
    ],
)
def test_proxy_is_that_of_the_first_variable_that_is_set(
    settings: dict[str, str], proxy: str
) -> None:
    assert chosen(PROXIED, **settings) == proxy


def test_header_of_a_strangers_request_names_no_proxy() -> None:
    cgi = {"HTTP_PROXY": "http://evil:1", "REQUEST_METHOD": "POST"}
    assert chosen("http://x.example/v1", **cgi) == ""
    assert chosen("http://x.example/v1", HTTP_PROXY="http://p:1") != ""


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.8.9.1:8000", "localhost", "LOCALHOST:80", "[::1]:8000",
     "a.localhost", "0.0.0.0:8000"],
)  # fmt: skip
def test_loopback_is_never_proxied(host: str) -> None:
    for scheme in ("http", "https"):
        assert chosen(f"{scheme}://{host}/v1", ALL_PROXY="nonsense://p:1") == ""


@pytest.mark.parametrize(
    ("no_proxy", "direct"),
    [
        ("*", True),
        ("open.bigmodel.cn", True),
        ("OPEN.BigModel.cn", True),
        ("bigmodel.cn", True),
        (".bigmodel.cn", True),
        ("*.bigmodel.cn", True),
        ("model.cn", False),
        ("api.open.bigmodel.cn", False),
        ("open.bigmodel.cn:443", True),
        ("open.bigmodel.cn:8443", False),
        (".cn:443", True),
        ("https://open.bigmodel.cn", True),
        ("localhost, 127.0.0.1,.bigmodel.cn", True),
        ("localhost 127.0.0.1 .bigmodel.cn", True),
        (",, ", False),
        ("", False),
    ],
)
def test_no_proxy_names_hosts_suffixes_and_ports(no_proxy: str, direct: bool) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        found = chosen(PROXIED, HTTPS_PROXY="http://p:1", **{name: no_proxy})
        assert (found == "") is direct


@pytest.mark.parametrize(
    ("no_proxy", "direct"),
    [("10.0.0.0/8", True), ("10.1.2.3", True), ("10.1.2.3:8000", True),
     ("10.1.2.3:80", False), ("192.168.0.0/16", False), ("2.3", False)],
)  # fmt: skip
def test_no_proxy_names_addresses_and_networks(no_proxy: str, direct: bool) -> None:
    asked = {"HTTP_PROXY": "http://p:1", "NO_PROXY": no_proxy}
    assert (chosen("http://10.1.2.3:8000/v1", **asked) == "") is direct


@pytest.mark.parametrize(
    "written",
    ["http://me:p@ss:w/rd%@p:1", "http://me:p%40ss%3Aw%2Frd%25@p:1",
     "me:p@ss:w/rd%@p:1", "socks5://me:p@ss:w/rd%@p:1"],
)  # fmt: skip
def test_password_is_read_as_it_is_or_encoded_and_not_shown(written: str) -> None:
    proxy = proxy_of(httpx.URL(PROXIED), {"HTTPS_PROXY": written})
    assert proxy is not None
    assert (proxy.user, proxy.password) == ("me", "p@ss:w/rd%")
    assert (proxy.host, proxy.port) == ("p", 1)
    assert "p@ss" not in f"{proxy} {proxy!r} {proxy.url}"


@pytest.mark.parametrize(
    "written",
    ["ftp://p:1", "http://", "http://p:port", "http://p:99999", "socks6://p", "p:1:2"],
)
def test_variable_that_names_no_proxy_is_named_in_one_line(written: str) -> None:
    with pytest.raises(TransportError) as caught:
        proxy_of(httpx.URL(PROXIED), {"HTTPS_PROXY": written})
    said(caught.value, "HTTPS_PROXY names no proxy that can be used")
    assert not caught.value.sent
    assert caught.value.lasting
    with pytest.raises(TransportError) as secret:
        proxy_of(httpx.URL(PROXIED), {"ALL_PROXY": "ftp://me:s3cret@p:1"})
    assert "s3cret" not in f"{secret.value}{secret.value.hint}"


def test_variables_that_are_set_are_listed() -> None:
    settings = {"no_proxy": "x", "ALL_PROXY": "http://p:1", "http_proxy": " "}
    assert sorted(variables(settings)) == ["ALL_PROXY", "no_proxy"]


# Real proxies


def said(error: TransportError, *parts: str) -> None:
    """Hold an error to one line with these parts, and its hint to one line."""
    text = str(error).split("\n")[0]
    assert str(error) in (text, f"{text}\n→ {error.hint}")
    assert "\n" not in error.hint
    for part in parts:
        assert part in text


@contextmanager
def started(*arguments: str) -> Iterator[dict[str, Any]]:
    """Run a module that prints one line of JSON; it ends with its stdin."""
    with subprocess.Popen(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        yield json.loads(child.stdout.readline())
        child.stdin.close()


@pytest.fixture(scope="module")
def service() -> Iterator[dict[str, str]]:
    """A service at glm.invalid: its URLs over plain HTTP and over TLS."""
    with started("tests.support.ends") as told:
        plain = told["url"].replace("127.0.0.1", "glm.invalid")
        yield {"http": plain, "https": told["tls"], "here": told["url"]}


@pytest.fixture(scope="module")
def proxies() -> Iterator[Callable[..., int]]:
    """Return `proxies(kind, account)`: the port of a real proxy."""
    found: dict[tuple[str, ...], int] = {}
    running = []

    def port(*arguments: str) -> int:
        if arguments not in found:
            child = started("tests.support.proxies", *arguments)
            running.append(child)
            found[arguments] = child.__enter__()["port"]
        return found[arguments]

    yield port
    for child in running:
        child.__exit__(None, None, None)


@pytest.fixture(autouse=True)
def _trust(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SSL_CERT_FILE", str(PEM))
    certificates.context.cache_clear()
    yield
    certificates.context.cache_clear()


async def asked(url: str, **options: Any) -> glmkit.Reply:
    async with glmkit.AsyncClient(f"{url}/api/paas/v4", "a.b", **options) as client:
        return await client.chat("Hi")


def ask(url: str, **options: Any) -> glmkit.Reply:
    """Ask on a loop of its own, whose connections end with it."""
    return asyncio.run(asked(url, **options))


def refused(url: str, **options: Any) -> TransportError:
    with pytest.raises(TransportError) as caught:
        ask(url, **options)
    assert not caught.value.sent
    return caught.value


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("case", [str.lower, str.upper])
def test_proxy_lets_calls_through(
    service: dict[str, str],
    proxies: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
    scheme: str,
    case: Callable[[str], str],
) -> None:
    place = f"http://127.0.0.1:{proxies('http')}"
    monkeypatch.setenv(case(f"{scheme}_proxy"), place)
    assert ask(service[scheme]).text == "Yes"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_proxy_that_speaks_tls_lets_calls_through(
    service: dict[str, str],
    proxies: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
    scheme: str,
) -> None:
    monkeypatch.setenv("ALL_PROXY", f"https://localhost:{proxies('https')}")
    assert ask(service[scheme]).text == "Yes"


def test_client_takes_a_proxy_that_is_set_after_its_first_call(
    service: dict[str, str], proxies: Callable[..., int], monkeypatch: Any
) -> None:
    async def before_and_after() -> None:
        url = f"{service['https']}/api/paas/v4"
        async with glmkit.AsyncClient(url, "a.b") as client:
            with pytest.raises(TransportError, match=r"glm\.invalid is not known"):
                await client.chat("Hi")
            monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxies('http')}")
            assert (await client.chat("Hi")).text == "Yes"
            async with client.stream("Hi") as stream:
                _ = [event async for event in stream]
            assert stream.reply.text == "Yes"

    asyncio.run(before_and_after())


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("written", [ACCOUNT, "me:p%40ss%3Aw%2Frd%25"])
def test_password_with_odd_characters_opens_the_proxy(
    service: dict[str, str],
    proxies: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
    scheme: str,
    written: str,
) -> None:
    port = proxies("http", ACCOUNT)
    monkeypatch.setenv("ALL_PROXY", f"http://{written}@127.0.0.1:{port}")
    assert ask(service[scheme]).text == "Yes"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_407_asks_for_the_password_and_names_where_to_write_it(
    service: dict[str, str],
    proxies: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
    scheme: str,
) -> None:
    place = f"127.0.0.1:{proxies('http', ACCOUNT)}"
    monkeypatch.setenv("ALL_PROXY", f"http://{place}")
    error = refused(service[scheme])
    said(error, f"the proxy http://{place} (ALL_PROXY) asks for a user")
    assert f"into ALL_PROXY: http://USER:PASSWORD@{place}" in error.hint
    monkeypatch.setenv("ALL_PROXY", f"http://me:wrong@{place}")
    error = refused(service[scheme])
    said(error, f"http://{place} (ALL_PROXY) does not accept its user and password")
    assert "wrong" not in f"{error}{error.hint}"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_403_is_the_proxys_and_not_the_keys(
    proxies: Callable[..., int], monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    place = f"http://127.0.0.1:{proxies('http')}"
    monkeypatch.setenv(f"{scheme.upper()}_PROXY", place)
    error = refused(f"{scheme}://blocked.invalid:8000")
    said(error, f"{place} ({scheme.upper()}_PROXY)", "blocked.invalid:8000: 403 Forb")
    assert "NO_PROXY" in error.hint


def test_host_that_the_proxy_does_not_find_is_named_with_the_proxy(
    proxies: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    place = f"http://127.0.0.1:{proxies('http')}"
    monkeypatch.setenv("HTTPS_PROXY", place)
    error = refused("https://nowhere.invalid")
    said(error, f"{place} (HTTPS_PROXY)", "nowhere.invalid: 502")


def test_proxy_that_fails_on_plain_http_is_named_in_the_hint(
    proxies: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    place = f"http://127.0.0.1:{proxies('http')}"
    monkeypatch.setenv("HTTP_PROXY", place)
    with pytest.raises(glmkit.ServerError) as caught:
        ask("http://nowhere.invalid")
    assert f"The proxy {place} (HTTP_PROXY) is on the way." in caught.value.hint


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_proxy_that_is_not_there_is_named(
    service: dict[str, str], monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{CLOSED}")
    error = refused(service[scheme])
    said(error, f"nothing answers at the proxy http://127.0.0.1:{CLOSED} (ALL_PROXY)")
    monkeypatch.setenv("ALL_PROXY", "http://proxy.invalid:3128")
    error = refused(service[scheme])
    said(error, "host of the proxy http://proxy.invalid:3128 (ALL_PROXY) is not known")


@pytest.mark.parametrize("kind", ["http", "socks5h"])
def test_proxy_that_stalls_is_named(
    service: dict[str, str], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place = f"127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setenv("HTTPS_PROXY", f"{kind}://{place}")
        error = refused(service["https"], timeout_s=2)
        said(error, f"{kind.rstrip('h')}://{place} (HTTPS_PROXY) does not answer")


def test_stalled_proxy_of_plain_http_is_named_in_the_silence(
    service: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place = f"http://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setenv("HTTP_PROXY", place)
        with pytest.raises(TransportError, match="silent") as caught:
            ask(service["http"], timeout_s=2)
    said(caught.value, f"by way of the proxy {place} (HTTP_PROXY)")
    assert caught.value.sent  # the proxy has it, and may have passed it on


def test_what_is_not_a_proxy_of_http_is_named(
    service: dict[str, str], proxies: Callable[..., int], monkeypatch: Any
) -> None:
    place = f"http://127.0.0.1:{proxies('socks5')}"
    monkeypatch.setenv("HTTPS_PROXY", place)
    error = refused(service["https"])
    said(error, f"was not reached by way of the proxy {place} (HTTPS_PROXY)")
    assert "socks5://" in error.hint


def test_certificate_of_a_proxy_that_looks_into_tls_is_named(
    service: dict[str, str], proxies: Callable[..., int], monkeypatch: Any
) -> None:
    place = f"http://127.0.0.1:{proxies('http')}"
    monkeypatch.setenv("HTTPS_PROXY", place)
    monkeypatch.setenv("SSL_CERT_FILE", str(PEM.with_name("tls.pem")))
    certificates.context.cache_clear()
    error = refused(service["https"])
    said(error, "no certificate that this machine trusts", f"{place} (HTTPS_PROXY)")
    assert "SSL_CERT_FILE" in error.hint


@pytest.mark.parametrize("place", ["no/such/file", "."])
def test_certificates_that_cannot_be_read_are_named(
    monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", place)
    certificates.context.cache_clear()
    said(refused("https://127.0.0.1:9"), f"SSL_CERT_FILE={place}")


def test_loopback_is_reached_whatever_the_variables_name(
    service: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variables of a desktop whose proxy glmkit cannot speak to."""
    for name in ("ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "socks://127.0.0.1:7890/")
    monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.0/8,::1")
    assert ask(service["here"]).text == "Yes"


# SOCKS


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("written", ["socks", "socks5h"])
def test_socks_lets_calls_through(
    service: dict[str, str],
    proxies: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
    scheme: str,
    written: str,
) -> None:
    monkeypatch.setenv("ALL_PROXY", f"{written}://127.0.0.1:{proxies('socks5')}/")
    assert ask(service[scheme]).text == "Yes"


@pytest.mark.parametrize(
    ("written", "kind", "resolves"),
    [("socks4", "socks4", False), ("socks4a", "socks4", True),
     ("socks5", "socks5", False), ("socks5h", "socks5", True)],
)  # fmt: skip
def test_kind_of_socks_says_who_looks_names_up(
    written: str, kind: str, resolves: bool
) -> None:
    proxy = parsed(f"{written}://p:1", "ALL_PROXY")
    assert (proxy.kind, proxy.resolves, proxy.socks) == (kind, resolves, True)


def test_socks_without_a_name_service_looks_hosts_up_here(
    service: dict[str, str], proxies: Callable[..., int], monkeypatch: Any
) -> None:
    place = f"socks5://127.0.0.1:{proxies('socks5')}"
    monkeypatch.setenv("ALL_PROXY", place)
    error = refused(service["https"])
    said(error, f"{place} (ALL_PROXY)", "glm.invalid")


def test_socks_takes_a_password_and_says_that_it_does_not(
    service: dict[str, str], proxies: Callable[..., int], monkeypatch: Any
) -> None:
    place = f"127.0.0.1:{proxies('socks5', ACCOUNT)}"
    monkeypatch.setenv("ALL_PROXY", f"socks5h://{ACCOUNT}@{place}")
    assert ask(service["https"]).text == "Yes"
    monkeypatch.setenv("ALL_PROXY", f"socks5h://me:wrong@{place}")
    error = refused(service["https"])
    said(error, f"socks5://{place} (ALL_PROXY)")
    assert "USER:PASSWORD" in error.hint
    assert "wrong" not in f"{error}{error.hint}"


def test_socks_proxy_that_is_not_there_is_named(
    service: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", f"socks5h://127.0.0.1:{CLOSED}")
    error = refused(service["https"])
    said(error, f"nothing answers at the proxy socks5://127.0.0.1:{CLOSED} (ALL_PROXY)")


_BARE = """
import sys
sys.modules["aiohttp_socks"] = None
import glmkit
for url in sys.argv[1:]:
    try:
        print(glmkit.Client(url + "/api/paas/v4", "a.b").chat("Hi").text)
    except glmkit.TransportError as exc:
        print(f"{exc} | {exc.hint}".replace("\\n", " | "))
"""


def test_socks_without_its_package_names_it_and_loopback_is_reached(
    service: dict[str, str],
) -> None:
    settings = os.environ | {"ALL_PROXY": "socks5://127.0.0.1:7890"}
    done = subprocess.run(
        [sys.executable, "-c", _BARE, service["https"], service["here"]],
        env=settings,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    first, second = done.stdout.splitlines()
    assert "socks5://127.0.0.1:7890 (ALL_PROXY) is a SOCKS proxy" in first
    assert 'pip install "glmkit[socks]"' in first
    assert second == "Yes"


def test_failed_proxy_costs_nothing_and_is_tried_a_little(
    service: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{CLOSED}")
    client = glmkit.Client(f"{service['https']}/api/paas/v4", "a.b", serves="bigmodel")
    with pytest.raises(TransportError) as caught:
        client.chat("Hi", model="glm-4-plus")
    assert caught.value.reply is not None
    assert str(caught.value.reply.cost) == "¥0"


def test_connection_fault_says_why_a_proxy_cannot_be_reached(
    proxies: Callable[..., int],
) -> None:
    there = Proxy("http", "127.0.0.1", proxies("http"), "HTTP_PROXY")
    assert connection_fault(there) == ""
    assert "refused" in connection_fault(there._replace(port=CLOSED))


def test_control_arm_finds_a_request_that_goes_round_its_proxy(
    service: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a rule that never proxies, the calls above could not pass."""
    from glmkit.transport.http import sending

    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{CLOSED}")
    monkeypatch.setattr(sending, "proxy_of", lambda _url: None)
    said(refused(service["https"]), "the host glm.invalid is not known")
