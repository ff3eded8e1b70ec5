"""The host that stands beside a link is the one that a browser would ask."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from glmkit import render
from glmkit.render.link_targets import target

_HOST = re.compile(r'<small class="glmkit-host">\((.*?)\)</small>')


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("http://good.example@evil.example/", "evil.example"),
        ("http://good.example:80@evil.example/", "evil.example"),
        ("http://good.example%2F@evil.example/", "evil.example"),
        ("http://user:word@good.example/", "good.example"),
        ("http://0x7f.1/", "127.0.0.1"),
        ("http://0X7F000001/", "127.0.0.1"),
        ("http://2130706433/", "127.0.0.1"),
        ("http://017700000001/", "127.0.0.1"),
        ("http://127.1:8888/", "127.0.0.1:8888"),
        ("http://192.168.257/", "192.168.1.1"),
        ("http://3232235777./", "192.168.1.1"),
    ],
)
def test_an_address_that_disguises_its_host_shows_it(address: str, host: str) -> None:
    assert _HOST.findall(render.body(f"<{address}>")) == [host]
    assert _HOST.findall(render.body(f"[click]({address})")) == [host]


@pytest.mark.parametrize(
    "address",
    ["http://example.org/", "https://127.0.0.1/x", "http://[::1]:80/", "http://a.b:1/"],
)
def test_an_address_that_shows_its_host_is_left_alone(address: str) -> None:
    assert _HOST.findall(render.body(f"<{address}>")) == []
    assert f'href="{address}"' in render.body(f"<{address}>")


@pytest.mark.parametrize(
    "host", ["256.1.1.1.1", "1.2.3.4.5", "0x1g", "a.1", "08", "1e3"]
)
def test_what_is_not_an_address_stays_a_name(host: str) -> None:
    found = target(f"http://{host}/")
    assert found is not None
    assert found.host == host


@pytest.mark.parametrize(
    "address", ["javascript:1", "data:text/html,x", "//x.example", "file:///x", "http:"]
)
def test_other_addresses_are_no_targets(address: str) -> None:
    assert target(address) is None


def test_a_link_tells_nobody_where_it_was_followed() -> None:
    link = render.body("[x](http://example.org)")
    assert 'referrerpolicy="no-referrer"' in link
    assert 'rel="noopener noreferrer nofollow"' in link


def test_a_link_is_written_alike_in_every_process() -> None:
    code = (
        "from glmkit import render\nfrom glmkit.render import markdown\n"
        "print(render.body('[x](http://example.org)'))\n"
        "print(markdown.link('http://example.org', 'x'))"
    )
    written = {
        subprocess.check_output([sys.executable, "-c", code], text=True)
        for _ in range(6)
    }
    (links,) = written  # one of two orders of attributes: 6 agree by chance in 1 of 32
    attributes = 'target="_blank" referrerpolicy="no-referrer" rel="noopener'
    assert links.count(f'<a href="http://example.org" {attributes}') == 2
