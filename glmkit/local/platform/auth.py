"""Keys: the plain form, the signed form, and the proof that a ping asks for."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time

import msgspec

from glmkit.local.platform.refusals import Refusal

#: Numbers above this are milliseconds; both forms are in use.
_SECONDS_BELOW = 1e11
_SLACK_S = 30


class _Head(msgspec.Struct):
    alg: str


class _Claims(msgspec.Struct):
    api_key: str
    exp: float


def check(authorization: str | None, key: str) -> None:
    """Raise a Refusal (401) unless the header holds the key, plain or signed."""
    if not authorization:
        raise Refusal(401, "1001", "no Authorization header was received")
    scheme, _, rest = authorization.partition(" ")
    token = rest.strip() if scheme.lower() == "bearer" else authorization
    if token.count(".") == 2:
        _check_signed(token, key)
    elif token.count(".") != 1 or not all(token.split(".")):
        raise Refusal(401, "1002", "the token is malformed: a key is `id.secret`")
    elif not _same(token, key):
        raise Refusal(401, "1000", "authentication failed: this key is not known here")


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _check_signed(token: str, key: str) -> None:
    name, secret = key.split(".")
    text, _, signature = token.rpartition(".")
    try:
        head, claims = (_unpack(part) for part in text.split("."))
        algorithm = msgspec.json.decode(head, type=_Head).alg
        said = msgspec.json.decode(claims, type=_Claims)
        signed = _unpack(signature)
    except (ValueError, msgspec.DecodeError) as exc:
        raise Refusal(401, "1002", "the token is malformed") from exc
    digest = hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()
    known = _same(said.api_key, name) and hmac.compare_digest(signed, digest)
    if algorithm != "HS256" or not known:
        raise Refusal(401, "1004", "the token's signature does not hold")
    expires = said.exp / 1000 if said.exp > _SECONDS_BELOW else said.exp
    if expires + _SLACK_S < time.time():
        raise Refusal(401, "1003", "the token has expired: check the clock")


def _unpack(part: str) -> bytes:
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), b"-_", validate=True)
    except binascii.Error as exc:
        raise ValueError("not base64") from exc
