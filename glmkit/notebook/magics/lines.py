"""What `%glm ...` can do: one small function a word."""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from glmkit.errors import ConfigError

if TYPE_CHECKING:
    from glmkit.notebook.session import Session


def run(session: Session, line: str) -> Any:
    """Do what the line says; ConfigError, with the nearest word, for anything else."""
    name, *rest = _words(line) or ["status"]
    command = _COMMANDS.get(name)
    if command is None:
        near = difflib.get_close_matches(name, _COMMANDS, 1)
        raise ConfigError(
            f"%glm has no {name!r}",
            hint=f"Did you mean `%glm {near[0]}`?" if near else "See `%glm help`.",
        )
    return command(session, *rest)


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError as exc:
        raise ConfigError(
            f"the line does not parse: {exc}", hint="Close the quotes."
        ) from exc


def status(session: Session) -> None:
    """Show endpoint, key, model, ledger and settings in five lines."""
    from glmkit.client import ledger

    client = session.client()
    access = client.access
    key = f"{access.key} from {access.found}" if access.key else "none needed or set"
    where = access.endpoint.url or "the local stand-in, started when it is needed"
    set_here = session.settings.options()
    _say(
        f"endpoint  {access.endpoint.name} ({where})",
        f"key       {key}",
        f"model     {session.settings.model or client.model}",
        f"settings  {_pairs(set_here) or 'all left to the service'}",
        f"ledger    {ledger().path}",
    )


def help_(session: Session) -> None:
    """List what %glm can do."""
    width = max(map(len, _COMMANDS))
    _say(*(f"%glm {name:{width}}  {_first(job)}" for name, job in _COMMANDS.items()))


def models(session: Session, *words: str) -> Any:
    """Show the catalogue as a table: `%glm models long`."""
    from glmkit import frames

    return frames.models(" ".join(words) or None)


def usage(session: Session, *words: str) -> Any:
    """Show the calls, or their sums: `%glm usage by model`."""
    from glmkit import frames

    match words:
        case ():
            return frames.usage()
        case ("by", str(by)) | (str(by),):
            return frames.usage(by=by)
        case _:
            raise ConfigError(
                "usage takes `by NAME`", hint="For instance `%glm usage by model`."
            )


def config(session: Session, *words: str) -> None:
    """Show or set a default: `%glm config temperature 0.3`."""
    match words:
        case ():
            traits = session.settings.traits()
            _say(*(f"{name:12}{_shown(session, name)}" for name in sorted(traits)))
        case ("nest_asyncio", "on"):
            from glmkit.notebook import nesting

            _say(nesting.switch_on())
        case (name,):
            _say(f"{name:12}{_shown(session, name)}")
        case _:
            name, *rest = words
            session.settings.set(name, " ".join(rest))
            _say(f"{name:12}{_shown(session, name)}")


def controls(session: Session) -> Any:
    """Open the controls of this notebook's defaults."""
    from glmkit_widgets import Controls

    return Controls(session.settings)


def dashboard(session: Session) -> Any:
    """Open the dashboard of where the tokens went."""
    from glmkit_widgets import Dashboard

    return Dashboard()


def last(session: Session) -> Any:
    """Show the last reply, also one that was cut."""
    from glmkit import defaults

    return defaults.last()


_COMMANDS: dict[str, Callable[..., Any]] = {
    "status": status,
    "help": help_,
    "models": models,
    "usage": usage,
    "config": config,
    "controls": controls,
    "dashboard": dashboard,
    "last": last,
}


def _shown(session: Session, name: str) -> str:
    if name not in session.settings.traits():
        session.settings.set(name, "")
    value = getattr(session.settings, name)
    return "default" if value is None else str(value)


def _first(job: Callable[..., Any]) -> str:
    return (job.__doc__ or "").splitlines()[0]


def _pairs(options: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in options.items())


def _say(*lines: str) -> None:
    print("\n".join(lines))
