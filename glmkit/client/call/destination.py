"""Where calls go: the endpoint, its key, and the rights they have there."""

from __future__ import annotations

import asyncio
from typing import Any

from glmkit.catalog import cards, tiers
from glmkit.config.endpoints import LOCAL, SERVICES, origin_of
from glmkit.config.keys import Access
from glmkit.transport.limiter import Right
from glmkit.types.errors import ConfigError


class Service:
    """An endpoint as a client uses it."""

    def __init__(self, access: Access, timeout_s: float, in_flight: int | None) -> None:
        if in_flight is not None and in_flight < 1:
            raise ConfigError(
                f"in_flight can not be {in_flight}",
                hint="At least one request has to be in flight; None: by the card.",
            )
        if not isinstance(timeout_s, int | float) or not timeout_s > 0:
            raise ConfigError(
                f"timeout_s can not be {timeout_s!r}",
                hint="It is the seconds to wait for the service: 300, for instance.",
            )
        self.endpoint = access.endpoint
        self.timeout_s = timeout_s
        self._key = access.key
        self._in_flight = in_flight
        self._platform: tuple[str, str] | None = None
        owner = access.key.digest() if access.key else ""
        self.owner = f"{access.endpoint.name} {owner}"

    @property
    def local(self) -> bool:
        """Whether the local platform answers."""
        return self.endpoint == LOCAL

    @property
    def native(self) -> bool:
        """Whether it is GLM's own service, or the local platform in its place."""
        return self.local or self.endpoint.name in SERVICES

    @property
    def constrained(self) -> bool:
        """Whether it decodes by a JSON Schema: local, or a server that is not GLM's."""
        return self.local or not self.native

    def family(self, model: str) -> str:
        """Return the name under which a model's rights are counted."""
        card = cards.card(model)
        return card.id if card else model.lower()

    def right(self, model: str) -> Right:
        """Return how many requests may be in flight for a model.

        The client's own word, else the card's number for GLMKIT_TIER where the card
        holds, else a right that has to be learned. Raises ConfigError for a tier that
        does not exist.
        """
        if self._in_flight is not None:
            return Right(self._in_flight, known=True)
        card = cards.card(model)
        if card and card.in_flight and self.endpoint.name in {"local", "bigmodel"}:
            number = card.in_flight.get(tiers.current())
            if number is not None:
                return Right(number, known=True)
        return Right()

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the platform's token: another process finds its own."""
        return vars(self) | {"_platform": None}

    async def locate(self) -> None:
        """Have the local platform up, where it is the endpoint. Raises LocalError."""
        if self.local and self._platform is None:
            from glmkit.local import launcher

            platform = await asyncio.to_thread(launcher.ensure)
            self._platform = (platform.url, platform.key)

    def forget(self) -> None:
        """Look for the local platform anew: it may have stopped when idle."""
        self._platform = None

    def target(self, path: str) -> tuple[str, dict[str, str]]:
        """Return a path's URL and the headers to send there."""
        headers = {"accept-encoding": "identity"}
        if self._platform is not None:
            base, token = self._platform
            headers["authorization"] = f"Bearer {token}"
        else:
            base = self.endpoint.url
            if self._key is not None:
                headers["authorization"] = self._key.authorization()
        return _root(base) + path if path.startswith("/api/") else base + path, headers


def _root(base: str) -> str:
    """Return what stands before `/api/`: some paths do not lie under `/paas/v4`.

    >>> _root("https://open.bigmodel.cn/api/paas/v4")
    'https://open.bigmodel.cn'
    """
    before, found, _ = base.rpartition("/api/")
    return before if found else origin_of(base)
