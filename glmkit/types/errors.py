"""What can go wrong, and what to do about it.

GLMError                    .hint: the next step for the person
├── ConfigError             endpoint, key, option or local file is not as it must be
├── LedgerError             the ledger can not be read or written; .reply, if one came
├── LocalError              the local platform, its engine or its weights
├── TransportError          the service was not reached, or broke off before a reply
├── StreamError             a stream ended before it was finished; .reply: what came
├── APIError                the service refused; .status .code .request_id
│   ├── AuthError           the key
│   ├── RateLimitError      too much at once, or the platform is overloaded
│   ├── QuotaError          money, plan or daily limit: waiting a little is no help
│   ├── ContentFilterError  content review
│   ├── ContextLengthError  the prompt is longer than the window
│   ├── InvalidRequestError anything else in the request
│   └── ServerError         the service itself
├── ToolError  SchemaError  BudgetError  ReplayError
Interrupted                 a KeyboardInterrupt; .reply: what came
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from glmkit.types.replies import Reply

Action = Literal["slot", "wait", "reset", "stop"]


class StandInWarning(UserWarning):
    """No key was found, so the local stand-in answers instead of GLM."""


class BudgetWarning(UserWarning):
    """Most of a budget is gone."""


class OptionWarning(UserWarning):
    """The model takes an option without a word, and ignores it."""


class MediaWarning(UserWarning):
    """A picture was made smaller before it was sent; the message says the sizes."""


class GLMError(Exception):
    """Root of glmkit's errors: a message that says what, a hint that says what next."""

    hint = "Run `glmkit doctor` to see what is set up and what is missing."
    _added: tuple[str, ...] = ()

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        if hint is not None:
            self.hint = hint

    def add_note(self, note: str) -> None:
        """Keep a note, which comes after the hint."""
        self._added += (note,)

    @property
    def __notes__(self) -> list[str]:  # type: ignore[override]
        """The hint and other notes: a script's traceback ends with them."""
        return [f"→ {self.hint}", *self._added]

    def _render_traceback_(self) -> list[str]:
        """Two lines in a notebook, where IPython would print the whole stack."""
        return [f"{type(self).__name__}: {self}", f"→ {self.hint}"]


class ConfigError(GLMError):
    """An endpoint, a key, an option or a file of settings is not as it must be."""


class LedgerError(GLMError):
    """The ledger can not be read or written.

    Raised before anything is sent; with `.reply` if an answer could not be recorded.
    """

    hint = "`glmkit doctor` shows where the ledger is; GLMKIT_DATA_DIR moves it."
    reply: Reply | None = None


class LocalError(GLMError):
    """The local platform, its engine or its weights are missing, damaged or down."""

    hint = "Run `glmkit local install`, or set a key to talk to GLM itself."


class TransportError(GLMError):
    """The service was not reached, or broke off before a whole reply came.

    `.sent` is False where no byte of the request had left; `.stale` is True where the
    service had closed a kept connection before it saw the request; `.lasting` where
    trying again is no help.
    """

    sent = True
    stale = False
    lasting = False
    reply: Reply | None = None
    hint = "Check the network and the endpoint's URL, then run it again."


class StreamError(GLMError):
    """A stream ended before it was finished; `.reply` holds what arrived."""

    hint = "What arrived is in `.reply` and glmkit.last(); run it again for the rest."
    reply: Reply | None = None


class ToolError(GLMError):
    """A tool could not be described, called or trusted."""

    reply: Reply | None = None


class SchemaError(GLMError):
    """The answer did not fit the schema; `.reply` holds the raw text."""

    reply: Reply | None = None


class BudgetError(GLMError):
    """The call could exceed the budget, so it was not sent."""


class ReplayError(GLMError):
    """The cassette has no such answer, or can not be read or written.

    `.reply` is there where an answer had come before it could not be written.
    """

    reply: Reply | None = None


class APIError(GLMError):
    """The service refused the request.

    `.status` is the HTTP status (200 for an error inside a stream), `.code` the
    business code as text ("1210"), `.request_id` what to quote to the service.
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
        self.code = code
        self.request_id = request_id
        self.action = action
        self.reply: Reply | None = None


class AuthError(APIError):
    """The key is wrong, malformed, expired, or for another site."""

    hint = "Check the key and the site it belongs to: `%glm key` or ZHIPUAI_API_KEY."


class RateLimitError(APIError):
    """More requests in flight than the key may have, or the platform is overloaded."""

    hint = "Wait a little and run it again, or use a model with a higher right."


class QuotaError(APIError):
    """Balance, plan or a daily limit is spent; waiting a little does not help."""

    hint = "Look at the balance and plan in the console, or use a free model."


class ContentFilterError(APIError):
    """Content review stopped the prompt or the answer."""

    hint = "Change the wording; what had streamed should not be relied on."


class ContextLengthError(APIError):
    """The prompt is longer than the model's context window."""

    hint = "Shorten the prompt, or choose a model with a larger window (glm-4-long)."


class InvalidRequestError(APIError):
    """The service does not accept this request: model, parameter or shape."""

    hint = "Compare the request with the model's card: `%glm models`."


class ServerError(APIError):
    """The service failed; the same request may pass later."""

    hint = "Nothing is wrong with the request; run it again in a moment."


class Interrupted(KeyboardInterrupt):
    """The person interrupted the call; `.reply` holds what had arrived.

    A KeyboardInterrupt, so that «Run All» stops; it prints one line.
    """

    def __init__(self, reply: Reply | None = None) -> None:
        super().__init__("interrupted")
        self.reply = reply

    def _render_traceback_(self) -> list[str]:
        kept = len(self.reply.text) if self.reply else 0
        return [f"Interrupted: {kept} characters kept, see glmkit.last()."]


class Rule(NamedTuple):
    """What a business code means for us: the class, the action and the next step."""

    error: type[APIError]
    action: Action = "stop"
    hint: str | None = None


_NEW_KEY = "The service does not know this key: copy it again from the console."
_OTHER_SITE = (
    "The key may belong to another site or to a coding plan: try endpoint='zai', "
    "'bigmodel-coding' or 'zai-coding', or look at the balance in the console."
)
_PLAN = "Look at the plan in the console; a pay-per-use key uses endpoint='bigmodel'."

#: Business code → rule. Source: the error table of the platform's documentation.
RULES: dict[str, Rule] = {
    "500": Rule(ServerError, "wait"),
    "1000": Rule(AuthError, "stop", _NEW_KEY),
    "1001": Rule(AuthError, "stop", "No key was sent: set ZHIPUAI_API_KEY."),
    "1002": Rule(AuthError, "stop", "A key looks like `id.secret`: copy it whole."),
    "1003": Rule(AuthError, "stop", "The signed token expired: check the clock."),
    "1004": Rule(AuthError, "stop", _NEW_KEY),
    "1100": Rule(ServerError, "wait"),
    "1110": Rule(AuthError, "stop", "The account is not active yet: see the console."),
    "1111": Rule(AuthError, "stop", "The account does not exist: see the console."),
    "1112": Rule(AuthError, "stop", "The account is locked: see the console."),
    "1113": Rule(QuotaError, "stop", _OTHER_SITE),
    "1120": Rule(ServerError, "wait"),
    "1121": Rule(QuotaError, "stop", "The account is locked: see the console."),
    "1200": Rule(ServerError, "wait"),
    "1210": Rule(InvalidRequestError),
    "1211": Rule(InvalidRequestError, "stop", "`%glm models` lists the models."),
    "1212": Rule(InvalidRequestError),
    "1213": Rule(InvalidRequestError),
    "1214": Rule(InvalidRequestError),
    "1215": Rule(InvalidRequestError),
    "1220": Rule(AuthError, "stop", "The key has no right to this API."),
    "1221": Rule(InvalidRequestError, "stop", "The service withdrew this API."),
    "1222": Rule(InvalidRequestError, "stop", "The service has no such API."),
    "1230": Rule(ServerError, "wait"),
    "1231": Rule(InvalidRequestError, "stop", "That request_id was used before."),
    "1233": Rule(InvalidRequestError, "stop", "Only the key that made it sees it."),
    "1234": Rule(ServerError, "wait"),
    "1261": Rule(ContextLengthError),
    "1300": Rule(ContentFilterError),
    "1301": Rule(ContentFilterError),
    "1302": Rule(RateLimitError, "slot"),
    "1303": Rule(RateLimitError, "wait"),
    "1304": Rule(QuotaError, "reset", "The daily limit is reached; go on tomorrow."),
    "1305": Rule(RateLimitError, "wait"),
    "1308": Rule(QuotaError, "reset", "The limit resets at the time in the message."),
    "1309": Rule(QuotaError, "stop", _PLAN),
    "1310": Rule(QuotaError, "reset", "The limit resets at the time in the message."),
    "1311": Rule(QuotaError, "stop", _PLAN),
    "1312": Rule(RateLimitError, "wait", "The model is very busy: try another one."),
    "1313": Rule(RateLimitError, "wait"),
    "1314": Rule(QuotaError, "stop", _PLAN),
    "1315": Rule(QuotaError, "stop", _PLAN),
    **{str(code): Rule(QuotaError, "reset", _PLAN) for code in range(1316, 1322)},
    "1701": Rule(RateLimitError, "wait"),
    "1702": Rule(InvalidRequestError, "stop", "Ask again without the web search."),
    "1703": Rule(InvalidRequestError),
}

_BY_STATUS: dict[int, Rule] = {
    400: Rule(InvalidRequestError),
    401: Rule(AuthError),
    403: Rule(AuthError),
    404: Rule(InvalidRequestError, "stop", "The endpoint has no such path or task."),
    408: Rule(ServerError, "wait"),
    409: Rule(ServerError, "wait"),
    413: Rule(InvalidRequestError, "stop", "The request is too large: send less."),
    425: Rule(ServerError, "wait"),
    429: Rule(RateLimitError, "wait"),
    434: Rule(AuthError, "stop", "The key has no right to this API."),
    435: Rule(InvalidRequestError, "stop", "The file is too large: 100 MB at most."),
    501: Rule(ServerError),
    505: Rule(ServerError),
}

_STATUSES = {str(status) for status in range(400, 600)}


def rule_for(status: int | None, code: str) -> Rule:
    """Return the rule for a business code, else for the HTTP status.

    >>> rule_for(429, "1113").error.__name__
    'QuotaError'
    >>> rule_for(503, "").action
    'wait'
    """
    if code in RULES:
        return RULES[code]
    if status in (None, 200) and code in _STATUSES:
        status = int(code)  # an error event of another server than GLM's
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status is not None and status >= 500:
        return Rule(ServerError, "wait")
    return Rule(InvalidRequestError)


def api_error(status: int | None, code: str, message: str, **more: Any) -> APIError:
    """Build the typed error of a refusal (`more`: request_id)."""
    rule = rule_for(status, code)
    label = f"{code}: {message}" if code else message
    return rule.error(
        label, hint=rule.hint, status=status, code=code, action=rule.action, **more
    )
