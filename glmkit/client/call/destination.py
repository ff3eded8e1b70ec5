"""Service: where calls go, with which key, and how many at a time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from typing import Any

from glmkit.catalog import cards, tiers
from glmkit.catalog.cards import Card
from glmkit.config.endpoints import LOCAL, SERVICES, likely_base, origin_of
from glmkit.config.keys import Access
from glmkit.transport.http import Sent
from glmkit.transport.limiter import Right
from glmkit.types.errors import APIError, ConfigError, GLMError, TransportError
from glmkit.types.translation import _

#: Seconds from one look at a local platform that starts to the next.
_NOTICE_S = 0.2


class Service:
    """An endpoint as a client uses it: its key, its time-out, its rights.

    `retry_uncertain` sends a request again also where the service may have done it.
    """

    def __init__(
        self,
        access: Access,
        timeout_s: float,
        in_flight: int | None,
        *,
        retry_uncertain: bool = False,
    ) -> None:
        if in_flight is not None and in_flight < 1:
            raise ConfigError(
                _("in_flight cannot be {number}", number=in_flight),
                hint=_("Use 1 or more, or None for the number on the model's card."),
            )
        if not isinstance(timeout_s, int | float) or not timeout_s > 0:
            raise ConfigError(
                _("timeout_s cannot be {value}", value=repr(timeout_s)),
                hint=_("Pass the seconds to wait for the service, such as 300."),
            )
        self.endpoint = access.endpoint
        self.timeout_s = timeout_s
        self.retry_uncertain = retry_uncertain
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
    def starts(self) -> bool:
        """Whether the local platform answers, and has to be found or started."""
        return self.local and self._platform is None

    @property
    def custom(self) -> bool:
        """Whether the endpoint is a URL of the user's own."""
        return not self.local and self.endpoint.name not in SERVICES

    @property
    def native(self) -> bool:
        """Whether GLM's cards and dialect hold: its service, a stand-in, a gateway."""
        return not self.custom or bool(self.endpoint.serves)

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

        The client's own number, else the card's number for GLMKIT_TIER where the card
        holds, else a right that has to be learned. Raises ConfigError for a tier that
        does not exist.
        """
        return self.rights(model)[1]

    def rights(self, model: str) -> tuple[str, Right]:
        """Return the family of a model, and its right; see `family` and `right`."""
        card = cards.card(model)
        return card.id if card else model.lower(), self._right(card)

    def _right(self, card: Card | None) -> Right:
        if self._in_flight is not None:
            return Right(self._in_flight, known=True)
        if card and card.in_flight and self._tiered:
            number = card.in_flight.get(tiers.current())
            if number is not None:
                return Right(number, known=True)
        return Right()

    @property
    def _tiered(self) -> bool:
        """Whether the cards' rights by tier hold."""
        return "bigmodel" in {self.endpoint.name, self.endpoint.serves} or self.local

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the platform's token: another process finds its own."""
        return vars(self) | {"_platform": None}

    async def locate(self, notice: Callable[[str], None] | None = None) -> None:
        """Start the local platform, where it is the endpoint. Raises LocalError.

        `notice` gets a sentence about what takes time, on another thread.
        """
        if self.starts:
            from glmkit.local import launcher

            platform = await asyncio.to_thread(launcher.ensure, notice)
            self._platform = (platform.url, platform.key)

    async def starting(self) -> AsyncGenerator[str, None]:
        """Start the local platform, as `locate`; yield what takes time meanwhile."""
        if not self.starts:
            return
        notices: deque[str] = deque(maxlen=1)
        task = asyncio.ensure_future(self.locate(notices.append))
        try:
            while not (await asyncio.wait({task}, timeout=_NOTICE_S))[0]:
                if notices:
                    yield notices.pop()
            task.result()
        finally:
            task.cancel()

    def stand_in(self) -> tuple[str, int] | None:
        """Return who answers in GLM's place, and its window; None where GLM does."""
        if not self.local:
            return None
        from glmkit.local import launcher

        return launcher.stand_in()

    def forget(self) -> None:
        """Look for the local platform again: it may have stopped when idle."""
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

    def explain(self, fault: GLMError, path: str, sent: Sent | None) -> None:
        """Complete a fault's hint: the URL that is likely meant, the proxy between."""
        content_type = sent.content_type if sent else ""
        if not self.custom:
            return
        unread = isinstance(fault, APIError) and "json" not in content_type
        if sent and sent.proxy and unread:
            fault.hint += " " + _("The proxy {proxy} is on the way.", proxy=sent.proxy)
        match fault:
            case APIError(status=404) if "model" in str(fault).lower():
                fault.hint = _("`client.models()` lists the models of this server.")
            case APIError(status=404 | 405):
                fault.hint = self._misplaced(path)
            case TransportError() if content_type.startswith("text/html") and not (
                sent and sent.proxy  # whose own error says what to do
            ):
                fault.hint = self._misplaced(path)
            case _:
                pass

    def _misplaced(self, path: str) -> str:
        url, likely = self.target(path)[0], likely_base(self.endpoint.url)
        if likely:
            return _(
                "{url} was asked for, where nothing answers: try endpoint={base}.",
                url=url,
                base=repr(likely),
            )
        return _(
            "{url} was asked for, where nothing answers: check the endpoint's URL.",
            url=url,
        )


def _root(base: str) -> str:
    """Return the part before `/api/`: some paths are not under `/paas/v4`.

    >>> _root("https://open.bigmodel.cn/api/paas/v4")
    'https://open.bigmodel.cn'
    """
    before, found, _rest = base.rpartition("/api/")
    return before if found else origin_of(base)
