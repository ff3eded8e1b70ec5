"""Whether a model takes a request, by its card: media, thinking, ids and roles.

Limits are those of the service's documentation. What the card does not know passes.
"""

from __future__ import annotations

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
from glmkit.types.plain_text import warn

_KINDS: dict[type[Part], str] = {
    ImagePart: "image",
    VideoPart: "video",
    FilePart: "file",
    AudioPart: "audio",
}
_ABLE = {
    "image": "glm-4.6v-flash is free and sees pictures.",
    "video": "glm-4.6v-flash is free and sees videos.",
    "file": "glm-4.6v-flash is free and reads files.",
    "audio": "glm-4-voice hears.",
}
#: Pictures in one request, by the beginning of the model's id; the first match wins.
_MOST_IMAGES = {
    "glm-4v-flash": 1,
    "glm-4v-plus": 5,
    "glm-5v-turbo": 50,
    "glm-4.6v": 50,
    "glm-4.5v": 50,
    "glm-5.3-flash": 50,
}
_MOST_FILES = 50
#: Models that think as hard as they are told, and how hard.
_EFFORTS = {
    "glm-5.3": ("low", "high", "max"),
    "glm-5.2": ("none", "minimal", "low", "medium", "high", "xhigh", "max"),
}


#: What does not chat, and the verb that it is for.
_OTHERWISE = {
    "embedding": "client.embeddings(...)",
    "rerank": "client.rerank(...)",
    "image": "client.images.generate(...)",
    "video": "client.videos.submit(...)",
    "moderation": "client.moderate(...)",
}
_USER_ID = range(6, 129)
#: What a model that plays a role must be told of both, all of it.
_ROLES = ("user_info", "bot_info", "bot_name", "user_name")


def streams_only(card: Card) -> bool:
    """Whether a model answers in streams only: the service refuses whole replies."""
    return card.id == "glm-4-alltools"


def efforts(card: Card) -> tuple[str, ...]:
    """Return what `thinking` may be for a model; nothing for one that does not think.

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
    if card.kind in _OTHERWISE:
        raise ConfigError(f"{card.id} does not chat", hint=_OTHERWISE[card.kind])
    _check_ids(request)
    _check_roles(request, card)
    _check_media(request.messages, card)
    _check_thinking(request, card, stand_in)


def _check_ids(request: Request) -> None:
    user, own = request.user_id, request.request_id
    if user is not None and len(user) not in _USER_ID:
        raise ConfigError(
            f"a user_id has 6 to 128 characters, not {len(user)}",
            hint="Use a longer name, or leave user_id out.",
        )
    if own is not None and not own.strip():
        raise ConfigError(
            "the request_id is empty",
            hint="Give each request an id of its own, or leave request_id out.",
        )


def _check_roles(request: Request, card: Card) -> None:
    if request.meta is None:
        return
    if card.kind != "character":
        _warn(f"{card.id} plays no role: `meta` is ignored")
    elif missing := [name for name in _ROLES if not request.meta.get(name)]:
        raise ConfigError(
            f"meta lacks {', '.join(missing)}",
            hint=f"A role takes all of {', '.join(_ROLES)}.",
        )


def _check_media(messages: tuple[Message, ...], card: Card) -> None:
    parts = [part for message in messages for part in _media(message)]
    kinds = [_KINDS[type(part)] for part in parts]
    for kind in kinds:
        if kind not in card.input_modalities:
            raise ConfigError(f"{card.id} takes no {kind}", hint=_ABLE[kind])
    for begin, most in _MOST_IMAGES.items():
        if card.id.startswith(begin):
            _check_count(card, "images", kinds.count("image"), most)
            break
    _check_count(card, "files", kinds.count("file"), _MOST_FILES)
    if "file" in kinds and {"image", "video"} & set(kinds):
        raise ConfigError(
            "files do not go together with images or videos",
            hint="Ask about them in two requests.",
        )
    if card.id == "glm-4v-flash" and any(
        isinstance(part, ImagePart) and part.image_url.url.startswith("data:")
        for part in parts
    ):
        raise ConfigError(
            "glm-4v-flash takes pictures by URL only", hint=_ABLE["image"]
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
            f"{card.id} takes {most} {what} at most, not {count}",
            hint="Ask in several requests.",
        )


def _check_video_first(messages: tuple[Message, ...], card: Card) -> None:
    for message in messages:
        parts = message.content if isinstance(message.content, tuple) else ()
        if any(isinstance(part, VideoPart) for part in parts[1:]):
            raise ConfigError(
                f"{card.id} takes a video only as the first part",
                hint="Put the video before the text.",
            )


def _check_thinking(request: Request, card: Card, stand_in: bool) -> None:
    switch, effort = request.thinking, request.reasoning_effort
    off = switch is not None and switch.type == "disabled"
    if card.thinking == "forced" and off:
        raise ConfigError(
            f"{card.id} always thinks",
            hint="Use thinking='low', or a model that can do without.",
        )
    named = _named(card)
    if named and effort is not None and effort not in named:
        raise ConfigError(
            f"{card.id} can not think {effort!r}", hint=f"Use {', '.join(named)}."
        )
    if stand_in or off or (switch is None and effort is None):
        return
    if "thinking" not in card.features:
        _warn(f"{card.id} does not think: `thinking` is ignored")
    elif effort is not None and not named:
        _warn(f"{card.id} thinks, but takes no effort: {effort!r} is ignored")


def _named(card: Card) -> tuple[str, ...]:
    """Return how hard a model can be told to think."""
    return next(
        (taken for begin, taken in _EFFORTS.items() if card.id.startswith(begin)), ()
    )


def _warn(message: str) -> None:
    warn(message, OptionWarning, stacklevel=2)
