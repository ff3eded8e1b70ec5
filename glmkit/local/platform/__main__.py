"""The platform's command line: `python -m glmkit.local.platform`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from contextlib import ExitStack
from pathlib import Path

from glmkit.errors import ConfigError, GLMError
from glmkit.local import engine, state, weights

_TIERS = ("V0", "V1", "V2", "V3")


def main() -> int:
    """Serve the local platform; return the exit status."""
    try:
        _run(_arguments().parse_args())
    except GLMError as exc:
        print(f"{type(exc).__name__}: {exc}\n→ {exc.hint}", file=sys.stderr)
        return 1
    return 0


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glmkit serve", description="Serve GLM's protocol on loopback."
    )
    add = parser.add_argument
    add("--port", type=int, default=0, help="default: any free port")
    add("--key", metavar="ID.SECRET", help="default: a new random key")
    add(
        "--tier",
        metavar="V0..V3",
        default=os.environ.get("GLMKIT_TIER") or "V0",
        help="whose rights in flight to grant (GLMKIT_TIER; default: V0)",
    )
    add("--weights", type=Path, metavar="FILE", help="any GGUF file")
    add("--idle-s", type=float, help="end after so many seconds without a request")
    add("--json", action="store_true", help="one line of JSON once it listens")
    add("--state", type=Path, help=argparse.SUPPRESS)
    return parser


def _run(asked: argparse.Namespace) -> None:
    key = _checked(asked.key) if asked.key else state.new_key()
    if asked.tier not in _TIERS:
        raise ConfigError(
            f"there is no tier {asked.tier!r}", hint=f"Use one of {', '.join(_TIERS)}."
        )
    engine.check_installed()
    from glmkit.local.platform import serve

    file = weights.find(asked.weights) or weights.install()
    plan = serve.Plan(file, key, asked.tier, asked.port, asked.idle_s)

    with ExitStack() as ending:

        def ready(url: str) -> None:
            _announce(asked, url, key, file)
            if asked.state:
                # Not before: who waits for this start holds the state's lock.
                ending.callback(state.remove, asked.state, os.getpid())

        serve.run(plan, ready)


def _checked(key: str) -> str:
    if key.count(".") != 1 or not all(key.split(".")) or not key.isascii():
        raise ConfigError(
            "the key for the platform is malformed",
            hint="A key is `id.secret`, with one dot; leave --key out for a new one.",
        )
    return key


def _announce(asked: argparse.Namespace, url: str, key: str, file: Path) -> None:
    """Tell the asker where the platform listens: by the state file, or in print."""
    pid, model = os.getpid(), weights.name_of(file)
    if asked.state:
        state.write(asked.state, state.Platform(url, key, pid, model, state.version()))
    elif asked.json:
        print(json.dumps({"url": url, "key": key, "pid": pid}), flush=True)
    else:
        print(
            f"{model} stands in for GLM.\n  url  {url}\n  key  {key}\nCtrl-C ends it.",
            flush=True,
        )


if __name__ == "__main__":
    sys.exit(main())
