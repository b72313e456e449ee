"""The words of the file: event types by our names or by those of EWS, folders by EWS's names or by id."""

import difflib
import re
from collections.abc import Iterable
from typing import Final

from ewspush.domain.desired import EVENT_TYPES
from ewspush.domain.events import KINDS
from ewspush.protocol.soap import DISTINGUISHED_FOLDERS

ALL_FOLDERS: Final = "all"

EVENT_TYPE_NAMES: Final = {ours: theirs for theirs, ours in KINDS.items()}
"""As the consumer reads them after `ews.mailbox.`, and as the mail server calls them."""

_FOLDER_ID: Final = re.compile(r"[A-Za-z0-9+/=_-]{20,}")
"""Opaque, in base64; those of Exchange and WorkMail are longer still. No name of a folder looks like that."""


def event_type(word: str) -> str | None:
    """Return EWS's name of an event type, None for one that can't be subscribed to."""
    return word if word in EVENT_TYPES else EVENT_TYPE_NAMES.get(word)


def ordered(event_types: Iterable[str]) -> tuple[str, ...]:
    """Return EWS's names, each once and always in the same order: another order is no change."""
    given = set(event_types)
    return tuple(name for name in EVENT_TYPES if name in given)


def our_names(event_types: Iterable[str]) -> str:
    """Return event types for people."""
    return ", ".join(KINDS.get(name, name) for name in event_types)


def folder(word: str) -> str | None:
    """Return a folder as EWS wants it, in small letters where it is a name; None for what is neither name nor id.

    A misspelt name can be as long as an id. No id resembles a name.
    """
    if word.lower() in DISTINGUISHED_FOLDERS:
        return word.lower()
    return word if _FOLDER_ID.fullmatch(word) and not meant(word, DISTINGUISHED_FOLDERS) else None


def meant(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that `word` comes close to, if there is one."""
    by_small_letters = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.strip().lower(), by_small_letters, n=1, cutoff=0.75)
    return by_small_letters[close[0]] if close else None
