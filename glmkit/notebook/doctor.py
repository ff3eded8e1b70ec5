"""What is set up, what is missing, and the next step for each."""

from __future__ import annotations

import platform
import warnings
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

import msgspec

from glmkit.types.errors import GLMError

_EXTRA = 'In the checkout: pip install ".[lab,local]"'


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at; `next` is the next step where it is not well."""

    name: str
    state: str
    next: str = ""


def examine() -> list[Finding]:
    """Look at everything that a call needs. Starts nothing, and never shows a key."""
    looks: dict[str, Callable[[], Finding]] = {
        "python": _python,
        "endpoint": _endpoint,
        "keyring": _keyring,
        "proxy": _proxy,
        "certificates": _certificates,
        "folders": _folders,
        "ledger": _ledger,
        "locks": _locks,
        "slots": _slots,
        "engine": _engine,
        "weights": _weights,
        "local platform": _platform,
        "orphans": _orphans,
        "jupyterlab": _lab,
    }
    return [_looked(name, look) for name, look in looks.items()]


def report(findings: list[Finding]) -> str:
    """Return the findings as lines of text."""
    width = max(len(finding.name) for finding in findings)
    lines = []
    for finding in findings:
        lines.append(f"{finding.name:{width}}  {finding.state}")
        if finding.next:
            lines.append(f"{'':{width}}  → {finding.next}")
    return "\n".join(lines)


def _looked(name: str, look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except GLMError as exc:
        return Finding(name, str(exc), exc.hint)


def _python() -> Finding:
    ours = f"glmkit {_version('glmkit') or 'not installed'}"
    return Finding("python", f"{platform.python_version()}, {ours}")


def _endpoint() -> Finding:
    from glmkit.config.keys import access

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the same is said here
        found = access()
    name = found.endpoint.name
    if found.endpoint.serves:
        name = f"{name}, which serves {found.endpoint.serves}"
    if found.key is not None:
        return Finding("endpoint", f"{name}, key {found.key} from {found.found}")
    if name == "local":
        step = "Set ZHIPUAI_API_KEY or ZAI_API_KEY to talk to GLM itself."
        return Finding("endpoint", "local: a small model stands in for GLM", step)
    return Finding("endpoint", f"{name}, without a key")


def _keyring() -> Finding:
    from glmkit.config.keys import keyring_fault

    if reason := keyring_fault():
        step = "Set ZHIPUAI_API_KEY or ZAI_API_KEY instead, if you have a key."
        return Finding("keyring", f"cannot be used: {reason}", step)
    return Finding("keyring", "can be used")


def _proxy() -> Finding:
    from glmkit.config.endpoints import SERVICES
    from glmkit.config.keys import access
    from glmkit.transport.http import checks

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        url = access().endpoint.url
    return Finding("proxy", *checks.proxy(url or SERVICES["bigmodel"].url))


def _certificates() -> Finding:
    from glmkit.transport.http import checks

    return Finding("certificates", *checks.authorities())


def _folders() -> Finding:
    from glmkit.config.endpoints import data_dir, folder_fault, state_dir

    folders = {"GLMKIT_DATA_DIR": data_dir(), "GLMKIT_STATE_DIR": state_dir()}
    for variable, folder in folders.items():
        if reason := folder_fault(folder):
            step = f"Set {variable} to a folder that can be written to."
            return Finding("folders", f"{folder}: {reason}", step)
    return Finding("folders", " and ".join(map(str, folders.values())))


def _locks() -> Finding:
    from glmkit.config.endpoints import data_dir, folder_fault
    from glmkit.ledger.volumes import lock_fault

    folder = data_dir()
    if folder_fault(folder):
        return Finding("locks", f"not known: {folder} cannot be written to")
    if reason := lock_fault(folder):
        step = "Set GLMKIT_DATA_DIR to a folder on a local disk."
        return Finding("locks", f"none in {folder}: {reason}", step)
    return Finding("locks", f"files in {folder} can be locked")


def _ledger() -> Finding:
    from glmkit.ledger import Ledger

    ledger = Ledger()
    mode = ledger.journal_mode
    kind = "" if mode == "wal" else ": slower, but safe on a network file system"
    return Finding("ledger", f"{ledger.path} (journal {mode}{kind})")


def _slots() -> Finding:
    from glmkit.transport import limiter

    fault = limiter.sharing_fault()
    if not fault:
        return Finding("slots", f"{limiter.folder()}, shared by this machine's kernels")
    step = "Set GLMKIT_STATE_DIR to a folder on a local disk."
    return Finding("slots", f"each kernel counts for itself alone: {fault}", step)


def _engine() -> Finding:
    found = _version("xllamacpp")
    if found:
        return Finding("engine", f"xllamacpp {found}")
    step = f"{_EXTRA}, or name a server of your own as GLMKIT_ENDPOINT."
    return Finding("engine", "not installed", step)


def _weights() -> Finding:
    from glmkit.local import weights

    path = weights.find()
    if path is None:
        return Finding("weights", "not installed", "Run `glmkit local install`.")
    weights.check(path)
    return Finding("weights", str(path))


def _platform() -> Finding:
    from glmkit.local import launcher

    found = launcher.find()
    if found is None:
        return Finding("local platform", "not running; it starts when it is needed")
    where = f"{found.url}, process {found.pid}"
    return Finding("local platform", f"{found.model} at {where}")


def _orphans() -> Finding:
    from glmkit.local import launcher

    found = launcher.strays()
    if not found:
        return Finding("orphans", "none")
    step = "Run `glmkit local stop`: it ends every local platform that runs."
    return Finding("orphans", "; ".join(map(str, found)), step)


def _lab() -> Finding:
    found = _version("jupyterlab")
    if found:
        return Finding("jupyterlab", found)
    return Finding("jupyterlab", "not installed", _EXTRA)


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
