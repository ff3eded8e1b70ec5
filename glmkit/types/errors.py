"""Exceptions and warnings of glmkit.

GLMError                    .hint: the next step for the user
├── ConfigError             invalid endpoint, key, option or local file
├── LedgerError             the ledger cannot be read or written; .reply, if one came
├── LocalError              the local platform, its engine or its weights
├── TransportError          no connection, or no reply that can be read
├── StreamError             an answer broke off; .reply: what arrived
├── APIError                the service refused; .status .code .request_id
│   ├── AuthError           the key
│   ├── RateLimitError      too many requests, or an overloaded platform
│   ├── QuotaError          balance, plan or daily limit: waiting does not help
│   ├── ContentFilterError  content review
│   ├── ContextLengthError  the prompt is longer than the context window
│   ├── InvalidRequestError anything else in the request
│   └── ServerError         the service failed
├── ToolError  SchemaError  BudgetError  ReplayError
Interrupted                 a KeyboardInterrupt; .reply: what arrived
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from glmkit.types.plain_text import one_line, plain

if TYPE_CHECKING:
    from glmkit.types.replies import Reply

Action = Literal["slot", "wait", "reset", "stop"]


class StandInWarning(UserWarning):
    """No key was found, so the local stand-in answers instead of GLM."""


class BudgetWarning(UserWarning):
    """Most of a budget is spent."""


class OptionWarning(UserWarning):
    """The model ignores an option, or is retired."""


class MediaWarning(UserWarning):
    """A picture was made smaller, or a file's encoding guessed, before it was sent."""


class GLMError(Exception):
    """Base class of glmkit's errors: what is wrong, and in `.hint` what to do next."""

    hint = "Run `glmkit doctor` to see what is set up and what is missing."
    _added: tuple[str, ...] = ()

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(plain(message))
        if hint is not None:
            self.hint = plain(hint)

    def add_note(self, note: str) -> None:
        """Add a note, which is shown after the hint."""
        self._added += (plain(note),)

    @property
    def __notes__(self) -> list[str]:  # type: ignore[override]
        """The hint and other notes, with which a script's traceback ends."""
        return [f"→ {self.hint}", *self._added]

    def _render_traceback_(self) -> list[str]:
        """Return two lines for a notebook, in place of the whole stack."""
        return [one_line(f"{type(self).__name__}: {self}"), one_line(f"→ {self.hint}")]


class ConfigError(GLMError):
    """An endpoint, key, option, prompt or settings file is invalid."""


class LedgerError(GLMError):
    """The ledger cannot be read or written.

    Raised before anything is sent; with `.reply` if an answer could not be recorded.
    """

    hint = "`glmkit doctor` shows where the ledger is; GLMKIT_DATA_DIR moves it."
    reply: Reply | None = None


class LocalError(GLMError):
    """The local platform, its engine or its weights are missing, damaged or down."""

    hint = "Run `glmkit local install`, or set a key to talk to GLM itself."


class TransportError(GLMError):
    """The service was not reached, or sent no reply that can be read.

    `.sent` is False if no byte of the request left; `.stale` is True if the service
    had closed a kept connection before it saw the request; `.lasting` if another try
    would fail as well.
    """

    sent = True
    stale = False
    lasting = False
    reply: Reply | None = None
    hint = "Check the network and the endpoint's URL, then run it again."


class StreamError(GLMError):
    """An answer ended before it was finished; `.reply` holds what arrived."""

    hint = "What arrived is in `.reply` and glmkit.last(); run it again for the rest."
    reply: Reply | None = None


class ToolError(GLMError):
    """A tool cannot be described, or the model's call of it cannot be run."""

    reply: Reply | None = None


class SchemaError(GLMError):
    """The answer does not fit the schema; `.reply` holds the raw text."""

    reply: Reply | None = None


class BudgetError(GLMError):
    """The call could exceed the budget, so it was not sent."""


class ReplayError(GLMError):
    """The cassette has no such answer, or cannot be read or written.

    `.reply` holds the answer, if one came that could not be recorded.
    """

    reply: Reply | None = None


class APIError(GLMError):
    """The service refused the request.

    `.status` is the HTTP status (200 for an error inside a stream or a body), `.code`
    the business code as text ("1210"), `.request_id` the id to quote in a question to
    the service.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        status: int | None = None,
        code: str = "",
        request_id: str = "",
        action: Action = "stop",
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.code = one_line(code)
        self.request_id = one_line(request_id)
        self.action = action
        self.reply: Reply | None = None


class AuthError(APIError):
    """The key is wrong, malformed, expired, or belongs to another site."""

    hint = "Check the key and the site it belongs to: `%glm key` or ZHIPUAI_API_KEY."


class RateLimitError(APIError):
    """The key has too many requests in flight, or the platform is overloaded."""

    hint = "Wait a little and run it again, or use a model with a higher right."


class QuotaError(APIError):
    """Balance, plan or a daily limit is spent; waiting a little does not help."""

    hint = "Look at the balance and plan in the console, or use a free model."


class ContentFilterError(APIError):
    """Content review stopped the prompt or the answer."""

    hint = "Change the wording; do not rely on what was streamed before."


class ContextLengthError(APIError):
    """The prompt is longer than the model's context window."""

    hint = "Shorten the prompt, or use a model with a larger window: `%glm models`."


class InvalidRequestError(APIError):
    """The service does not accept the request: its model, a parameter or its shape."""

    hint = "Compare the request with the model's card: `%glm models`."


class ServerError(APIError):
    """The service failed; the same request may succeed later."""

    hint = "Nothing is wrong with the request; run it again in a moment."


class Interrupted(KeyboardInterrupt):
    """The user interrupted the call; `.reply` holds what had arrived.

    A KeyboardInterrupt, so that «Run All» stops; a notebook shows one line of it.
    """

    def __init__(self, reply: Reply | None = None) -> None:
        super().__init__("interrupted")
        self.reply = reply

    def _render_traceback_(self) -> list[str]:
        kept = len(self.reply.text) if self.reply else 0
        return [f"Interrupted: {kept} characters kept, see glmkit.last()."]


def told_of(error: Exception) -> tuple[str, str]:
    """Return an error's message and its hint, as plain texts."""
    if isinstance(error, GLMError):
        return str(error), error.hint
    return plain(f"{type(error).__name__}: {error}"), ""
