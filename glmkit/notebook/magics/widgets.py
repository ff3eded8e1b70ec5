"""`%glm controls`, `compare`, `theatre`, `dashboard`, ...: the widgets."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from glmkit.types.errors import ConfigError

if TYPE_CHECKING:
    from glmkit.notebook.session import Session


def controls(session: Session) -> Any:
    """Open the controls of this notebook's defaults."""
    from glmkit_widgets import Controls

    return Controls(session.settings)


def dashboard(session: Session) -> Any:
    """Open the dashboard of where the tokens went."""
    from glmkit_widgets import Dashboard

    return Dashboard()


def talk(session: Session, name: str = "", *words: str) -> Any:
    """Open a chat: `%glm talk [NAME]`; with a name, the one of `%%glm --chat NAME`."""
    from glmkit_widgets import Chat

    if words or name.startswith("-"):
        raise ConfigError(
            "a talk takes one name", hint='Put it in quotes: %glm talk "my chat".'
        )
    system = session.settings.system
    given: dict[str, Any] = {"system": system}
    if name:
        known = name in session.chats
        system = None if known else system
        chat = session.chats.take(name, session.client(), system=system)
        given = {"conversation": chat.talk, "title": name}
    return _opened(
        session,
        lambda: Chat(names=session.names(), settings=session.settings, **given),
    )


def compare(session: Session, *words: str) -> Any:
    """Compare models side by side: `%glm compare [--blind] MODEL MODEL -p "PROMPT"`."""
    from glmkit_widgets import Compare

    chosen, prompt = _prompted(words)
    blind = "--blind" in chosen
    named = [name for word in chosen if word != "--blind" for name in word.split(",")]
    _no_options(named, "--blind and -p")
    models = {"models": named} if named else {}
    return _opened(
        session,
        lambda: Compare(prompt, settings=session.settings, blind=blind, **models),
    )


def theatre(session: Session, *words: str) -> Any:
    """See what temperature does to answers: `%glm theatre [MODEL] -p "PROMPT"`."""
    from glmkit_widgets import TemperatureTheatre

    chosen, prompt = _prompted(words)
    _no_options(chosen, "-p")
    if len(chosen) > 1:
        raise ConfigError("the theatre asks one model", hint="The prompt follows -p.")
    model = chosen[0] if chosen else None
    return _opened(
        session,
        lambda: TemperatureTheatre(prompt, model=model, settings=session.settings),
    )


def ruler(session: Session, *words: str) -> Any:
    """See what a prompt takes of the window: `%glm ruler [MODEL] [-p PROMPT]`."""
    from glmkit_widgets import TokenRuler

    chosen, prompt = _prompted(words)
    _no_options(chosen, "-p")
    if len(chosen) > 1:
        raise ConfigError("the ruler takes one model", hint="The prompt follows -p.")
    model = chosen[0] if chosen else None
    return TokenRuler(prompt, model, settings=session.settings)


def lab(session: Session, *words: str) -> Any:
    """Try a prompt on a table: `%glm lab [MODEL ...] [-p TEMPLATE]`."""
    from glmkit_widgets import PromptLab

    chosen, template = _prompted(words)
    _no_options(chosen, "-p")
    models = [name for word in chosen for name in word.split(",")]
    return _opened(
        session,
        lambda: PromptLab(template, models=models, settings=session.settings),
    )


def _opened(session: Session, make: Callable[[], Any]) -> Any:
    """Make a widget that asks; what there is to say of the client is said before.

    It is given none: it asks the process's own, which follows endpoint and key.
    """
    session.client()
    with session.here(session.settings.tag):
        return make()


def _prompted(words: tuple[str, ...]) -> tuple[list[str], str]:
    """Part what stands before `-p` from the prompt, which is all that follows it."""
    for place, word in enumerate(words):
        if word in {"-p", "--prompt"}:
            return [*words[:place]], " ".join(words[place + 1 :])
    return [*words], ""


def _no_options(words: list[str], known: str) -> None:
    for word in words:
        if word.startswith("-"):
            raise ConfigError(
                f"there is no option {word!r} here", hint=f"It takes models, {known}."
            )
