"""Real proxies, each as a process of its own, in which glm.invalid is this machine.

`python -m tests.support.proxies http [USER:PASSWORD]` runs proxy.py, which refuses the
host blocked.invalid with 403; `... https` the same over TLS, for the host localhost;
`... socks5 [USER:PASSWORD]` runs pproxy. Each prints `{"port"}` and ends when its stdin
closes.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any

#: A certificate and its key, for the hosts glm.invalid and localhost.
PEM = Path(__file__).parents[1] / "data/proxied.pem"
HERE = "glm.invalid"
BLOCKED = "blocked.invalid"

_look_up = socket.getaddrinfo


def _here(host: Any, *args: Any, **options: Any) -> Any:
    name = host.decode() if isinstance(host, bytes) else host
    return _look_up("127.0.0.1" if name == HERE else host, *args, **options)


def end_with_stdin() -> None:
    """End the whole process once whoever started it is gone."""
    sys.stdin.buffer.read()
    os._exit(0)


def ready(port: int) -> None:
    print(json.dumps({"port": port}), file=sys.__stdout__, flush=True)
    threading.Thread(target=end_with_stdin, daemon=True).start()


def ready_once_it_listens(port: int) -> None:
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port)):
                break
        except OSError:
            time.sleep(0.01)
    ready(port)


def run_http(account: str, *, tls: bool) -> None:
    import proxy
    from proxy.http.exception import HttpRequestRejected
    from proxy.http.parser import HttpParser
    from proxy.http.proxy import HttpProxyBasePlugin

    class Blocks(HttpProxyBasePlugin):
        """Refuses one host, as a firm's proxy does."""

        def before_upstream_connection(self, request: HttpParser) -> HttpParser:
            if (request.host or b"").decode() == BLOCKED:
                raise HttpRequestRejected(status_code=403, reason=b"Forbidden")
            return request

    options = ["--threaded", "--num-acceptors", "1", "--num-workers", "1"]
    options += ["--hostname", "127.0.0.1", "--port", "0", "--log-level", "ERROR"]
    if account:
        options += ["--basic-auth", account]
    if tls:
        options += ["--cert-file", str(PEM), "--key-file", str(PEM)]
    with proxy.Proxy(options, plugins=[Blocks]) as running:
        ready(running.flags.port)
        threading.Event().wait()


def run_socks(account: str) -> None:
    from pproxy.server import main

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    asyncio.set_event_loop(asyncio.new_event_loop())
    threading.Thread(target=ready_once_it_listens, args=(port,), daemon=True).start()
    secret = f"#{account}" if account else ""
    sys.stdout = sys.stderr
    main(["-l", f"socks5://127.0.0.1:{port}/{secret}", "--auth", "0"])


if __name__ == "__main__":
    socket.getaddrinfo = _here
    what, account = (*sys.argv[1:], "")[:2]
    if what.startswith("http"):
        run_http(account, tls=what == "https")
    else:
        run_socks(account)
