"""From what the file holds to wishes, or to everything that is wrong with it at once."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from cli.toml_lines import Path
from cli.validation import DEFAULTS, SUBSCRIPTION, Check, shown, suggestion
from ewspush.domain.desired import MAX_PER_MAILBOX, DesiredSubscription

_TOP: Final = ("subscription", "defaults")
_EXAMPLE: Final = 'write a line [[subscription]], and below it mailbox = "alice@example.com"'


@dataclass(frozen=True, slots=True)
class Fault:
    """An error, what it is about, and the other place (`like`) that the text says {line} of."""

    path: Path
    text: str
    value: str = ""
    like: Path = ()


@dataclass(slots=True)
class Reading:
    """What was found in a file so far; `identified` are those of which mailbox and name are known, by their place."""

    wishes: list[DesiredSubscription] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    identified: list[tuple[Path, DesiredSubscription]] = field(default_factory=list)


def read(document: Mapping[str, Any]) -> Reading:
    """Return the wishes of a parsed file, and its faults; where there are any, the wishes are not complete."""
    reading = Reading()
    _refuse_unknown(document, _TOP, (), "the file", reading)
    defaults = _defaults(document, reading)
    for number, table in enumerate(_tables(document, reading)):
        _subscription(("subscription", number), table, defaults, reading)
    _refuse_twins(reading)
    _refuse_crowds(reading)
    return reading


def _tables(document: Mapping[str, Any], reading: Reading) -> Sequence[Any]:
    tables = document.get("subscription", [])
    if not isinstance(tables, list):
        reading.faults.append(Fault(("subscription",), f"subscription takes two pairs of brackets: {_EXAMPLE}"))
        return []
    if not tables:
        end = "to end all subscriptions, retire them (ews-push retire)"
        reading.faults.append(Fault((), f"there is no subscription in the file; {_EXAMPLE}; {end}"))
    return tables


def _defaults(document: Mapping[str, Any], reading: Reading) -> dict[str, Any]:
    table = document.get("defaults", {})
    if isinstance(table, dict):
        return _fields(("defaults",), table, DEFAULTS, reading)
    reading.faults.append(Fault(("defaults",), "defaults must be a table: write a line [defaults]"))
    return {}


def _subscription(path: Path, table: object, defaults: dict[str, Any], reading: Reading) -> None:
    if not isinstance(table, dict):
        reading.faults.append(Fault(path, f"a subscription must be a table, not {shown(table)}: {_EXAMPLE}"))
        return
    faults_before = len(reading.faults)
    fields = defaults | _fields(path, table, SUBSCRIPTION, reading)
    if "mailbox" not in table:
        reading.faults.append(Fault(path, 'mailbox is missing; example: mailbox = "alice@example.com"'))
    if "mailbox" in fields and ("name" in fields or "name" not in table):
        reading.identified.append(
            (path, DesiredSubscription(**{key: fields[key] for key in ("mailbox", "name") if key in fields}))
        )
    if len(reading.faults) == faults_before:
        reading.wishes.append(DesiredSubscription(**fields))


def _fields(path: Path, table: Mapping[str, Any], checks: Mapping[str, Check], reading: Reading) -> dict[str, Any]:
    """Return the good values of a table under the names that `Wish` has for them."""
    _refuse_unknown(table, checks, path, "[defaults]" if checks is DEFAULTS else "[[subscription]]", reading)
    fields = {}
    for key, check in checks.items():
        if key not in table:
            continue
        complaints = list(check.complaints(table[key]))
        reading.faults += [Fault((*path, key), complaint.text, complaint.value) for complaint in complaints]
        if not complaints:
            fields[check.field] = check.taken(table[key])
    return fields


def _refuse_unknown(
    table: Mapping[str, Any], known: Mapping[str, Any] | Sequence[str], path: Path, where: str, reading: Reading
) -> None:
    for key in table:
        if key not in known:
            text = f"key {shown(key)} is not known{suggestion(key, known)} {where} takes {', '.join(known)}"
            reading.faults.append(Fault((*path, key), text))


def _refuse_twins(reading: Reading) -> None:
    """Mailbox and name are what tells one subscription from another; letters may be small or large."""
    first: dict[str, Path] = {}
    for path, wish in reading.identified:
        if wish.subscription in first:
            text = f"{wish.mailbox} has a subscription named {shown(wish.name)} already, in line {{line}}; "
            text += 'give each a name of its own; example: name = "calendar"'
            reading.faults.append(Fault(path, text, like=first[wish.subscription]))
        first.setdefault(wish.subscription, path)


def _refuse_crowds(reading: Reading) -> None:
    mailboxes: defaultdict[str, list[Path]] = defaultdict(list)
    for path, wish in reading.identified:
        mailboxes[wish.mailbox.lower()].append(path)
        if len(mailboxes[wish.mailbox.lower()]) > MAX_PER_MAILBOX:
            text = f"{wish.mailbox} has more than {MAX_PER_MAILBOX} subscriptions, the first in line {{line}}; "
            text += f"mail servers allow {MAX_PER_MAILBOX} a mailbox: let one subscription take several folders; "
            text += 'example: folders = ["inbox", "calendar"]'
            reading.faults.append(Fault(path, text, like=mailboxes[wish.mailbox.lower()][0]))
