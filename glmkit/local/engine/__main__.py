"""The engine's process: serve one model file until standard input closes.

The first line of standard input is JSON: `weights`, `key`, `slots`, `window`. Once the
engine listens, one line of JSON with its `url` goes to standard output.
"""

from __future__ import annotations

import json
import os
import select
import sys
from typing import Any

#: Tokens that are computed before the engine looks at anything else. A prompt takes no
#: longer in small steps, and a reader who leaves frees the slot within two of them.
_STEP_TOKENS = 8
#: Each connection holds a thread of the engine's server.
_HTTP_THREADS = 16


def main() -> None:
    """Load the model, print the address, and block until the parent closes the pipe."""
    order = json.loads(sys.stdin.readline())
    _end_with_the_pipe()
    server = _serve(order)
    print(json.dumps({"url": server.listening_address}), flush=True)
    sys.stdin.read()
    # The server's threads do not end by themselves.
    os._exit(0)


def _end_with_the_pipe() -> None:
    """Let the system end this process when the pipe closes, also while it loads.

    Loading a model blocks the interpreter for seconds, and no thread could read then.
    Linux sends SIGIO, which ends the process; elsewhere `main` waits for the pipe.
    """
    if sys.platform == "linux":
        import fcntl

        fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
        flags = fcntl.fcntl(0, fcntl.F_GETFL)
        fcntl.fcntl(0, fcntl.F_SETFL, flags | os.O_ASYNC)
        # It may have closed before it was watched.
        if select.select([0], [], [], 0)[0]:
            os._exit(0)


def _serve(order: dict[str, Any]) -> Any:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = order["weights"]
    if hasattr(params, "hostnames"):
        params.hostnames = ["127.0.0.1"]
    else:  # before 2026.10
        params.hostname = "127.0.0.1"
    params.port = 0
    params.api_keys = [order["key"]]
    # Unset, it reflects any Origin, and a web page could use the engine.
    params.cors_origins = "http://127.0.0.1"
    params.n_parallel = order["slots"]
    params.n_ctx = order["slots"] * order["window"]
    params.kv_unified = False
    params.n_batch = params.n_ubatch = _STEP_TOKENS
    params.cache_ram_mib = 0
    params.n_threads_http = _HTTP_THREADS
    # It would shrink the window that the platform announces.
    params.fit_params = False
    params.endpoint_metrics = True
    params.endpoint_slots = True
    params.ui = False
    params.offline = True
    threads = max(1, min(4, (os.cpu_count() or 1) // 2))
    params.cpuparams.n_threads = threads
    params.cpuparams_batch.n_threads = threads
    return xllamacpp.Server(params)


if __name__ == "__main__":
    main()
