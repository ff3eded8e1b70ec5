"""Messages for the user, in one place where a translation can step in."""

from __future__ import annotations


def _(message: str, **fields: object) -> str:
    """Return a message for the user with its named fields filled in.

    >>> _("{name} is not a setting", name="colour")
    'colour is not a setting'
    """
    return message.format(**fields) if fields else message
