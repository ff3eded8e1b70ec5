"""TLS where none is spoken, and the reverse: the message names it and the next step."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import glmkit
from glmkit.wire import refusal
from tests.conftest import LIMIT_S

_PEM = Path(__file__).parents[1] / "data/tls.pem"
_KEY = "0123456789abcdef.0123456789abcdef"

Behave = Callable[[socket.socket], None]


@contextlib.contextmanager
def listening(behave: Behave) -> Iterator[str]:
    """Treat each connection so, one after another; yield the address."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = server.accept()
                with connection, contextlib.suppress(OSError):
                    behave(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    host, port = server.getsockname()
    yield f"{host}:{port}"
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join(5)


def plain(connection: socket.socket) -> None:
    connection.recv(2**16)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")


def closing(connection: socket.socket) -> None:
    connection.recv(2**16)


def alerting(connection: socket.socket) -> None:
    """Answer as TLS libraries do to what is no greeting."""
    connection.recv(2**16)
    connection.sendall(b"\x15\x03\x01\x00\x02\x02\x46")


def speaking_tls(connection: socket.socket) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_PEM)
    with context.wrap_socket(connection, server_side=True) as wrapped:
        plain(wrapped)  # type: ignore[arg-type]


def asked(scheme: str, behave: Behave) -> glmkit.TransportError:
    with listening(behave) as place:
        client = glmkit.Client(f"{scheme}://{place}/v1", _KEY, timeout_s=LIMIT_S)
        with pytest.raises(glmkit.TransportError) as caught:
            client.chat("Hi")
    return caught.value


@pytest.mark.parametrize(
    ("scheme", "behave", "said", "hint"),
    [
        ("https", plain, "does not speak TLS", "write http://"),
        ("https", closing, "TLS", "http://"),
        ("https", speaking_tls, "no certificate", "SSL_CERT_FILE"),
        ("http", alerting, "speaks TLS", "Write https://"),
        ("http", speaking_tls, "", "https://"),  # reset or closed: no word comes
    ],
)
def test_wrong_protocol_is_named_with_the_next_step(
    scheme: str, behave: Behave, said: str, hint: str
) -> None:
    error = asked(scheme, behave)
    assert said in str(error)
    assert hint in error.hint
    assert "127.0.0.1:" in str(error)


@pytest.mark.parametrize(
    "said",
    [
        "<html>400 The plain HTTP request was sent to HTTPS port</html>",
        "Client sent an HTTP request to an HTTPS server.\n",
        "This combination of host and port requires TLS.\n",
        "You're speaking plain HTTP to an SSL-enabled server port.",
    ],
)
def test_servers_that_say_so_in_plain_http_get_the_hint(said: str) -> None:
    assert "https://" in refusal(400, said.encode()).hint


def test_other_refusals_do_not() -> None:
    assert "https://" not in refusal(400, b"<html>Bad Request</html>").hint
