"""Resolves the host of a link as browsers do, also of disguised addresses."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

_NUMBER = re.compile(r"0[xX](?P<hex>[0-9a-fA-F]*)|0(?P<oct>[0-7]+)|(?P<dec>0|[1-9]\d*)")
#: What a browser takes for the dots of a host.
_DOTS = str.maketrans("。．｡", "...")


class Target(NamedTuple):
    """The host of a link; `obvious` where it stands in the address as it is."""

    host: str
    obvious: bool


def target(address: str) -> Target | None:
    """Return where an address leads, None where it may not be followed.

    >>> target("http://example.org/a")
    Target(host='example.org', obvious=True)
    >>> target("http://good.example@0x7f.1/")
    Target(host='127.0.0.1', obvious=False)
    """
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    if parts.scheme == "mailto":
        return Target(parts.path.rpartition("@")[2] or "mail", obvious=True)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        return None
    host = _named(parts.netloc.rpartition("@")[2])
    return Target(host, obvious=host == parts.netloc.lower()) if host else None


def _named(host: str) -> str:
    """Return a host as a browser reads it, with its port."""
    host = unicodedata.normalize("NFKC", unquote(host)).translate(_DOTS).lower()
    name, colon, port = host.partition(":")
    if host.startswith("["):  # IPv6: the address itself has colons
        return host
    return (_ipv4(name) or name) + colon + port


def _ipv4(name: str) -> str:
    """Return a host that is a number, or several, as the address it stands for."""
    parts = name.removesuffix(".").split(".")
    numbers = [_number(part) for part in parts]
    if not 1 <= len(parts) <= 4 or None in numbers:
        return ""
    *first, last = (number or 0 for number in numbers)
    if max([0, *first]) > 255 or last >= 256 ** (5 - len(parts)):
        return ""
    whole = last + sum(part << 8 * (3 - n) for n, part in enumerate(first))
    return ".".join(str(whole >> shift & 255) for shift in (24, 16, 8, 0))


def _number(text: str) -> int | None:
    found = _NUMBER.fullmatch(text)
    if found is None or len(text) > 20:
        return None
    if found["hex"] is not None:
        return int(found["hex"] or "0", 16)
    return int(found["oct"], 8) if found["oct"] else int(found["dec"])
