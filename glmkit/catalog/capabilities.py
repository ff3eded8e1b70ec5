"""Check a request against a model's card: media, length, thinking, ids and roles.

Limits are those of the service's documentation. What a card does not state passes.
"""

from __future__ import annotations

from glmkit.catalog.alternatives import check_method, withdrawn
from glmkit.catalog.cards import Card
from glmkit.types.errors import ConfigError, OptionWarning
from glmkit.types.messages import (
    AudioPart,
    FilePart,
    ImagePart,
    Message,
    Part,
    Request,
    VideoPart,
)
from glmkit.types.options import OPTION
from glmkit.types.plain_text import warn
from glmkit.types.translation import _

_KINDS: dict[type[Part], str] = {
    ImagePart: "image",
    VideoPart: "video",
    FilePart: "file",
    AudioPart: "audio",
}
_ABLE = {
    "image": _("Use glm-4.6v-flash, which is free and takes pictures."),
    "video": _("Use glm-4.6v-flash, which is free and takes videos."),
    "file": _("Use glm-4.6v-flash, which is free and takes files."),
    "audio": _("Use glm-4-voice, which takes sounds."),
}
#: Most pictures in a request, by the beginning of the model's id; first match wins.
_MOST_IMAGES = {
    "glm-4v-flash": 1,
    "glm-4v-plus": 5,
    "glm-5v-turbo": 50,
    "glm-4.6v": 50,
    "glm-4.5v": 50,
    "glm-5.3-flash": 50,
}
_MOST_FILES = 50
#: Texts at which one answer may stop; the service itself says so.
MOST_STOPS = 4
#: Models that take an effort of thinking, and the efforts they take.
_EFFORTS = {
    "glm-5.3": ("low", "high", "max"),
    "glm-5.2": ("none", "minimal", "low", "medium", "high", "xhigh", "max"),
}


_USER_ID = range(6, 129)
#: The fields of `meta`; a model that plays a role needs all of them.
_ROLES = ("user_info", "bot_info", "bot_name", "user_name")


def streams_only(card: Card) -> bool:
    """Return whether the service refuses whole replies of a model."""
    return card.id == "glm-4-alltools"


def efforts(card: Card) -> tuple[str, ...]:
    """Return the values of `thinking` that a model takes; () if it does not think.

    >>> from glmkit.catalog.cards import card
    >>> efforts(card("glm-5.3")), efforts(card("glm-4.6")), efforts(card("glm-4-plus"))
    (('on', 'low', 'high', 'max'), ('on', 'off'), ())
    """
    if "thinking" not in card.features:
        return ()
    switch = ("on",) if card.thinking == "forced" else ("on", "off")
    return (*switch, *_named(card))


def check(request: Request, card: Card, *, stand_in: bool = False) -> None:
    """Raise ConfigError for what the model refuses; warn of what it ignores.

    `stand_in`: the local platform answers, which thinks where it is asked to.
    """
    check_method("chat", card)
    if card.status == "retired" and not stand_in:
        _warn(withdrawn(card))
    _check_ids(request)
    _check_numbers(request)
    _check_length(request, card)
    _check_roles(request, card)
    _check_media(request.messages, card)
    _check_thinking(request, card, stand_in)


def _check_numbers(request: Request) -> None:
    """Refuse what no model of the service takes: a number out of range, many stops."""
    for name in ("temperature", "top_p"):
        value, option = getattr(request, name), OPTION[name]
        low, high = option.low or 0, option.high or 0
        if value is not None and not low <= value <= high:
            raise ConfigError(
                _("{name} cannot be {value}", name=name, value=value),
                hint=_(
                    "Use {name} from {low:g} to {high:g}.",
                    name=name,
                    low=low,
                    high=high,
                ),
            )
    if len(request.stop or ()) > MOST_STOPS:
        raise ConfigError(
            _("stop has {count} texts", count=len(request.stop or ())),
            hint=_("Use {most} texts at most.", most=MOST_STOPS),
        )


def _check_length(request: Request, card: Card) -> None:
    """Refuse a `max_tokens` above what the service is known to enforce."""
    most, asked = card.max_output_enforced, request.max_tokens
    if most is not None and asked is not None and asked > most:
        raise ConfigError(
            _(
                "{model} writes at most {most} tokens, and max_tokens is {asked}",
                model=card.id,
                most=f"{most:,}",
                asked=f"{asked:,}",
            ),
            hint=_("Use max_tokens={most} or less, or leave it out.", most=most),
        )


def _check_ids(request: Request) -> None:
    user, own = request.user_id, request.request_id
    if user is not None and len(user) not in _USER_ID:
        raise ConfigError(
            _("a user_id has 6 to 128 characters, not {count}", count=len(user)),
            hint=_("Use a name of that length, or leave user_id out."),
        )
    if own is not None and not own.strip():
        raise ConfigError(
            _("the request_id is empty"),
            hint=_("Use a new id for each request, or leave request_id out."),
        )


def _check_roles(request: Request, card: Card) -> None:
    if request.meta is None:
        return
    if card.kind != "character":
        _warn(_("{model} does not play roles: `meta` is ignored", model=card.id))
    elif missing := [name for name in _ROLES if not request.meta.get(name)]:
        raise ConfigError(
            _("meta lacks {names}", names=", ".join(missing)),
            hint=_("A role needs all of {names}.", names=", ".join(_ROLES)),
        )


def _check_media(messages: tuple[Message, ...], card: Card) -> None:
    parts = [part for message in messages for part in _media(message)]
    kinds = [_KINDS[type(part)] for part in parts]
    for kind in kinds:
        if kind not in card.input_modalities:
            raise ConfigError(
                _("{model} does not take {kind} parts", model=card.id, kind=kind),
                hint=_ABLE[kind],
            )
    for begin, most in _MOST_IMAGES.items():
        if card.id.startswith(begin):
            _check_count(card, "images", kinds.count("image"), most)
            break
    _check_count(card, "files", kinds.count("file"), _MOST_FILES)
    if "file" in kinds and {"image", "video"} & set(kinds):
        raise ConfigError(
            _("files cannot be sent together with images or videos"),
            hint=_("Send them in two requests."),
        )
    if card.id == "glm-4v-flash" and any(
        isinstance(part, ImagePart) and part.image_url.url.startswith("data:")
        for part in parts
    ):
        raise ConfigError(
            _("glm-4v-flash takes pictures by URL only"), hint=_ABLE["image"]
        )
    if card.id.startswith("glm-4v-plus"):
        _check_video_first(messages, card)


def _media(message: Message) -> list[Part]:
    content = message.content
    parts = content if isinstance(content, tuple) else ()
    return [part for part in parts if type(part) in _KINDS]


def _check_count(card: Card, what: str, count: int, most: int) -> None:
    if count > most:
        raise ConfigError(
            _(
                "{model} takes at most {most} {what}, not {count}",
                model=card.id,
                most=most,
                what=what,
                count=count,
            ),
            hint=_("Send them in several requests."),
        )


def _check_video_first(messages: tuple[Message, ...], card: Card) -> None:
    for message in messages:
        parts = message.content if isinstance(message.content, tuple) else ()
        if any(isinstance(part, VideoPart) for part in parts[1:]):
            raise ConfigError(
                _("{model} takes a video only as the first part", model=card.id),
                hint=_("Put the video before the text."),
            )


def _check_thinking(request: Request, card: Card, stand_in: bool) -> None:
    switch, effort = request.thinking, request.reasoning_effort
    off = switch is not None and switch.type == "disabled"
    if card.thinking == "forced" and off:
        raise ConfigError(
            _("{model} always thinks", model=card.id),
            hint=_("Use thinking='low', or a model whose thinking can be off."),
        )
    named = _named(card)
    if named and effort is not None and effort not in named:
        raise ConfigError(
            _(
                "{model} does not take the effort {effort}",
                model=card.id,
                effort=repr(effort),
            ),
            hint=_("Use {efforts}.", efforts=", ".join(named)),
        )
    if stand_in or off or (switch is None and effort is None):
        return
    if "thinking" not in card.features:
        _warn(_("{model} does not think: `thinking` is ignored", model=card.id))
    elif effort is not None and not named:
        _warn(
            _(
                "{model} thinks, but takes no effort: {effort} is ignored",
                model=card.id,
                effort=repr(effort),
            )
        )


def _named(card: Card) -> tuple[str, ...]:
    """Return the efforts of thinking that a model takes."""
    return next(
        (taken for begin, taken in _EFFORTS.items() if card.id.startswith(begin)), ()
    )


def _warn(message: str) -> None:
    warn(message, OptionWarning, stacklevel=2)
