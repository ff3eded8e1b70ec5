"""The platform's command line: `python -m glmkit.local.platform`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glmkit.catalog import tiers
from glmkit.local import engine, state, weights
from glmkit.local.platform import ending
from glmkit.types.errors import ConfigError, GLMError
from glmkit.types.plain_text import one_line, say
from glmkit.types.translation import _

if TYPE_CHECKING:
    from glmkit.local.platform.server.fault_injection import Switches

#: Faults on demand; an exclamation mark: a flag without a value.
_SWITCHES = {
    "latency_s": "seconds to wait before each answer",
    "fail": "share of requests that end in a 500, 0 to 1",
    "overload": "a code that answers all: 1302, 1303, 1305, 1312",
    "retry_after_s": "seconds named by Retry-After in such answers",
    "cut": "events after which a stream is cut off",
    "cut_code": "end such a stream with this error instead",
    "null_finish": "!finish_reason: null in the chunks of a stream",
    "usage_apart": "!usage in a chunk of its own",
}


def main() -> int:
    """Serve the local platform; return the exit status."""
    try:
        _run(_arguments().parse_args())
    except GLMError as exc:
        name = type(exc).__name__
        say(one_line(f"{name}: {exc}"), one_line(f"→ {exc.hint}"), file=sys.stderr)
        return 1
    return 0


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glmkit serve", description="Serve GLM's protocol on loopback."
    )
    add = parser.add_argument
    add("--port", type=int, default=0, help="default: any free port")
    add(
        "--key",
        metavar="ID.SECRET",
        action="append",
        help="default: a new random key; several make accounts of their own",
    )
    add(
        "--tier",
        metavar="V0..V8",
        help="whose rights in flight to grant (default: GLMKIT_TIER, else V0)",
    )
    add("--weights", type=Path, metavar="FILE", help="any GGUF file")
    add(
        "--documents",
        type=Path,
        metavar="DIR",
        help="a folder that search looks into (default: GLMKIT_LOCAL_DOCUMENTS)",
    )
    add("--store", type=Path, metavar="DIR", help="keep files, tasks and batches there")
    for name, what in _SWITCHES.items():
        how: dict[str, Any] = {"help": what.lstrip("!")}
        if what.startswith("!"):
            how |= {"action": "store_true", "default": None}
        add(f"--{name.replace('_', '-')}", **how)
    add("--idle-s", type=float, help="end after so many seconds without a request")
    add("--json", action="store_true", help="one line of JSON once it listens")
    add("--state", type=Path, help=argparse.SUPPRESS)
    add("--with-parent", action="store_true", help=argparse.SUPPRESS)
    return parser


def _run(asked: argparse.Namespace) -> None:
    ending.on_signals()
    if asked.with_parent:
        ending.with_parent()
    ending.with_reader()
    keys = tuple(map(_checked, asked.key or [_key(asked.state)]))
    tier = tiers.checked(asked.tier) if asked.tier else tiers.current()
    engine.check_installed()
    from glmkit.local.platform import serve
    from glmkit.local.platform.server.settings import PlatformSettings

    plan = PlatformSettings(
        weights=weights.ready(asked.weights),
        keys=keys,
        tier=tier,
        port=asked.port,
        idle_s=asked.idle_s,
        store=asked.state.with_suffix("") if asked.state else asked.store,
        documents=_folder(asked.documents),
        switches=_switched(asked),
    )
    with ExitStack() as at_the_end:

        def ready(url: str) -> None:
            _record(asked, url, keys[0], plan.weights, at_the_end)
            if not asked.state:
                _announce(asked, url, keys[0], plan.weights)

        serve.run(plan, ready)


def _record(
    asked: argparse.Namespace, url: str, key: str, file: Path, at_the_end: ExitStack
) -> None:
    """Keep a record while the platform runs, by which others find it."""
    pid, model = os.getpid(), weights.name_of(file)
    record = state.Platform(
        url, key, pid, model, state.version(), shared=bool(asked.state)
    )
    if asked.state:
        state.write(asked.state, record)
        # Not before: the process that waits for this start holds the lock.
        at_the_end.callback(state.remove, asked.state, pid)
        return
    place = state.served_path(pid)
    with suppress(OSError):  # it serves as well without being listed
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        state.write(place, record)
        at_the_end.callback(place.unlink, missing_ok=True)


def _key(place: Path | None) -> str:
    """Return a new key, or the one that the platform of this state had before.

    Its files and batches belong to that key.
    """
    return state.new_key() if place is None else state.kept_key(place)


def _folder(named: Path | None) -> Path | None:
    """Return the folder of documents: the option's, else GLMKIT_LOCAL_DOCUMENTS."""
    folder = named or os.environ.get("GLMKIT_LOCAL_DOCUMENTS")
    if folder and not Path(folder).expanduser().is_dir():
        raise ConfigError(
            _("there is no folder {folder}", folder=folder),
            hint=_("Name the folder to search in."),
        )
    return Path(folder).expanduser() if folder else None


def _switched(asked: argparse.Namespace) -> Switches:
    from glmkit.local.platform.server import fault_injection
    from glmkit.local.platform.server.errors import Refusal

    fields = {name: getattr(asked, name) for name in _SWITCHES}
    try:
        return fault_injection.read({k: v for k, v in fields.items() if v is not None})
    except Refusal as refusal:
        raise ConfigError(
            refusal.message, hint=_("`--help` names the values.")
        ) from None


def _checked(key: str) -> str:
    if key.count(".") != 1 or not all(key.split(".")) or not key.isascii():
        raise ConfigError(
            _("the key for the platform is malformed"),
            hint=_(
                "A key is `id.secret`, with one dot; leave --key out for a new one."
            ),
        )
    return key


def _announce(asked: argparse.Namespace, url: str, key: str, file: Path) -> None:
    """Print where the platform listens."""
    if asked.json:
        say(json.dumps({"url": url, "key": key, "pid": os.getpid()}))
    else:
        say(f"{weights.name_of(file)} stands in for GLM.")
        say(f"  url  {url}", f"  key  {key}", "Ctrl-C ends it.")


if __name__ == "__main__":
    sys.exit(main())
