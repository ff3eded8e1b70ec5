"""One HTTP exchange: a request, its status, its bytes. The only door to the network.

aiohttp carries, by the ways that httpx knows; one client for each running loop, because
an aiohttp session belongs to its loop. No redirects, no cookies.
"""

from glmkit.transport.http.connections import close
from glmkit.transport.http.sending import Sent

__all__ = ["Sent", "close"]
