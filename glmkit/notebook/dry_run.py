"""A dry run: what would be sent, how long it is, and what it could cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from glmkit import render
from glmkit.catalog import cards, prices, tokens
from glmkit.config.privacy import private
from glmkit.ledger.default import ledger
from glmkit.notebook import surfaces
from glmkit.render.page import code, table
from glmkit.transport import background_loop
from glmkit.types.events import Usage
from glmkit.types.messages import Message, Request, TextPart
from glmkit.types.translation import _

if TYPE_CHECKING:
    from glmkit.notebook.question import Prepared

#: One message: its role, and its text as a block.
_HTML = '<h5 class="jp-toc-ignore">{}</h5><div class="glmkit-plain">{}</div>'
#: Characters of one message that are shown.
_LONGEST = 20_000


def show(prepared: Prepared, notes: tuple[str, ...] = ()) -> None:
    """Show the rendered messages, and what a call would take; send nothing."""
    request = prepared.request()
    prepared.client.check(request)
    facts = _facts(prepared, request, notes)
    messages = _summarized(prepared) if private() else _messages(request)
    said = [_HTML.format(who, code(text)) for who, text in messages]
    html = "".join([table(("", "Nothing was sent."), facts), *said])
    lines = ["Nothing was sent.", *(f"{name:9}{what}" for name, what in facts)]
    told = ["\n".join(lines), *(f"--- {who} ---\n{text}" for who, text in messages)]
    shown = {
        "text/plain": render.plain("\n\n".join(told)),
        "text/html": render.static(render.page(html)),
    }
    surfaces.show(shown)


def _facts(
    prepared: Prepared, request: Request, notes: tuple[str, ...]
) -> list[tuple[str, str]]:
    estimate = tokens.estimate_request(request)
    return [
        ("to", f"{prepared.client.access.endpoint.name}, model {prepared.model}"),
        ("leaves", "; ".join(("what stands below", *prepared.sent))),
        *_stand_in(estimate, prepared),
        ("tokens", _tokens(estimate, prepared.model)),
        ("cost", _cost(estimate, request, prepared)),
        ("limit", _limit(prepared)),
        *(("note", note) for note in notes),
    ]


def _messages(request: Request) -> list[tuple[str, str]]:
    said = [(str(message.role), _content(message)) for message in request.messages]
    form = request.response_format
    if form is None or form.json_schema is None:
        return said
    # The service reads it in the system's part; here it stands apart.
    schema = msgspec.json.encode(form.json_schema.get("schema", {})).decode()
    return [*said, ("schema of the answer", _cut(schema))]


def _summarized(prepared: Prepared) -> list[tuple[str, str]]:
    """Return the prompt as it was typed, with sizes: this output may be saved."""
    typed = prepared.typed
    lines = [*typed.attached, typed.prompt] if typed else []
    note = _("GLMKIT_PRIVACY is set: sizes and hashes stand for what is put in.")
    return [("user", "\n".join(lines)), ("note", note)]


def _tokens(estimate: tokens.Estimate, model: str) -> str:
    text = f"about {estimate.tokens:,} in ({estimate.low:,} to {estimate.high:,})"
    card = cards.card(model)
    if card is not None and card.context_window:
        share = estimate.tokens / card.context_window
        text += f", {share:.1%} of the window of {card.context_window:,}"
    return text


def _stand_in(estimate: tokens.Estimate, prepared: Prepared) -> list[tuple[str, str]]:
    """Return who answers in GLM's place, and whether the prompt fits its window."""
    stand_in = prepared.client.service.stand_in()
    if stand_in is None:
        return []
    model, window = stand_in
    if estimate.low >= window:
        fits = _("the prompt does not fit")
    else:
        fits = _("the prompt fits") if estimate.high < window else _("it may not fit")
    return [
        (
            _("answers"),
            _("{model}, in GLM's place; window of {window:,} tokens: {fits}",
              model=model, window=window, fits=fits),
        )
    ]  # fmt: skip


def _cost(estimate: tokens.Estimate, request: Request, prepared: Prepared) -> str:
    """Return what is owed for the shortest to the longest answer, and list price."""
    endpoint, card = prepared.client.access.endpoint, cards.card(prepared.model)
    currency = endpoint.currency or "CNY"
    listed = _listed(estimate, request, card, currency)
    if prepared.client.service.local:
        return _with_list(_("nothing: the stand-in answers"), listed)
    if endpoint.plan:
        return _with_list(_("nothing: the plan pays"), listed)
    if endpoint.currency is None:
        return _with_list(_("not known: this endpoint has no prices"), listed)
    return listed or _("not known: the model has no price in {currency}",
                       currency=currency)  # fmt: skip


def _with_list(owed: str, listed: str) -> str:
    return _("{owed}; list price {listed}", owed=owed, listed=listed or _("not known"))


def _listed(
    estimate: tokens.Estimate, request: Request, card: cards.Card | None, currency: str
) -> str:
    """Return the range of the card's price, "" where it has none."""
    most = request.max_tokens or (card.cap if card else None)
    if card is None or most is None:
        return ""
    low = prices.cost(card, Usage(estimate.low, 1), currency)
    high = prices.cost(card, Usage(estimate.high, most), currency)
    if low is None or high is None:
        return ""
    return _("{low} to {high} (an answer of 1 to {most:,} tokens)", low=low, high=high,
             most=most)  # fmt: skip


def _limit(prepared: Prepared) -> str:
    service = prepared.client.service
    right = service.right(prepared.model)
    if right.known:
        return f"{right.most} requests in flight"
    learned = background_loop.run(
        ledger().right(service.owner, service.family(prepared.model))
    )
    if learned is not None:
        return f"{learned} requests in flight, as learned from the service"
    return f"not known yet: begins with {right.most} requests in flight"


def _content(message: Message) -> str:
    content = message.content
    if not isinstance(content, tuple):
        return _cut(content or "")
    return "\n".join(
        _cut(part.text) if isinstance(part, TextPart) else f"[{_kind(part)}]"
        for part in content
    )


def _kind(part: Any) -> str:
    url = getattr(getattr(part, "image_url", None), "url", "")
    size = f", {len(url) * 3 // 4 / 1000:,.0f} kB" if url else ""
    return type(part).__name__.removesuffix("Part").lower() + size


def _cut(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_LONGEST]}… ({len(text) - _LONGEST:,} characters more)"
