"""Where things are: endpoints, and the folders of this user."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from glmkit.types.errors import ConfigError

#: Seconds to wait for the headers, then for each silence between events.
TIMEOUT_S = 300.0


class Endpoint(msgspec.Struct, frozen=True):
    """A service that speaks the protocol.

    `name` is short ("bigmodel") or the URL itself; `url` is the base that the paths
    are appended to; `currency` what it bills in (None: not priced); `plan` whether a
    subscription pays for the calls.
    """

    name: str
    url: str
    currency: str | None = None
    plan: bool = False

    @property
    def origin(self) -> str:
        """Scheme, host and port: the only place a key of this endpoint goes to."""
        return origin_of(self.url)


_BIGMODEL = "https://open.bigmodel.cn/api"
_ZAI = "https://api.z.ai/api"

#: The services by name. Source: the platforms' API documentation.
SERVICES: dict[str, Endpoint] = {
    "bigmodel": Endpoint("bigmodel", f"{_BIGMODEL}/paas/v4", "CNY"),
    "zai": Endpoint("zai", f"{_ZAI}/paas/v4", "USD"),
    "bigmodel-coding": Endpoint(
        "bigmodel-coding", f"{_BIGMODEL}/coding/paas/v4", "CNY", plan=True
    ),
    "zai-coding": Endpoint("zai-coding", f"{_ZAI}/coding/paas/v4", "USD", plan=True),
}

#: The local platform; its URL is known only once it runs.
LOCAL = Endpoint("local", "", "CNY")

#: Free models, so that nobody is billed for a first try.
_FREE = {"zai": "glm-4.7-flash", "zai-coding": "glm-4.7-flash"}
_FREE_ELSEWHERE = "glm-4-flash-250414"


def endpoint_of(name: str) -> Endpoint:
    """Return the endpoint of a name or a URL; ConfigError for anything else.

    >>> endpoint_of("bigmodel").currency
    'CNY'
    >>> endpoint_of("http://127.0.0.1:8000/v1/").url
    'http://127.0.0.1:8000/v1'
    """
    name = name.strip()
    if name == "local":
        return LOCAL
    if name in SERVICES:
        return SERVICES[name]
    parts = urlsplit(name)
    if parts.scheme in {"http", "https"} and parts.hostname and not parts.username:
        return _known(name.rstrip("/"))
    raise ConfigError(
        f"unknown endpoint {name!r}",
        hint="Use 'local', " + ", ".join(map(repr, SERVICES)) + ", or a URL.",
    )


def _known(url: str) -> Endpoint:
    """Name a service that is given by its URL; a custom URL has no price."""
    for service in SERVICES.values():
        if service.url == url:
            return service
    return Endpoint(url, url)


def origin_of(url: str) -> str:
    """Return scheme, host and port of a URL.

    >>> origin_of("https://api.z.ai/api/paas/v4")
    'https://api.z.ai:443'
    """
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"{parts.scheme}://{(parts.hostname or '').lower()}:{port}"


def default_model(endpoint: Endpoint) -> str:
    """Return GLMKIT_MODEL, else the endpoint's free model."""
    return os.environ.get("GLMKIT_MODEL") or _FREE.get(endpoint.name, _FREE_ELSEWHERE)


def data_dir() -> Path:
    """Return the folder of ledger and weights (GLMKIT_DATA_DIR moves it)."""
    return _folder("GLMKIT_DATA_DIR", "user_data_path")


def state_dir() -> Path:
    """Return the folder of locks and running servers (GLMKIT_STATE_DIR moves it)."""
    return _folder("GLMKIT_STATE_DIR", "user_state_path")


def _folder(variable: str, kind: str) -> Path:
    named = os.environ.get(variable)
    if named:
        return Path(named).expanduser()
    import platformdirs

    path: Path = getattr(platformdirs, kind)("glmkit", appauthor=False)
    return path
