"""The table of business error codes: code to error class, action and hint."""

from __future__ import annotations

from typing import Any, NamedTuple

from glmkit.types.errors import (
    Action,
    APIError,
    AuthError,
    ContentFilterError,
    ContextLengthError,
    InvalidRequestError,
    QuotaError,
    RateLimitError,
    ServerError,
)


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
