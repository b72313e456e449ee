"""The rules that subscriptions.toml must follow, and the message for each violation."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from cli.ews_names import ALL_FOLDERS, EVENT_TYPE_NAMES, parse_event_type, parse_folder
from cli.toml_lines import Path
from ewspush.domain.desired import (
    MAX_PER_MAILBOX,
    MAX_STATUS_FREQUENCY_MINUTES,
    MIN_STATUS_FREQUENCY_MINUTES,
    DesiredSubscription,
)
from ewspush.protocol.soap import DISTINGUISHED_FOLDERS
from infra.did_you_mean import closest

_ADDRESS: Final = re.compile(r"""[^@\s<>,;"]+@[^@\s<>,;".]+(\.[^@\s<>,;".]+)+""")
_MAX_ADDRESS_CHARACTERS: Final = 254
"""RFC 5321, section 4.5.3.1.3, without the angle brackets."""
_MAX_NAME_CHARACTERS: Final = 64
_MAX_QUOTED_CHARACTERS: Final = 60

_FOLDERS: Final = (
    'folders are "all", or a list of names (inbox, calendar, sentitems …: docs/subscriptions.md has all of them) '
    'and folder ids; example: folders = ["inbox", "calendar"]'
)
_EVENT_TYPES: Final = f'event types are {", ".join(EVENT_TYPE_NAMES)}; example: event_types = ["new_mail", "created"]'


@dataclass(frozen=True, slots=True)
class Problem:
    """One error in the file.

    `path` is the key or table with the error, `value` the string of a list that is wrong, and `other` a second table,
    whose line takes the place of {line} in the text.
    """

    text: str
    path: Path = ()
    value: str = ""
    other: Path = ()


def quoted(value: object) -> str:
    """Return a value of the file as JSON, cut to a readable length."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _MAX_QUOTED_CHARACTERS else text[: _MAX_QUOTED_CHARACTERS - 1] + "…"


def check_mailbox(value: object) -> Iterator[Problem]:
    """Yield a problem if `value` is no e-mail address."""
    if not isinstance(value, str) or not value.isprintable() or not _ADDRESS.fullmatch(value):
        yield Problem(f'mailbox must be an address, not {quoted(value)}; example: mailbox = "alice@example.com"')
    elif len(value) > _MAX_ADDRESS_CHARACTERS:
        yield Problem(f"mailbox must be an address of at most {_MAX_ADDRESS_CHARACTERS} characters")


def check_name(value: object) -> Iterator[Problem]:
    """Yield a problem if `value` can't be the name of a subscription."""
    is_valid = isinstance(value, str) and value.isprintable() and 0 < len(value) <= _MAX_NAME_CHARACTERS
    if not is_valid or value != str(value).strip():
        expected = f"1 to {_MAX_NAME_CHARACTERS} characters without leading or trailing blanks"
        yield Problem(f'name must be {expected}, not {quoted(value)}; example: name = "calendar"')


def check_status_frequency(value: object) -> Iterator[Problem]:
    """Yield a problem if `value` is no StatusFrequency in minutes."""
    low, high = MIN_STATUS_FREQUENCY_MINUTES, MAX_STATUS_FREQUENCY_MINUTES
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        expected = f"a whole number of minutes from {low} to {high}"
        yield Problem(f"status_frequency must be {expected}, not {quoted(value)}; example: status_frequency = 15")


def check_folders(value: object) -> Iterator[Problem]:
    """Yield the problems of `value`, which should be "all" or a list of folders."""
    if value == ALL_FOLDERS:
        return
    if not isinstance(value, list):
        yield Problem(f"folders must be a list, not {quoted(value)}; {_FOLDERS}")
        return
    if not value:
        yield Problem(f'folders is empty; for all folders write folders = "all"; {_FOLDERS}')
    for word in value:
        if word == ALL_FOLDERS:
            yield Problem('"all" is not allowed in a list; for all folders write folders = "all"', value="all")
        elif not isinstance(word, str):
            yield Problem(f"folder {quoted(word)} is not a string; {_FOLDERS}")
        elif parse_folder(word) is None:
            hint = _suggestion(word, DISTINGUISHED_FOLDERS)
            yield Problem(f"folder {quoted(word)} is neither a name nor an id{hint} {_FOLDERS}", value=word)


def check_event_types(value: object) -> Iterator[Problem]:
    """Yield the problems of `value`, which should be a list of event types."""
    if not isinstance(value, list):
        yield Problem(f"event_types must be a list, not {quoted(value)}; {_EVENT_TYPES}")
        return
    if not value:
        yield Problem(f"event_types is empty; leave the key out for the default event types; {_EVENT_TYPES}")
    for word in value:
        if not isinstance(word, str):
            yield Problem(f"event type {quoted(word)} is not a string; {_EVENT_TYPES}")
        elif parse_event_type(word) is None:
            hint = _suggestion(word, [*EVENT_TYPE_NAMES, *EVENT_TYPE_NAMES.values()])
            yield Problem(f"event type {quoted(word)} is not known{hint} {_EVENT_TYPES}", value=word)


def check_keys(table: Iterable[str], known: Iterable[str], path: Path, where: str) -> Iterator[Problem]:
    """Yield a problem for each key of the table at `path` that is not known."""
    for key in table:
        if key not in known:
            text = f"key {quoted(key)} is not known{_suggestion(key, known)} {where} takes {', '.join(known)}"
            yield Problem(text, (*path, key))


def check_duplicates(identified: Sequence[tuple[Path, DesiredSubscription]]) -> Iterator[Problem]:
    """Yield a problem for each subscription whose mailbox, in letters of any case, and name are those of another."""
    first: dict[str, Path] = {}
    for path, desired in identified:
        key = desired.key
        if key in first:
            text = f"{desired.mailbox} already has a subscription named {quoted(desired.name)}, in line {{line}}; "
            text += 'give each a name of its own; example: name = "calendar"'
            yield Problem(text, path, other=first[key])
        first.setdefault(key, path)


def check_number_per_mailbox(identified: Sequence[tuple[Path, DesiredSubscription]]) -> Iterator[Problem]:
    """Yield a problem for each subscription beyond the limit of its mailbox."""
    paths: defaultdict[str, list[Path]] = defaultdict(list)
    for path, desired in identified:
        of_mailbox = paths[desired.mailbox.lower()]
        of_mailbox.append(path)
        if len(of_mailbox) > MAX_PER_MAILBOX:
            text = f"{desired.mailbox} has more than {MAX_PER_MAILBOX} subscriptions, the first in line {{line}}; "
            text += f"at most {MAX_PER_MAILBOX} per mailbox are allowed: combine several folders in one subscription; "
            text += 'example: folders = ["inbox", "calendar"]'
            yield Problem(text, path, other=of_mailbox[0])


def _suggestion(word: str, known: Iterable[str]) -> str:
    close = closest(word, known)
    return f"; did you mean {quoted(close)}?" if close else ";"
