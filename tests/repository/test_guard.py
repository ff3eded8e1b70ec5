"""The guard itself: tests may trust that nothing leaves this machine."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import escapes, forgive_escapes

ELSEWHERE = "192.0.2.1"  # reserved for documentation, never anybody's


def test_a_connection_beyond_loopback_is_refused_and_remembered() -> None:
    with socket.socket() as sock, pytest.raises(OSError, match="may not leave"):
        sock.connect((ELSEWHERE, 80))
    assert ELSEWHERE in escapes()[0]
    forgive_escapes()


def test_a_look_up_of_a_name_is_refused() -> None:
    with pytest.raises(OSError, match="may not leave"):
        socket.getaddrinfo("example.org", 80)
    assert "example.org" in escapes()[0]
    forgive_escapes()


def test_a_name_that_can_not_exist_fails_as_without_a_guard() -> None:
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("nowhere.invalid", 80)


def test_a_child_process_is_kept_on_loopback_too() -> None:
    code = f"import socket; socket.socket().connect(('{ELSEWHERE}', 80))"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True)
    assert b"may not leave loopback" in child.stderr
    assert ELSEWHERE in escapes()[0]
    forgive_escapes()


def test_loopback_is_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()


def test_home_and_keys_of_the_person_are_out_of_sight(home: Path) -> None:
    assert Path.home() == home
    assert not [name for name in os.environ if name.endswith("_API_KEY")]
