"""The notebook workbench for GLM language models.

    import glmkit
    client = glmkit.Client()
    print(client.chat("Why is the sky blue?").text)

In a notebook, `%load_ext glmkit` and then `%%glm`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from glmkit import documents as documents
    from glmkit import figures as figures
    from glmkit import sandbox as sandbox
    from glmkit.accounts import balance as balance
    from glmkit.accounts import budget as budget
    from glmkit.accounts import decide as decide
    from glmkit.accounts import prune as prune
    from glmkit.accounts import uncertain as uncertain
    from glmkit.accounts import verify as verify
    from glmkit.calls import Call as Call
    from glmkit.calls import Reply as Reply
    from glmkit.calls import Where as Where
    from glmkit.calls import tag as tag
    from glmkit.client import AsyncClient as AsyncClient
    from glmkit.client import Client as Client
    from glmkit.conversation import AsyncConversation as AsyncConversation
    from glmkit.conversation import Conversation as Conversation
    from glmkit.defaults import last as last
    from glmkit.errors import (
        APIError as APIError,
    )
    from glmkit.errors import (
        AuthError as AuthError,
    )
    from glmkit.errors import (
        BudgetError as BudgetError,
    )
    from glmkit.errors import (
        BudgetWarning as BudgetWarning,
    )
    from glmkit.errors import (
        ConfigError as ConfigError,
    )
    from glmkit.errors import (
        ContentFilterError as ContentFilterError,
    )
    from glmkit.errors import (
        ContextLengthError as ContextLengthError,
    )
    from glmkit.errors import (
        GLMError as GLMError,
    )
    from glmkit.errors import (
        Interrupted as Interrupted,
    )
    from glmkit.errors import (
        InvalidRequestError as InvalidRequestError,
    )
    from glmkit.errors import (
        LedgerError as LedgerError,
    )
    from glmkit.errors import (
        LocalError as LocalError,
    )
    from glmkit.errors import (
        MediaWarning as MediaWarning,
    )
    from glmkit.errors import (
        OptionWarning as OptionWarning,
    )
    from glmkit.errors import (
        QuotaError as QuotaError,
    )
    from glmkit.errors import (
        RateLimitError as RateLimitError,
    )
    from glmkit.errors import (
        ReplayError as ReplayError,
    )
    from glmkit.errors import (
        SchemaError as SchemaError,
    )
    from glmkit.errors import (
        ServerError as ServerError,
    )
    from glmkit.errors import (
        StandInWarning as StandInWarning,
    )
    from glmkit.errors import (
        StreamError as StreamError,
    )
    from glmkit.errors import (
        ToolError as ToolError,
    )
    from glmkit.errors import (
        TransportError as TransportError,
    )
    from glmkit.events import (
        Event as Event,
    )
    from glmkit.events import (
        Finish as Finish,
    )
    from glmkit.events import (
        Media as Media,
    )
    from glmkit.events import (
        Output as Output,
    )
    from glmkit.events import (
        Repair as Repair,
    )
    from glmkit.events import (
        Review as Review,
    )
    from glmkit.events import (
        Search as Search,
    )
    from glmkit.events import (
        Start as Start,
    )
    from glmkit.events import (
        Text as Text,
    )
    from glmkit.events import (
        Thinking as Thinking,
    )
    from glmkit.events import (
        ToolCall as ToolCall,
    )
    from glmkit.events import (
        ToolResult as ToolResult,
    )
    from glmkit.events import (
        Usage as Usage,
    )
    from glmkit.events import (
        Waiting as Waiting,
    )
    from glmkit.exports import export as export
    from glmkit.frames import models as models
    from glmkit.frames import repriced as repriced
    from glmkit.frames import timings as timings
    from glmkit.frames import usage as usage
    from glmkit.keys import Key as Key
    from glmkit.messages import Message as Message
    from glmkit.money import Money as Money
    from glmkit.texts import read as read
    from glmkit.tools import Tool as Tool
    from glmkit.tools import tool as tool
    from glmkit.widgets import dashboard as dashboard

_ERRORS = (
    "APIError AuthError BudgetError BudgetWarning ConfigError ContentFilterError "
    "ContextLengthError GLMError Interrupted InvalidRequestError LedgerError "
    "LocalError MediaWarning OptionWarning QuotaError RateLimitError ReplayError "
    "SchemaError ServerError StandInWarning StreamError ToolError TransportError"
)
_EVENTS = (
    "Event Finish Media Output Repair Review Search Start Text Thinking ToolCall "
    "ToolResult Usage Waiting"
)

#: Public name → the module it lives in; loaded when it is first used.
_HOMES = {
    **dict.fromkeys(_ERRORS.split(), "glmkit.errors"),
    **dict.fromkeys(_EVENTS.split(), "glmkit.events"),
    **dict.fromkeys(
        ("balance", "budget", "decide", "prune", "uncertain", "verify"),
        "glmkit.accounts",
    ),
    **dict.fromkeys(("Call", "Reply", "Where", "tag"), "glmkit.calls"),
    **dict.fromkeys(("AsyncClient", "Client"), "glmkit.client"),
    **dict.fromkeys(("AsyncConversation", "Conversation"), "glmkit.conversation"),
    **dict.fromkeys(("Tool", "tool"), "glmkit.tools"),
    **dict.fromkeys(("models", "repriced", "timings", "usage"), "glmkit.frames"),
    "export": "glmkit.exports",
    "Key": "glmkit.keys",
    "Message": "glmkit.messages",
    "Money": "glmkit.money",
    "dashboard": "glmkit.widgets",
    "last": "glmkit.defaults",
    "read": "glmkit.texts",
}

#: Modules that are public names themselves.
_ROOMS = ("documents", "figures", "sandbox")

__all__ = [
    *sorted([*_HOMES, *_ROOMS]),
    "load_ipython_extension",
    "unload_ipython_extension",
]


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(f"glmkit.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'glmkit' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES, *_ROOMS})


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Register `%glm` and `%%glm`: `%load_ext glmkit`."""
    from glmkit.notebook.session import load

    load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Take the magics away again: `%unload_ext glmkit`."""
    from glmkit.notebook.session import unload

    unload(shell)
