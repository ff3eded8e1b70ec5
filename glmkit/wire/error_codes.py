"""The table of error codes: code, name or status to error class, action and hint."""

from __future__ import annotations

import re
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
from glmkit.types.translation import _


class Rule(NamedTuple):
    """What an error code means: the error class, the action and the next step."""

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


_MODELS = "`%glm models` lists GLM's models, client.models() those of the server."

#: What other servers name their errors by, in lower case and letters alone → rule; the
#: first match counts. Whether a failing server has done the work, its name does not
#: tell, so such a call is not sent again; one that is overloaded has done nothing.
_NAMES: tuple[tuple[re.Pattern[str], Rule], ...] = tuple(
    (re.compile(pattern), rule)
    for pattern, rule in (
        ("quota|billing|budget|payment|insufficient|arrear|overdue", Rule(QuotaError)),
        ("ratelimit|toomanyrequests|exhausted", Rule(RateLimitError, "wait")),
        ("context(length|window|size)|prompttoolong", Rule(ContextLengthError)),
        (
            "content(filter|policy)|moderation|safety|inspection",
            Rule(ContentFilterError),
        ),
        ("apikey|authenti|unauthori|permission|forbidden|denied", Rule(AuthError)),
        ("model(does)?not(found|exist)", Rule(InvalidRequestError, "stop", _MODELS)),
        ("overload|unavailable|busy", Rule(ServerError, "wait")),
        (
            "^(api|unknown)|server|internal|timeout|upstream|provider|engine|gateway"
            "|connection|network",
            Rule(ServerError),
        ),
    )
)

#: Names that say no more than a refusal with an HTTP status says by itself.
_GENERIC = re.compile("^invalid|badrequest|unprocessable|validation")

#: How servers say, in a refusal of any code, that the prompt does not fit.
_OVERFLOW = re.compile(
    "|".join(
        (
            r"tokens in request more than max tokens",
            r"maximum context length|context_length_exceeded|prompt exceeds max",
            r"(exceed|longer than|larger than)\w* (the |its )?(\S+ ){0,3}"
            r"(context|model length|sequence length)",
            r"context (size|window|length) (was |is )?(exceeded|overflow)",
            r"(prompt|input|request) (is )?too long|too many (input |prompt )?tokens",
            r"(prompt|input|request)[^.]{0,40} exceeds the max\w* (number of )?tokens",
            r"reduce the length of (the|your) (messages|prompt|input)",
            r"(prompt|input) length \d+ exceeds|supports at most \d+ tokens",
            r"input tokens exceed|`?inputs`? tokens \+ `?max_new_tokens`? must be",
            r"must have (less|fewer) than \d+ tokens",
            r"(上下文|输入|prompt)\S{0,6}(过长|超过|超出)",
        )
    ),
    re.IGNORECASE,
)
#: How servers say, in a refusal for too many requests, that waiting does not help.
_SPENT = re.compile(
    r"exceeded your current quota|check your plan and billing|insufficient balance"
    r"|余额不足|欠费",
    re.IGNORECASE,
)
_FEWER = "Lower max_tokens or shorten the prompt: both share the context window."

_BY_STATUS: dict[int, Rule] = {
    400: Rule(InvalidRequestError),
    401: Rule(AuthError),
    402: Rule(QuotaError),
    403: Rule(AuthError),
    404: Rule(
        InvalidRequestError, "stop", "The server has no such path, model or task."
    ),
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


def rule_for(
    status: int | None, code: str, kind: str = "", otherwise: Rule | None = None
) -> Rule:
    """Return the rule for a business code, else for a name, else for the HTTP status.

    `kind` is the error's type, where the server names one; `otherwise` is the rule of
    what nothing is known of.

    >>> rule_for(429, "1113").error.__name__
    'QuotaError'
    >>> rule_for(503, "").action
    'wait'
    >>> rule_for(200, "server_error").error.__name__
    'ServerError'
    """
    for name in (code, kind):
        if name in RULES:
            return RULES[name]
    refused = status is not None and status >= 400
    for name in (code, kind):
        named = _named(name, refused)
        if named is not None and not (refused and named.error is ServerError):
            return named
    if not refused and code in _STATUSES:
        status = int(code)  # an error event of another server than GLM's
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status is not None and status >= 500:
        return Rule(ServerError, "wait")
    return otherwise or Rule(InvalidRequestError)


def _named(name: str, refused: bool) -> Rule | None:
    """Return the rule of an error's name, as of "server_error" or "ServerError"."""
    letters = re.sub("[^a-z]", "", name.lower())
    if not letters:
        return None
    for pattern, rule in _NAMES:
        if pattern.search(letters):
            return rule
    generic = not refused and _GENERIC.search(letters)
    return Rule(InvalidRequestError) if generic else None


def api_error(
    status: int | None,
    code: str,
    message: str,
    *,
    kind: str = "",
    otherwise: Rule | None = None,
    **more: Any,
) -> APIError:
    """Build the typed error of a refusal (`more`: request_id); see `rule_for`."""
    rule = rule_for(status, code, kind, otherwise)
    if rule.error in (InvalidRequestError, ServerError) and _OVERFLOW.search(message):
        too_much = _FEWER if "max_tokens" in message else None
        rule = Rule(ContextLengthError, "stop", too_much)
    if rule.error is RateLimitError and code not in RULES and _SPENT.search(message):
        rule = Rule(QuotaError)
    label = f"{code}: {message}" if code else message
    return rule.error(
        label,
        hint=rule.hint and _(rule.hint),
        status=status,
        code=code,
        action=rule.action,
        **more,
    )
