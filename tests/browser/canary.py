"""A key that must be nowhere: looked for in eight encodings, in files and messages."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Page, WebSocket

#: The shape of a key, and no real one.
KEY = "canary0123456789.Kx7/Wq+9secret~Zz"


def encodings(key: str = KEY) -> dict[str, bytes]:
    """Return what a key may look like, by the encoding's name."""
    raw = key.encode()
    plain = {
        "plain": key,
        "its secret": key.partition(".")[2],
        "base64": base64.b64encode(raw).decode().rstrip("="),
        "base64url": base64.urlsafe_b64encode(raw).decode().rstrip("="),
        "hex": raw.hex(),
        "percent": quote(key, safe=""),
        "JSON escapes": "".join(f"\\u{ord(letter):04x}" for letter in key),
        "backwards": key[::-1],
    }
    return {name: text.encode() for name, text in plain.items()}


def found_in(data: bytes, key: str = KEY) -> set[str]:
    """Return the encodings in which the key stands in the data, whatever their case.

    What is nested in JSON has its backslashes and slashes escaped, once or twice.
    """
    bare = data.lower().replace(b"\\\\", b"\\").replace(b"\\/", b"/")
    bare = bare.replace(b"\\\\", b"\\")
    return {name for name, form in encodings(key).items() if form.lower() in bare}


@contextmanager
def messages(page: Page) -> Iterator[list[bytes]]:
    """Collect what goes over websockets that are opened meanwhile, both ways."""
    seen: list[bytes] = []

    def take(payload: str | bytes) -> None:
        seen.append(payload.encode() if isinstance(payload, str) else payload)

    def watch(socket: WebSocket) -> None:
        socket.on("framereceived", take)
        socket.on("framesent", take)

    page.on("websocket", watch)
    yield seen
    page.remove_listener("websocket", watch)


def hide(folder: Path) -> str:
    """Write the key beside the notebooks; return the expression that reads it.

    Files hold it, as the kernel's history of cells goes to every notebook's page.
    """
    (folder / "key.txt").write_text(KEY)
    leak = "\n".join(form.decode() for form in encodings().values())
    (folder / "leak.txt").write_text(leak)
    return "open('key.txt').read()"


#: A cell that gives the key away in every encoding.
LEAK = "print(open('leak.txt').read())"
