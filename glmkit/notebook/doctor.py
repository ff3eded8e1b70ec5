"""What is set up, what is wrong, and the one line that mends each."""

from __future__ import annotations

import os
import platform
import warnings
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version

import msgspec

from glmkit.types.errors import ConfigError, GLMError
from glmkit.types.plain_text import one_line
from glmkit.types.translation import _

_EXTRA = 'In the checkout: pip install ".[lab,local]"'
#: Libraries whose versions matter when a fault is reported.
_LIBRARIES = (
    "ipython", "ipykernel", "ipywidgets", "anywidget", "httpx", "aiohttp", "msgspec",
    "pandas", "plotly", "nest-asyncio",
)  # fmt: skip


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at; `next` mends it where it is not well."""

    name: str
    state: str
    next: str = ""


#: Returns what was found: its state, and what to do where it is not well.
Check = Callable[[], tuple[str, str]]


def examine(more: Mapping[str, Check] | None = None) -> list[Finding]:
    """Look at everything that a call needs, and at `more`.

    Starts nothing, shows no key, and goes on where a check itself fails.
    """
    checks = {**_CHECKS, **(more or {})}
    return [_looked(name, check) for name, check in checks.items()]


def report(findings: list[Finding]) -> str:
    """Return the findings as lines of text."""
    width = max(len(finding.name) for finding in findings)
    lines = []
    for finding in findings:
        lines.append(f"{finding.name:{width}}  {finding.state}")
        if finding.next:
            lines.append(f"{'':{width}}  → {finding.next}")
    return "\n".join(lines)


def _looked(name: str, check: Check) -> Finding:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the same is shown here
            state, step = check()
    except GLMError as exc:
        state, step = str(exc), exc.hint
    except Exception as exc:
        state = _("cannot be looked at: {kind}: {error}", kind=type(exc).__name__,
                  error=exc)  # fmt: skip
        step = _EXTRA if isinstance(exc, ImportError) else ""
    return Finding(name, one_line(state), one_line(step))


def _python() -> tuple[str, str]:
    ours = f"glmkit {_version('glmkit') or _('not installed')}"
    return f"{platform.python_version()}, {ours}, {platform.system()}", ""


def _libraries() -> tuple[str, str]:
    found = {name: _version(name) for name in _LIBRARIES}
    missing = [name for name, known in found.items() if known is None]
    state = ", ".join(f"{name} {known}" for name, known in found.items() if known)
    if missing:
        return _("{found}; missing: {names}", found=state, names=", ".join(missing)), (
            _EXTRA
        )
    return state, ""


def _folders() -> tuple[str, str]:
    from glmkit.config.endpoints import data_dir, folder_fault, state_dir

    places = {"GLMKIT_DATA_DIR": data_dir(), "GLMKIT_STATE_DIR": state_dir()}
    for name, place in places.items():
        if fault := folder_fault(place):
            return (
                _("{place} cannot be used: {fault}", place=place, fault=fault),
                _("Set {name} to a folder that can be written to.", name=name),
            )
    return ", ".join(map(str, places.values())), ""


def _endpoint() -> tuple[str, str]:
    from glmkit.config.keys import access

    found = access()
    name = found.endpoint.name
    if found.endpoint.serves:
        name = _("{name}, which serves {service}", name=name,
                 service=found.endpoint.serves)  # fmt: skip
    if found.key is not None:
        return _("{name}, key {key} from {where}", name=name, key=found.key,
                 where=found.found), ""  # fmt: skip
    if name == "local":
        return (
            _("local: a small model stands in for GLM"),
            _("Set ZHIPUAI_API_KEY or ZAI_API_KEY to talk to GLM itself."),
        )
    return _("{name}, without a key", name=name), ""


def _variables() -> tuple[str, str]:
    """Look at the variables that are set; keys are not shown."""
    from glmkit.catalog import tiers
    from glmkit.client.replay import modes
    from glmkit.config import variables

    tiers.current()
    modes.forced()
    if odd := variables.unknown():
        near = [name for name in odd.values() if name]
        step = _("Did you mean {names}?", names=", ".join(near)) if near else ""
        return (
            _("not read by glmkit: {names}", names=", ".join(odd)),
            step or _("Unset what is not meant for it."),
        )
    found = [name for name in variables.VARIABLES if os.environ.get(name)]
    return ", ".join(found) or _("no variable is set"), ""


def _keyring() -> tuple[str, str]:
    from glmkit.config.keys import keyring_fault

    if fault := keyring_fault():
        return (
            _("cannot be used: {fault}", fault=fault),
            _("Set ZHIPUAI_API_KEY or ZAI_API_KEY instead, if you have a key."),
        )
    return _("can be used: `%glm key bigmodel` stores a key in it"), ""


def _proxy() -> tuple[str, str]:
    from glmkit.config.endpoints import SERVICES
    from glmkit.config.keys import access
    from glmkit.transport.http import checks

    try:
        url = access().endpoint.url
    except ConfigError:
        url = ""
    return checks.proxy(url or SERVICES["bigmodel"].url)


def _certificates() -> tuple[str, str]:
    from glmkit.transport.http import checks

    return checks.authorities()


def _ledger() -> tuple[str, str]:
    from glmkit.ledger import Ledger

    ledger = Ledger()
    mode = ledger.journal_mode
    kind = "" if mode == "wal" else _(": slower, but safe on a network file system")
    return f"{ledger.path} (journal {mode}{kind})", ""


def _grants() -> tuple[str, str]:
    from glmkit.figures.style import count
    from glmkit.ledger import Ledger

    told = [
        _("{left} of {tokens} tokens left ({name})", left=count(each.left),
          tokens=count(each.tokens), name=each)
        for each in Ledger().grants()
    ]  # fmt: skip
    return "; ".join(told) or _("none: `glmkit.grant(...)` names one"), ""


def _locks() -> tuple[str, str]:
    from glmkit.config.endpoints import data_dir, folder_fault
    from glmkit.ledger.volumes import lock_fault

    folder = data_dir()
    if folder_fault(folder):
        return _("not known: {folder} cannot be written to", folder=folder), ""
    if fault := lock_fault(folder):
        return (
            _("none in {folder}: {fault}", folder=folder, fault=fault),
            _("Set GLMKIT_DATA_DIR to a folder on a local disk."),
        )
    return _("files in {folder} can be locked", folder=folder), ""


def _slots() -> tuple[str, str]:
    from glmkit.catalog import tiers
    from glmkit.transport import limiter

    tiers.current()  # an unknown one is an error
    if fault := limiter.sharing_fault():
        return (
            _("each kernel counts for itself alone: {fault}", fault=fault),
            _("Set GLMKIT_STATE_DIR to a folder on a local disk."),
        )
    return _("{folder}, shared by this machine's kernels", folder=limiter.folder()), ""


def _engine() -> tuple[str, str]:
    found = _version("xllamacpp")
    if found:
        return f"xllamacpp {found}", ""
    step = f"{_EXTRA}, or name a server of your own as GLMKIT_ENDPOINT."
    return _("not installed"), step


def _weights() -> tuple[str, str]:
    from glmkit.local import weights

    path = weights.find()
    if path is None:
        return _("not installed"), _("Run `glmkit local install`.")
    weights.check(path)
    return str(path), ""


def _platform() -> tuple[str, str]:
    from glmkit.local import launcher

    found = launcher.find()
    if found is None:
        return _("not running; it starts when it is needed"), ""
    return str(found), ""


def _ports() -> tuple[str, str]:
    from glmkit.local import launcher

    if fault := launcher.port_fault():
        return (
            _("nothing can listen on 127.0.0.1: {fault}", fault=fault),
            _("Allow local connections, or name a server as GLMKIT_ENDPOINT."),
        )
    return _("127.0.0.1 is free to listen on"), ""


def _orphans() -> tuple[str, str]:
    from glmkit.local import launcher

    found = launcher.strays()
    if not found:
        return _("none"), ""
    step = _("Run `glmkit local stop`: it ends every local platform that runs.")
    return "; ".join(map(str, found)), step


def _lab() -> tuple[str, str]:
    found = _version("jupyterlab")
    return (found, "") if found else (_("not installed"), _EXTRA)


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


_CHECKS: dict[str, Check] = {
    "python": _python,
    "libraries": _libraries,
    "jupyterlab": _lab,
    "folders": _folders,
    "endpoint": _endpoint,
    "variables": _variables,
    "keyring": _keyring,
    "proxy": _proxy,
    "certificates": _certificates,
    "ledger": _ledger,
    "grants": _grants,
    "locks": _locks,
    "slots": _slots,
    "engine": _engine,
    "weights": _weights,
    "local platform": _platform,
    "ports": _ports,
    "orphans": _orphans,
}
