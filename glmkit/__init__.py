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

    from glmkit import (
        errors as errors,
        figures as figures,
        gallery as gallery,
        sandbox as sandbox,
        widgets as widgets,
    )
    from glmkit.client.clients import (
        AsyncClient as AsyncClient,
        Client as Client,
    )
    from glmkit.client.conversation import (
        AsyncConversation as AsyncConversation,
        Conversation as Conversation,
    )
    from glmkit.client.default import (
        last as last,
    )
    from glmkit.client.prompts import media as media
    from glmkit.config.keys import (
        Key as Key,
    )
    from glmkit.documents.folder import (
        read_folder as read_folder,
    )
    from glmkit.documents.hidden_sentence import (
        needle as needle,
    )
    from glmkit.documents.questions import (
        ask_document as ask_document,
    )
    from glmkit.documents.scans import (
        read_scans as read_scans,
    )
    from glmkit.figures.published_scores import (
        benchmarks as benchmarks,
    )
    from glmkit.ledger.views.budgets import (
        balance as balance,
        budget as budget,
        decide as decide,
        prune as prune,
        uncertain as uncertain,
        verify as verify,
    )
    from glmkit.ledger.views.export import (
        export as export,
    )
    from glmkit.ledger.views.frames import (
        models as models,
        repriced as repriced,
        timings as timings,
        usage as usage,
    )
    from glmkit.ledger.views.grants import (
        grant as grant,
    )
    from glmkit.readers.files import (
        read as read,
    )
    from glmkit.tools.tool import (
        Tool as Tool,
        tool as tool,
    )
    from glmkit.types.errors import (
        APIError as APIError,
        AuthError as AuthError,
        BudgetError as BudgetError,
        BudgetWarning as BudgetWarning,
        ConfigError as ConfigError,
        ContentFilterError as ContentFilterError,
        ContextLengthError as ContextLengthError,
        GLMError as GLMError,
        Interrupted as Interrupted,
        InvalidRequestError as InvalidRequestError,
        LedgerError as LedgerError,
        LocalError as LocalError,
        MediaWarning as MediaWarning,
        OptionWarning as OptionWarning,
        QuotaError as QuotaError,
        RateLimitError as RateLimitError,
        ReplayError as ReplayError,
        SchemaError as SchemaError,
        ServerError as ServerError,
        StandInWarning as StandInWarning,
        StreamError as StreamError,
        ToolError as ToolError,
        TransportError as TransportError,
    )
    from glmkit.types.events import (
        ContentReview as ContentReview,
        Event as Event,
        Finish as Finish,
        Media as Media,
        Output as Output,
        Repair as Repair,
        Search as Search,
        Start as Start,
        Text as Text,
        Thinking as Thinking,
        ToolCall as ToolCall,
        ToolResult as ToolResult,
        Usage as Usage,
        Waiting as Waiting,
    )
    from glmkit.types.messages import (
        Message as Message,
    )
    from glmkit.types.money import (
        Money as Money,
    )
    from glmkit.types.replies import (
        Call as Call,
        Reply as Reply,
        Where as Where,
        tag as tag,
    )
    from glmkit.widgets import (
        dashboard as dashboard,
    )

#: Module → its public names; a module is loaded when a name of it is first used.
_HOMES = {
    "glmkit.types.errors": (
        "APIError AuthError BudgetError BudgetWarning ConfigError "
        "ContentFilterError ContextLengthError GLMError Interrupted "
        "InvalidRequestError LedgerError LocalError MediaWarning "
        "OptionWarning QuotaError RateLimitError ReplayError SchemaError "
        "ServerError StandInWarning StreamError ToolError TransportError"
    ),
    "glmkit.types.events": (
        "Event Finish Media Output Repair ContentReview Search Start Text Thinking "
        "ToolCall ToolResult Usage Waiting"
    ),
    "glmkit.types.messages": "Message",
    "glmkit.types.money": "Money",
    "glmkit.types.replies": "Call Reply Where tag",
    "glmkit.config.keys": "Key",
    "glmkit.tools.tool": "Tool tool",
    "glmkit.ledger.views.budgets": "balance budget decide prune uncertain verify",
    "glmkit.ledger.views.export": "export",
    "glmkit.ledger.views.grants": "grant",
    "glmkit.ledger.views.frames": "models repriced timings usage",
    "glmkit.client.clients": "AsyncClient Client",
    "glmkit.client.conversation": "AsyncConversation Conversation",
    "glmkit.client.default": "last",
    "glmkit.readers.files": "read",
    "glmkit.documents.folder": "read_folder",
    "glmkit.documents.hidden_sentence": "needle",
    "glmkit.documents.questions": "ask_document",
    "glmkit.documents.scans": "read_scans",
    "glmkit.figures.published_scores": "benchmarks",
    "glmkit.widgets": "dashboard",
}
_MODULE_OF = {name: home for home, names in _HOMES.items() for name in names.split()}

#: Public names that are modules → the module.
_MODULES = {
    **{
        name: f"glmkit.{name}"
        for name in ("errors", "figures", "gallery", "sandbox", "widgets")
    },
    "media": "glmkit.client.prompts.media",
}

#: The names that completion lists first. Errors are listed in `glmkit.errors`.
__all__ = [
    "AsyncClient", "Client", "Conversation", "Message", "Money", "Reply",
    "ask_document", "balance", "budget", "dashboard", "errors", "export", "figures",
    "grant", "last", "media", "models", "read", "read_folder", "sandbox", "tag", "tool",
    "usage", "widgets",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(_MODULES[name])
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'glmkit' has no attribute {name!r}")
    value = getattr(import_module(_MODULE_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Register `%glm` and `%%glm`: `%load_ext glmkit`."""
    from glmkit.notebook.extension import load

    load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Remove the magics: `%unload_ext glmkit`."""
    from glmkit.notebook.extension import unload

    unload(shell)
