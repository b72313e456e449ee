"""Names of event types and folders: those of the file, and those of EWS."""

import re
from collections.abc import Iterable
from typing import Final

from ewspush.domain.desired import EVENT_TYPES
from ewspush.domain.events import KINDS
from ewspush.protocol.soap import DISTINGUISHED_FOLDERS
from infra.did_you_mean import closest

ALL_FOLDERS: Final = "all"

EVENT_TYPE_NAMES: Final = {ours.value: theirs for theirs, ours in KINDS.items()}
"""What follows `ews.mailbox.` in an event's type -> EWS's name."""

_FOLDER_ID: Final = re.compile(r"[A-Za-z0-9+/=_-]{20,}")
"""Opaque, in base64. Ids of Exchange and WorkMail are longer, and no folder has a name like that."""


def parse_event_type(word: str) -> str | None:
    """Return EWS's name of an event type; None for one that Subscribe does not take."""
    return word if word in EVENT_TYPES else EVENT_TYPE_NAMES.get(word)


def sort_event_types(event_types: Iterable[str]) -> tuple[str, ...]:
    """Return each of EWS's names once, in a fixed order, so that another order is no change."""
    given = set(event_types)
    return tuple(name for name in EVENT_TYPES if name in given)


def parse_folder(word: str) -> str | None:
    """Return a folder as EWS expects it, names in lower case; None for what is neither a name nor an id.

    A misspelt name can be as long as an id, but no id resembles a name.
    """
    if word.lower() in DISTINGUISHED_FOLDERS:
        return word.lower()
    return word if _FOLDER_ID.fullmatch(word) and not closest(word, DISTINGUISHED_FOLDERS) else None
