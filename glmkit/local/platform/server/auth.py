"""API keys, in their plain and their signed form."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Sequence

import msgspec

from glmkit.local.platform.server.errors import Refusal
from glmkit.types.first_use import prepare

#: Numbers above this are milliseconds; both forms are in use.
_SECONDS_BELOW = 1e11
_SLACK_S = 30


class _Head(msgspec.Struct):
    alg: str


class _Claims(msgspec.Struct):
    api_key: str
    exp: float


prepare(_Head, _Claims)


def check(authorization: str | None, keys: Sequence[str]) -> str:
    """Return the account, the id in the header's key, plain or signed.

    Raises a Refusal (401) unless it is one of the keys.
    """
    if not authorization:
        raise Refusal(401, "1001", "no Authorization header was received")
    scheme, _, rest = authorization.partition(" ")
    token = rest.strip() if scheme.lower() == "bearer" else authorization
    if token.count(".") == 2:
        return _check_signed(token, keys)
    if token.count(".") != 1 or not all(token.split(".")):
        raise Refusal(401, "1002", "the token is malformed: a key is `id.secret`")
    if not any(_same(token, key) for key in keys):
        raise Refusal(401, "1000", "authentication failed: this key is not known here")
    return token.split(".")[0]


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _check_signed(token: str, keys: Sequence[str]) -> str:
    secrets = dict(key.split(".") for key in keys)
    text, _, signature = token.rpartition(".")
    try:
        head, claims = (_unpack(part) for part in text.split("."))
        algorithm = msgspec.json.decode(head, type=_Head).alg
        claimed = msgspec.json.decode(claims, type=_Claims)
        signed = _unpack(signature)
    except (ValueError, msgspec.DecodeError) as exc:
        raise Refusal(401, "1002", "the token is malformed") from exc
    secret = secrets.get(claimed.api_key, "")
    digest = hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()
    known = bool(secret) and hmac.compare_digest(signed, digest)
    if algorithm != "HS256" or not known:
        raise Refusal(401, "1004", "the token's signature does not hold")
    expires = claimed.exp / 1000 if claimed.exp > _SECONDS_BELOW else claimed.exp
    if expires + _SLACK_S < time.time():
        raise Refusal(401, "1003", "the token has expired: check the clock")
    return claimed.api_key


def _unpack(part: str) -> bytes:
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), b"-_", validate=True)
    except binascii.Error as exc:
        raise ValueError("not base64") from exc
