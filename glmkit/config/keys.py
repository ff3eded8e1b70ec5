"""API keys: where they are found, which origin they go to, how they are signed.

A key goes to the origin it belongs to and to no other; it does not print and cannot be
pickled.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NoReturn

import msgspec

from glmkit.config.endpoints import LOCAL, SERVICES, Endpoint, endpoint_of
from glmkit.types.errors import AuthError, ConfigError, StandInWarning
from glmkit.types.plain_text import warn
from glmkit.types.translation import _

#: Seconds a signed token lives, and how long one is used again. Source: the SDKs.
TOKEN_LIFE_S = 210
TOKEN_REUSE_S = 180

_VARIABLES = {"bigmodel": "ZHIPUAI", "zai": "ZAI"}
_CHOICES = ", ".join(repr(name) for name in SERVICES)


class Key:
    """An API key that shows only its last four characters.

    With `signed`, a short-lived token is sent in its place (HS256, as the service's
    HTTP guide describes).

    >>> Key("0123456789abcdef.secretsecret1234")
    ****1234
    """

    __slots__ = ("_signed", "_text", "_token")

    def __init__(self, text: str, *, signed: bool = False) -> None:
        text = text.strip()
        if not text or not text.isascii() or any(char <= " " for char in text):
            raise ConfigError(
                _("the key is empty or holds characters that no key has"),
                hint=_("Copy it again from the console; it looks like `id.secret`."),
            )
        if signed:
            _check_shape(text)
        self._text = text
        self._signed = signed
        self._token = ("", 0.0)

    def __repr__(self) -> str:
        return "****" + (self._text[-4:] if len(self._text) >= 12 else "")

    __str__ = __repr__

    def __reduce__(self) -> NoReturn:
        raise TypeError(_("a key cannot be pickled"))

    def authorization(self, now: float | None = None) -> str:
        """Return the Authorization header's value; `now` is Unix seconds."""
        if not self._signed:
            return f"Bearer {self._text}"
        now = time.time() if now is None else now
        token, made = self._token
        if not token or not 0 <= now - made < TOKEN_REUSE_S:
            token = _sign(self._text, now)
            self._token = (token, now)
        return f"Bearer {token}"

    def digest(self) -> str:
        """Return a name for the key that does not reveal it: 16 hex digits."""
        return hashlib.blake2b(self._text.encode(), digest_size=8).hexdigest()

    def check_shape(self) -> None:
        """Raise AuthError unless the key looks like `id.secret`."""
        _check_shape(self._text)


def _check_shape(text: str) -> None:
    if text.count(".") != 1 or text.startswith(".") or text.endswith("."):
        raise AuthError(
            _("the key is malformed: it must be `id.secret`, with one dot"),
            hint=_("Copy the whole key again from the service's console."),
        )


def _sign(text: str, now: float) -> str:
    name, secret = text.split(".")
    stamp = int(now * 1000)
    head = _part({"alg": "HS256", "typ": "JWT", "sign_type": "SIGN"})
    body = _part(
        {"api_key": name, "exp": stamp + TOKEN_LIFE_S * 1000, "timestamp": stamp}
    )
    digest = hmac.new(secret.encode(), head + b"." + body, hashlib.sha256).digest()
    return b".".join((head, body, _base64(digest))).decode()


def _part(fields: dict[str, str | int]) -> bytes:
    return _base64(json.dumps(fields, separators=(",", ":")).encode())


def _base64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


class Access(msgspec.Struct, frozen=True):
    """An endpoint with the key that belongs to it, and where the key was found."""

    endpoint: Endpoint
    key: Key | None = None
    found: str = "nowhere"


def access(
    endpoint: str | None = None,
    api_key: str | Key | None = None,
    serves: str | None = None,
) -> Access:
    """Find endpoint and key: arguments, environment, OS keyring, local platform.

    `serves` names the service that a URL speaks for. Raises ConfigError for an
    unknown endpoint, a key without one, or a service without a key; AuthError for a
    malformed key.
    """
    named = endpoint or os.environ.get("GLMKIT_ENDPOINT")
    if named:
        return _checked(_named(endpoint_of(named, serves), api_key))
    for what, there in (
        ("serves=", serves is not None),
        ("api_key=", api_key is not None),
        ("GLMKIT_API_KEY", bool(os.environ.get("GLMKIT_API_KEY"))),
    ):
        if there:
            raise ConfigError(
                _("{what} is set without an endpoint", what=what),
                hint=_("Name the endpoint too: {names}, or a URL.", names=_CHOICES),
            )
    return _checked(_found())


def _checked(found: Access) -> Access:
    if found.key is not None and found.endpoint.name in SERVICES:
        found.key.check_shape()
    return found


def _named(endpoint: Endpoint, api_key: str | Key | None) -> Access:
    """Find the key of an endpoint that was named."""
    if endpoint == LOCAL:
        return Access(endpoint)
    if api_key is not None:
        key = api_key if isinstance(api_key, Key) else Key(api_key)
        return Access(endpoint, key, "argument")
    for variable, owner in _owners():
        text = os.environ.get(variable)
        if text and (owner is None or owner.origin == endpoint.origin):
            return Access(endpoint, Key(text), variable)
    if text := stored(endpoint):
        return Access(endpoint, Key(text), "keyring")
    if endpoint.name not in SERVICES:
        return Access(endpoint)
    family = endpoint.name.removesuffix("-coding")
    raise ConfigError(
        _("no key for {name}", name=endpoint.name),
        hint=_(
            "Set {name}_API_KEY, or store one with `%glm key`.",
            name=_VARIABLES[family],
        ),
    )


def _owners() -> list[tuple[str, Endpoint | None]]:
    """List the variables that may hold a key, each with the endpoint that owns it.

    GLMKIT_API_KEY belongs to GLMKIT_ENDPOINT; alone, to the endpoint in the call.
    """
    general = os.environ.get("GLMKIT_ENDPOINT")
    pairs: list[tuple[str, Endpoint | None]] = [
        ("GLMKIT_API_KEY", endpoint_of(general) if general else None)
    ]
    return pairs + [(f"{_VARIABLES[name]}_API_KEY", _home(name)) for name in _VARIABLES]


def _home(service: str) -> Endpoint:
    """Return the endpoint of a service's variables: its base URL may be moved."""
    moved = os.environ.get(f"{_VARIABLES[service]}_BASE_URL")
    return endpoint_of(moved) if moved else SERVICES[service]


_warned: set[str] = set()


def _found() -> Access:
    """Find an endpoint by the first key there is, else the local platform."""
    present = [
        name for name in _VARIABLES if os.environ.get(f"{_VARIABLES[name]}_API_KEY")
    ]
    if len(present) > 1:
        _warn_once(
            _("Keys of both sites are set; bigmodel is used (endpoint= chooses)."),
            UserWarning,
        )
    for name in present:
        variable = f"{_VARIABLES[name]}_API_KEY"
        return Access(_home(name), Key(os.environ[variable]), variable)
    for name in _VARIABLES:
        if text := stored(SERVICES[name]):
            return Access(SERVICES[name], Key(text), "keyring")
    _warn_once(
        _(
            "No key was found: a small local model stands in for GLM. Set "
            "ZHIPUAI_API_KEY or ZAI_API_KEY to talk to GLM itself."
        )
    )
    return Access(LOCAL)


#: Shows a notice; None: as a Python warning.
_show: ContextVar[Callable[[str], None] | None] = ContextVar("show", default=None)


@contextmanager
def notices(show: Callable[[str], None]) -> Iterator[None]:
    """Show the notices about keys by a function instead of as Python warnings.

    >>> with notices(print):
    ...     _warn_once("No key was found.")
    No key was found.
    """
    token = _show.set(show)
    try:
        yield
    finally:
        _show.reset(token)


def _warn_once(text: str, kind: type[UserWarning] = StandInWarning) -> None:
    if text in _warned:
        return
    _warned.add(text)
    if show := _show.get():
        show(text)
    else:
        warn(text, kind, stacklevel=_outside())


def _outside() -> int:
    """Return the stack level of the user's own line, which a warning points to."""
    frame, level = sys._getframe(1), 1
    while frame.f_back and frame.f_globals.get("__name__", "").startswith("glmkit"):
        frame, level = frame.f_back, level + 1
    return level


def stored(endpoint: Endpoint) -> str | None:
    """Return the key that the OS keyring holds for the endpoint's origin.

    A keyring that cannot be used is taken for none: a call may do without a key.
    """
    try:
        import keyring

        return keyring.get_password("glmkit", endpoint.origin)
    except Exception:
        return None


def keyring_fault() -> str:
    """Return why no key can be read from the OS keyring; "" if keys can."""
    try:
        import keyring
        import keyring.backends.fail

        if isinstance(keyring.get_keyring(), keyring.backends.fail.Keyring):
            return _("this machine has none")
        keyring.get_password("glmkit", SERVICES["bigmodel"].origin)
    except Exception as exc:
        return f"{type(exc).__name__}: {exc}".partition("\n")[0]
    return ""


def store(endpoint: Endpoint, key: str) -> None:
    """Put a key into the OS keyring; ConfigError where there is none to use."""
    text = Key(key)._text
    try:
        import keyring

        keyring.set_password("glmkit", endpoint.origin, text)
    except Exception as exc:
        raise ConfigError(
            _("this machine has no keyring to store a key in"),
            hint=_("Set an environment variable instead, such as ZHIPUAI_API_KEY."),
        ) from exc
