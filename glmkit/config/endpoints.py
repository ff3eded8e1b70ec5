"""Endpoints of the services, and the folders of this user."""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
import tempfile
from functools import lru_cache
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import msgspec

from glmkit.types.errors import ConfigError
from glmkit.types.translation import _

#: Seconds to wait for the headers, then for each silence between events.
TIMEOUT_S = 300.0


class Endpoint(msgspec.Struct, frozen=True):
    """A service that speaks the protocol.

    `name` is short ("bigmodel") or the URL itself; `url` is the base that the paths
    are appended to; `currency` what it bills in (None: not priced); `plan` whether a
    subscription pays for the calls; `serves` the service that a URL speaks for, whose
    models and list prices it has ("": its own).
    """

    name: str
    url: str
    currency: str | None = None
    plan: bool = False
    serves: str = ""

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
#: The services that a gateway may speak for.
SERVED = ("bigmodel", "zai")

#: The local platform; its URL is known only once it runs.
LOCAL = Endpoint("local", "", "CNY")

#: Free models, so that nobody is billed for a first try.
_FREE = {"zai": "glm-4.7-flash", "zai-coding": "glm-4.7-flash"}
_FREE_ELSEWHERE = "glm-4-flash-250414"

#: Paths of single operations: a base URL that was copied with one loses it.
_OPERATIONS = ("/chat/completions", "/completions", "/embeddings", "/models")
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[\w.-]+)(:\d{1,5})?(/.*)?", re.ASCII)


def endpoint_of(name: str, serves: str | None = None) -> Endpoint:
    """Return the endpoint of a name or a URL; ConfigError for anything else.

    `serves` names the service that a URL speaks for; without it, GLMKIT_SERVES does,
    for the URL of GLMKIT_ENDPOINT alone where that is set.

    >>> endpoint_of("bigmodel").currency
    'CNY'
    >>> endpoint_of("http://127.0.0.1:8000/v1/chat/completions").url
    'http://127.0.0.1:8000/v1'
    >>> endpoint_of("http://127.0.0.1:8000/v1", serves="zai").currency
    'USD'
    """
    name = name.strip()
    found = LOCAL if name == "local" else SERVICES.get(name) or _known(_base(name))
    custom = found is not LOCAL and found.name not in SERVICES
    if serves is not None and not custom:
        raise ConfigError(
            _("serves= is for the URL of a gateway, not for {name}", name=found.name),
            hint=_("Leave serves= out, or pass the gateway's URL as endpoint=."),
        )
    spoken_for = serves or (_served_by_setting(found) if custom else "")
    if not spoken_for:
        return found
    if spoken_for not in SERVED:
        raise ConfigError(
            _("a gateway cannot serve {name}", name=repr(spoken_for)),
            hint=_("Use {names}.", names=" or ".join(map(repr, SERVED))),
        )
    currency = SERVICES[spoken_for].currency
    return msgspec.structs.replace(found, currency=currency, serves=spoken_for)


def _served_by_setting(endpoint: Endpoint) -> str:
    """Return GLMKIT_SERVES, where it is meant for this URL."""
    general = os.environ.get("GLMKIT_ENDPOINT", "").strip()
    own = not general or general in SERVICES or general == "local"
    if own or origin_of(_base(general)) == endpoint.origin:
        return os.environ.get("GLMKIT_SERVES", "").strip()
    return ""


def _base(name: str) -> str:
    """Return the base URL that a text names; ConfigError where it names none."""
    parts = _split(_with_scheme(name))
    if parts.username is not None:
        raise ConfigError(
            _("an endpoint's URL holds no user or password"),
            hint=_("Pass the key as api_key=, or set GLMKIT_API_KEY."),
        )
    if parts.query or parts.fragment:
        base = parts._replace(query="", fragment="").geturl()
        raise ConfigError(
            _("an endpoint's URL holds no query, and {url} does", url=repr(name)),
            hint=_("Use {url}.", url=repr(base)),
        )
    path = parts.path.rstrip("/")
    for operation in _OPERATIONS:
        path = path.removesuffix(operation)
    return parts._replace(path=path.rstrip("/")).geturl()


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and parts.hostname
        parts.port  # noqa: B018 - raises ValueError for what is not a port
    except ValueError:
        usable = None
    if usable:
        return parts
    shown = re.sub(r"//[^/@]*@", "//****@", url)
    raise ConfigError(
        _("unknown endpoint {name}", name=repr(shown)), hint=_likely(shown)
    )


def _with_scheme(name: str) -> str:
    """Return a URL; a host without http:// gets it where it is this machine's.

    >>> _with_scheme("localhost:8000/v1")
    'http://localhost:8000/v1'
    """
    found = None if "://" in name else _HOST.fullmatch(name)
    return f"http://{name}" if found and is_loopback(found[1].strip("[]")) else name


def _likely(name: str) -> str:
    """Return a hint with what was likely meant."""
    names = ["local", *SERVICES]
    if "://" not in name and (found := _HOST.fullmatch(name)):
        if found[2] or "." in found[1]:
            return _("Did you mean 'https://{name}' or 'http://{name}'?", name=name)
        if near := difflib.get_close_matches(name.lower(), names, 1):
            return _("Did you mean {name}?", name=repr(near[0]))
    return _("Use {names}, or a URL.", names=", ".join(map(repr, names)))


@lru_cache(maxsize=256)
def is_loopback(host: str) -> bool:
    """Return whether a host is this machine itself.

    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("example.org")
    (True, True, False)
    """
    host = host.lower().rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _known(url: str) -> Endpoint:
    """Return the service whose URL this is; else an endpoint without a price."""
    for service in SERVICES.values():
        if service.url == url:
            return service
    return Endpoint(url, url)


def likely_base(url: str) -> str:
    """Return the base URL that was likely meant where nothing is at this one; "".

    >>> likely_base("http://127.0.0.1:8000")
    'http://127.0.0.1:8000/v1'
    >>> likely_base("https://api.z.ai/v1")
    'https://api.z.ai/api/paas/v4'
    """
    for service in SERVICES.values():
        if service.origin == origin_of(url) and service.url != url:
            return service.url
    return "" if urlsplit(url).path.strip("/") else f"{url.rstrip('/')}/v1"


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
    service = endpoint.serves or endpoint.name
    return os.environ.get("GLMKIT_MODEL") or _FREE.get(service, _FREE_ELSEWHERE)


def data_dir() -> Path:
    """Return the folder of ledger and weights (GLMKIT_DATA_DIR moves it).

    ConfigError where it is not set and this user has no home folder.
    """
    return _folder("GLMKIT_DATA_DIR", "user_data_path")


def state_dir() -> Path:
    """Return the folder of locks and running servers (GLMKIT_STATE_DIR moves it).

    ConfigError where it is not set and this user has no home folder.
    """
    return _folder("GLMKIT_STATE_DIR", "user_state_path")


def _folder(variable: str, kind: str) -> Path:
    named = os.environ.get(variable)
    try:
        if named:
            return Path(named).expanduser()
        import platformdirs

        path: Path = getattr(platformdirs, kind)("glmkit", appauthor=False)
    except RuntimeError:  # of pathlib: "~" stands for nothing here
        path = Path("~")
    if path.parts[:1] == ("~",):
        raise ConfigError(
            _("this user has no home folder, and {name} is not set", name=variable),
            hint=_("Set {name} to a folder that can be written to.", name=variable),
        )
    return path


def folder_fault(folder: Path) -> str:
    """Make a folder and a file in it, for a moment; return why not, "" if it works."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return ""
    except OSError as exc:
        return exc.strerror or str(exc)
