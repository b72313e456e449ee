"""What each key of the file may hold: complaints about a value, and the value as the rules want it."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from cli import ews_names
from ewspush.domain.desired import MAX_STATUS_FREQUENCY_MINUTES, MIN_STATUS_FREQUENCY_MINUTES
from ewspush.protocol.soap import DISTINGUISHED_FOLDERS

_ADDRESS: Final = re.compile(r"""[^@\s<>,;"]+@[^@\s<>,;".]+(\.[^@\s<>,;".]+)+""")
_MAX_ADDRESS_CHARACTERS: Final = 254
"""RFC 5321, section 4.5.3.1.3, without the angle brackets."""
_MAX_NAME_CHARACTERS: Final = 64
_SHOWN_CHARACTERS: Final = 60

_FOLDERS: Final = (
    'folders are "all", or a list of names (inbox, calendar, sentitems …: docs/subscriptions.md has all of them) '
    'and folder ids; example: folders = ["inbox", "calendar"]'
)
_EVENT_TYPES: Final = (
    f'event types are {", ".join(ews_names.EVENT_TYPE_NAMES)}; example: event_types = ["new_mail", "created"]'
)


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with a value, what is allowed, and an example. `value` is the one of a list that is meant."""

    text: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """A key of the file: the field of `Wish` that it becomes, what is wrong with a value, what a good one becomes."""

    field: str
    complaints: Callable[[object], Iterable[Complaint]]
    taken: Callable[[Any], Any]


def shown(value: object) -> str:
    """Return a value of the file in one line that is not too long."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return what to put behind an unknown word: nothing where it comes close to none."""
    close = ews_names.meant(word, known)
    return f"; did you mean {shown(close)}?" if close else ";"


def _mailbox(value: object) -> Iterator[Complaint]:
    if not isinstance(value, str) or not value.isprintable() or not _ADDRESS.fullmatch(value):
        yield Complaint(f'mailbox must be an address, not {shown(value)}; example: mailbox = "alice@example.com"')
    elif len(value) > _MAX_ADDRESS_CHARACTERS:
        yield Complaint(f"mailbox must be an address of at most {_MAX_ADDRESS_CHARACTERS} characters")


def _name(value: object) -> Iterator[Complaint]:
    good = isinstance(value, str) and value.isprintable() and 0 < len(value) <= _MAX_NAME_CHARACTERS
    if not good or value != str(value).strip():
        expected = f"1 to {_MAX_NAME_CHARACTERS} characters without blanks around them"
        yield Complaint(f'name must be {expected}, not {shown(value)}; example: name = "calendar"')


def _status_frequency(value: object) -> Iterator[Complaint]:
    low, high = MIN_STATUS_FREQUENCY_MINUTES, MAX_STATUS_FREQUENCY_MINUTES
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        expected = f"a whole number of minutes from {low} to {high}"
        yield Complaint(f"status_frequency must be {expected}, not {shown(value)}; example: status_frequency = 15")


def _folders(value: object) -> Iterator[Complaint]:
    if value == ews_names.ALL_FOLDERS:
        return
    if not isinstance(value, list):
        yield Complaint(f"folders must be a list, not {shown(value)}; {_FOLDERS}")
        return
    if not value:
        yield Complaint(f'folders is empty; for all folders write folders = "all"; {_FOLDERS}')
    for word in value:
        if word == ews_names.ALL_FOLDERS:
            yield Complaint('"all" is no folder of a list; for all folders write folders = "all"', "all")
        elif not isinstance(word, str):
            yield Complaint(f"folder {shown(word)} is no text; {_FOLDERS}")
        elif ews_names.folder(word) is None:
            hint = suggestion(word, DISTINGUISHED_FOLDERS)
            yield Complaint(f"folder {shown(word)} is neither a name nor an id{hint} {_FOLDERS}", word)


def _taken_folders(value: Any) -> tuple[str, ...]:  # noqa: ANN401  # a string or a list, by the check
    """Return names and ids, each once and sorted: another order is no change. Empty is all folders."""
    return () if value == ews_names.ALL_FOLDERS else tuple(sorted({ews_names.folder(word) or word for word in value}))


def _event_types(value: object) -> Iterator[Complaint]:
    if not isinstance(value, list):
        yield Complaint(f"event_types must be a list, not {shown(value)}; {_EVENT_TYPES}")
        return
    if not value:
        yield Complaint(f"event_types is empty; leave it out for the usual ones; {_EVENT_TYPES}")
    for word in value:
        if not isinstance(word, str):
            yield Complaint(f"event type {shown(word)} is no text; {_EVENT_TYPES}")
        elif ews_names.event_type(word) is None:
            hint = suggestion(word, [*ews_names.EVENT_TYPE_NAMES, *ews_names.EVENT_TYPE_NAMES.values()])
            yield Complaint(f"event type {shown(word)} is not known{hint} {_EVENT_TYPES}", word)


def _taken_event_types(value: list[str]) -> tuple[str, ...]:
    return ews_names.ordered(ews_names.event_type(word) or word for word in value)


DEFAULTS: Final = {
    "folders": Check("folders", _folders, _taken_folders),
    "event_types": Check("event_types", _event_types, _taken_event_types),
    "status_frequency": Check("status_frequency_minutes", _status_frequency, int),
}
"""What may stand in `[defaults]`."""

SUBSCRIPTION: Final = {"mailbox": Check("mailbox", _mailbox, str), "name": Check("name", _name, str), **DEFAULTS}
"""What may stand in `[[subscription]]`."""
