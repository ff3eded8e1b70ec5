"""`%glm`, `doctor`, `config`, `key`: what is set up."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Any

from IPython.core.error import StdinNotImplementedError

from glmkit.config import keys
from glmkit.config.endpoints import endpoint_of
from glmkit.types.errors import ConfigError
from glmkit.types.plain_text import one_line, say

if TYPE_CHECKING:
    from glmkit.config.endpoints import Endpoint
    from glmkit.notebook.session import Session


def status(session: Session) -> None:
    """Show endpoint, key, model, ledger and settings in five lines."""
    from glmkit.ledger.default import ledger

    client = session.client()
    access = client.access
    where = access.endpoint.url or "the local stand-in, started when it is needed"
    named = access.endpoint.name != where  # a URL has no other name
    set_here = session.settings.options()
    say(
        f"endpoint  {access.endpoint.name}" + (f" ({where})" if named else ""),
        f"key       {_source(access)}",
        f"model     {session.settings.model or client.model}",
        f"settings  {_pairs(set_here) or 'all left to the service'}",
        f"ledger    {ledger().path}",
    )


def doctor(session: Session) -> None:
    """Say what is set up, what is wrong, and the next step."""
    from glmkit.notebook import doctor as examination, notebook_file
    from glmkit.notebook.front_ends import front_ends

    def notebook() -> tuple[str, str]:
        path = notebook_file.path_of(session.shell)
        cassette = session.replay.path.name
        return f"{path or 'not named by the front end'}, cassette {cassette}", ""

    def front_end() -> tuple[str, str]:
        return f"answers are shown by: {front_ends.way(session.shell)}", ""

    here = {"notebook": notebook, "front end": front_end}
    say(examination.report(examination.examine(here)))


def version(session: Session) -> None:
    """Show the versions of glmkit and Python."""
    import platform
    from importlib import metadata

    say(f"glmkit {metadata.version('glmkit')}, Python {platform.python_version()}")


def config(session: Session, *words: str) -> None:
    """Show or set a default: `%glm config temperature 0.3`."""
    match words:
        case ():
            say(*(_shown(session, name) for name in session.settings.names()))
        case ("nest_asyncio", "on"):
            from glmkit.notebook import nested_event_loop

            say(nested_event_loop.switch_on())
        case ("nest_asyncio", *_):
            raise ConfigError(
                "nest_asyncio can only be switched on",
                hint="`%glm config nest_asyncio on`; a new kernel is without it.",
            )
        case (name,):
            say(_shown(session, name))
        case _:
            name, *rest = words
            session.settings.set(name, " ".join(rest))
            say(_shown(session, name))


def key(session: Session, *words: str) -> None:
    """Store a key in the keyring: `%glm key bigmodel`; alone, say which is used."""
    match words:
        case ():
            access = session.client().access
            say(f"{access.endpoint.name}: {_source(access)}")
            say("`%glm key bigmodel` or `%glm key zai` asks for a key and stores it.")
        case (name,):
            _ask_key(session, endpoint_of(name))
        case _:
            raise ConfigError(
                "the key is not written into the line",
                hint="`%glm key ENDPOINT` asks for it, so that no notebook keeps it.",
            )


def _ask_key(session: Session, endpoint: Endpoint) -> None:
    if not endpoint.url:
        raise ConfigError(
            "the local stand-in needs no key", hint="Name bigmodel, zai or a URL."
        )
    try:
        text = getpass.getpass(one_line(f"Key for {endpoint.name}") + ": ")
    except StdinNotImplementedError as exc:
        raise ConfigError(
            "nobody can be asked for a key here: this kernel has no input",
            hint="Set an environment variable instead, such as ZHIPUAI_API_KEY.",
        ) from exc
    except (EOFError, KeyboardInterrupt):  # as an error, so that Run All stops
        raise ConfigError(
            "no key was entered", hint=f"`%glm key {endpoint.name}` asks again."
        ) from None
    given = keys.Key(text)
    if endpoint.currency is not None:
        given.check_shape()
    try:
        keys.store(endpoint, text)
    except ConfigError:
        session.use_key(endpoint.name, given)
        say(
            f"{endpoint.name}: {given}, until the kernel ends: there is no keyring.",
            "An environment variable such as ZHIPUAI_API_KEY lasts longer.",
        )
        return
    session.settings.endpoint = endpoint.name
    session.forget_client()
    used = session.client().access
    say(f"{endpoint.name}: {given} is in the keyring.")
    if used.found != "keyring":
        say(f"But {used.found} comes first: {_source(used)} is used.")


def _source(access: keys.Access) -> str:
    return f"{access.key} from {access.found}" if access.key else "none needed or set"


def _shown(session: Session, name: str) -> str:
    value = getattr(session.settings, session.settings.option(name).name)
    return f"{name:12}{_written(value)}"


def _written(value: Any) -> Any:
    """Return a setting's value as it is typed."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return "default" if value is None else value


def _pairs(options: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in options.items())
