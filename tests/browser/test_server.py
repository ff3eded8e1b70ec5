"""A Jupyter server under test counts as up once it answers, and not before."""

from __future__ import annotations

import socket
import struct
import threading

import pytest

from tests.browser.lab import answers

_RESET = struct.pack("ii", 1, 0)


@pytest.mark.parametrize("manner", ["resets", "closes", "mumbles"])
def test_a_server_that_hangs_up_is_not_up_yet(manner: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def hang_up() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(4096)
                if manner == "resets":
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                elif manner == "mumbles":
                    connection.sendall(b"hm?\r\n\r\n")

        thread = threading.Thread(target=hang_up)
        thread.start()
        up = answers(f"http://127.0.0.1:{listening.getsockname()[1]}")
        thread.join()
    assert not up


def test_a_port_where_nobody_listens_is_not_up_yet() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    assert not answers(f"http://127.0.0.1:{port}")
