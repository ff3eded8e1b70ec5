"""Proxies: which one a request goes through, by the variables of the environment.

The variables are those that curl and others read: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY
and NO_PROXY, in lower or upper case, the lower first. This machine is never reached
through a proxy.
"""

from __future__ import annotations

import ipaddress
import os
import re
import socket
import sys
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple, Protocol
from urllib.parse import unquote

from glmkit.config.endpoints import is_loopback
from glmkit.types.errors import TransportError
from glmkit.types.plain_text import one_line
from glmkit.types.translation import _

#: Kind of proxy → its port where none is written.
_PORTS = {"http": 80, "https": 443, "socks4": 1080, "socks5": 1080}
#: Written kind → kind, and whether the proxy resolves the names of hosts.
_KINDS = {
    "http": ("http", True),
    "https": ("https", True),
    "socks": ("socks5", True),
    "socks4": ("socks4", False),
    "socks4a": ("socks4", True),
    "socks5": ("socks5", False),
    "socks5h": ("socks5", True),
}
_NAMES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_VARIABLES = tuple(case for name in _NAMES for case in (name, name.upper()))
#: Seconds in which a proxy takes a connection, where it is only looked at.
_LOOK_S = 2.0


class Url(Protocol):
    """The parts of a URL that decide which proxy it takes."""

    @property
    def scheme(self) -> str:
        """ "http" or "https"."""

    @property
    def host(self) -> str:
        """The host, without brackets."""

    @property
    def port(self) -> int | None:
        """The port; None for the scheme's own."""


class Proxy(NamedTuple):
    """A proxy, and the variable that names it; its text shows no password.

    >>> print(parsed("http://me:word@proxy.example:3128", "HTTPS_PROXY"))
    http://proxy.example:3128 (HTTPS_PROXY)
    """

    kind: str
    host: str
    port: int
    variable: str
    user: str = ""
    password: str = ""
    resolves: bool = True

    @property
    def url(self) -> str:
        """The URL, without user and password."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.kind}://{host}:{self.port}"

    @property
    def socks(self) -> bool:
        """Whether it speaks SOCKS, and not HTTP."""
        return self.kind.startswith("socks")

    def __repr__(self) -> str:
        return one_line(f"{self.url} ({self.variable})")


def proxy_of(url: Url, environ: Mapping[str, str] = os.environ) -> Proxy | None:
    """Return the proxy of a URL; None where it is reached directly.

    TransportError where a variable names no proxy that can be used.
    """
    if is_loopback(url.host):
        return None
    values = tuple(environ.get(name, "") for name in _VARIABLES)
    cgi = "REQUEST_METHOD" in environ  # there, HTTP_PROXY is a header of a stranger
    port = url.port or (443 if url.scheme == "https" else 80)
    return _proxy_of(url.scheme, url.host.lower(), port, values, cgi)


@lru_cache(maxsize=256)
def _proxy_of(
    scheme: str, host: str, port: int, values: tuple[str, ...], cgi: bool
) -> Proxy | None:
    settings = {n: v.strip() for n, v in zip(_VARIABLES, values, strict=True)}
    if cgi:
        settings["HTTP_PROXY"] = ""
    if not any(settings.values()):
        return _of_the_system(scheme, host)
    excepted = settings["no_proxy"] or settings["NO_PROXY"]
    if _is_excepted(host, port, excepted):
        return None
    for name in (f"{scheme}_proxy", "all_proxy"):
        for variable in (name, name.upper()):
            if settings[variable]:
                return parsed(settings[variable], variable)
    return None


def _of_the_system(scheme: str, host: str) -> Proxy | None:
    """Return the proxy of the settings of macOS or Windows."""
    if sys.platform not in ("darwin", "win32"):
        return None
    from urllib.request import getproxies, proxy_bypass

    found = getproxies()
    text = found.get(scheme) or found.get("all")
    if not text or proxy_bypass(host):
        return None
    return parsed(text, _("the system's settings"))


def parsed(text: str, variable: str) -> Proxy:
    """Return the proxy that a variable's value names; TransportError if it names none.

    A user and a password may stand in it as they are, or percent-encoded.

    >>> proxy = parsed("http://me:p@ss:w%40rd@[::1]:3128/", "ALL_PROXY")
    >>> proxy.user, proxy.password, proxy.host, proxy.port
    ('me', 'p@ss:w@rd', '::1', 3128)
    """
    scheme, found, rest = text.partition("://")
    scheme, rest = (scheme.lower(), rest) if found else ("http", text)
    account, _at, place = rest.rpartition("@")
    place = re.split(r"[/?#]", place, maxsplit=1)[0]
    match = re.fullmatch(r"(\[[0-9A-Fa-f:.%\w]+\]|[^:\[\]\s]+)(?::(\d{1,5}))?", place)
    if scheme not in _KINDS or match is None or int(match[2] or 0) > 65535:
        raise _unusable(scheme, place, variable)
    kind, resolves = _KINDS[scheme]
    user, _colon, password = account.partition(":")
    return Proxy(
        kind,
        match[1].strip("[]"),
        int(match[2] or _PORTS[kind]),
        variable,
        unquote(user),
        unquote(password),
        resolves,
    )


def _unusable(scheme: str, place: str, variable: str) -> TransportError:
    error = TransportError(
        _(
            "{variable} names no proxy that can be used: {url}",
            variable=variable,
            url=f"{scheme}://{place}",
        ),
        hint=_(
            "Write it as http://host:port, https://host:port or socks5://host:port, or "
            "unset {variable}.",
            variable=variable,
        ),
    )
    error.sent, error.lasting = False, True
    return error


def _is_excepted(host: str, port: int, excepted: str) -> bool:
    return any(
        _matches(entry, host, port) for entry in re.split(r"[\s,]+", excepted) if entry
    )


def _matches(entry: str, host: str, port: int) -> bool:
    """Whether an entry of NO_PROXY is for a host and port.

    >>> _matches(".example.org:8443", "a.example.org", 8443)
    True
    >>> _matches("example.org:8443", "example.org", 443)
    False
    """
    entry = entry.lower().partition("://")[2] or entry.lower()
    if entry == "*":
        return True
    if (found := re.fullmatch(r"(\[.*\]|[^:]*):(\d+)", entry)) is not None:
        if int(found[2]) != port:
            return False
        entry = found[1]
    entry = entry.strip("[]").removeprefix("*").lstrip(".").rstrip(".")
    host = host.rstrip(".")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return bool(entry) and f".{host}".endswith(f".{entry}")
    try:
        return address in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False


def variables(environ: Mapping[str, str] = os.environ) -> Iterator[str]:
    """Yield the names of the variables of proxies that are set."""
    return (name for name in _VARIABLES if environ.get(name, "").strip())


def connection_fault(proxy: Proxy) -> str:
    """Connect to a proxy; return why that is not possible, "" where it is."""
    try:
        with socket.create_connection((proxy.host, proxy.port), _LOOK_S):
            return ""
    except OSError as exc:
        return exc.strerror or str(exc)
