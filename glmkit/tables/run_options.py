"""What a verb takes beside the options of a chat, and what it is checked for."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from glmkit.client import default
from glmkit.client.clients import Client
from glmkit.ledger.views.budgets import money_of
from glmkit.tables.verbs import Verb
from glmkit.types.errors import ConfigError
from glmkit.types.messages import Request, canonical_key
from glmkit.types.money import Money
from glmkit.types.options import Options
from glmkit.types.translation import _


class RunOptions(Options, total=False):
    """What every verb takes beside the options of a chat.

    `client` asks (None: the default one); `fresh` asks again what was answered before;
    `retry` "uncertain" asks again what may have been billed; `budget` is the most that
    the run may cost, as text ("5 CNY") or Money; `hide` lists what is replaced by
    pseudonyms before a prompt leaves: "phone", "id", "email", a column's name, a
    compiled pattern, a list of texts. `run` False returns the plan.
    """

    client: Client | None
    fresh: bool
    retry: Literal["uncertain"] | None
    budget: str | Money | None
    hide: Sequence[Any]


def client_of(client: Client | None) -> Client:
    """Return the client that asks. Raises ConfigError for what is not one."""
    if client is None:
        return default.client()
    if isinstance(client, Client):
        return client
    raise ConfigError(
        _("client= cannot be a {kind}", kind=type(client).__name__),
        hint=_("Pass a glmkit.Client, or leave it out for the default one."),
    )


def checked_request(client: Client, options: Mapping[str, Any]) -> Request:
    """Return a request with these options; ConfigError where no row could be asked."""
    request, _form = client.request("-", options)
    client.exchange(request, stream=False)
    if any(tool["type"] == "function" for tool in request.tools or ()):
        raise ConfigError(
            _("the rows of a table run no tools"),
            hint=_("Leave tools= out, or ask row by row with client.chat."),
        )
    return request


def run_id(verb: Verb, template: str, client: Client, request: Request) -> str:
    """Return the id of a run: what is asked, of which model, where.

    `request` holds the options of every row.
    """
    what = (verb.name, template, client.model, client.access.endpoint.name)
    text = msgspec.json.encode((*what, canonical_key(request)))
    return hashlib.sha256(text).hexdigest()[:16]


def budget_of(value: str | Money | None) -> Money | None:
    """Return the most that a run may cost. Raises ConfigError."""
    if value is None or isinstance(value, Money):
        return value
    amount, _blank, currency = str(value).strip().partition(" ")
    return money_of(amount, currency.strip() or "CNY")
