"""Ends of requests: whether the service may have done one that failed.

The one rule behind two decisions: whether a request may be sent again, and whether
what it cost is known to be nothing.
"""

from __future__ import annotations

from glmkit.types.errors import (
    APIError,
    AuthError,
    ContextLengthError,
    QuotaError,
    RateLimitError,
    TransportError,
)
from glmkit.wire.error_codes import RULES

#: Statuses below 500 with which a gateway gives up waiting for the service.
_GIVEN_UP = frozenset({408, 499})
#: Statuses from 500 on with which a server refuses before it does anything.
_REFUSED = frozenset({501, 503, 505})
#: Errors that blame the request or the key: nothing was generated.
_AT_THE_DOOR = (AuthError, ContextLengthError, QuotaError, RateLimitError)


def may_be_done(
    end: BaseException, *, sent: bool = True, answered: bool = False
) -> bool:
    """Return whether the service may have done, and billed, a request that ended so.

    It did nothing where it was never reached, or refused: with a business code of
    GLM, with 429, 503 or another status that blames the request. A bare 500, 502,
    504, 52x or 408 comes from a gateway that gave up, while the service may have gone
    on; so may it after a cut, a silence, or a cancellation. `sent` is whether bytes
    of the request left (an error of the network knows that itself), `answered`
    whether a part of the answer came before the end.

    >>> from glmkit.wire.error_codes import api_error
    >>> may_be_done(api_error(504, "", "Gateway Time-out"))
    True
    >>> may_be_done(api_error(500, "1234", "network error"))
    False
    """
    if answered:
        return True
    match end:
        case TransportError():
            return end.sent and not end.stale
        case APIError():
            return _may_be_done_after(end)
        case _:
            return sent


def _may_be_done_after(refusal: APIError) -> bool:
    if refusal.code in RULES or isinstance(refusal, _AT_THE_DOOR):
        return False
    status = refusal.status
    if status in (None, 200):  # an error in an answer: its code may be a status
        status = _status_of(refusal.code)
    if status is None:
        return True
    return status in _GIVEN_UP or (status >= 500 and status not in _REFUSED)


def _status_of(code: str) -> int | None:
    """Return the HTTP status that a code is; None for any other code."""
    number = int(code) if code.isascii() and code.isdigit() and len(code) == 3 else 0
    return number if 400 <= number < 600 else None
