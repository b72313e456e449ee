"""The parsed TOML document -> the desired subscriptions, or everything that is wrong with them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from cli import validation
from cli.ews_names import ALL_FOLDERS, parse_event_type, parse_folder, sort_event_types
from cli.toml_lines import Path
from cli.validation import Problem, quoted
from ewspush.domain.desired import DesiredSubscription

_TABLES: Final = ("subscription", "defaults")
_EXAMPLE: Final = 'write a line [[subscription]], and below it mailbox = "alice@example.com"'


@dataclass(frozen=True, slots=True)
class Key:
    """A key of the file: the field of `DesiredSubscription` that it sets, its validation and its conversion."""

    field: str
    check: Callable[[object], Iterable[Problem]]
    convert: Callable[[Any], Any]


def _convert_folders(value: Any) -> tuple[str, ...]:  # noqa: ANN401  # a string or a list, by its check
    """Return each folder once, sorted, so that another order is no change; empty means all folders."""
    return () if value == ALL_FOLDERS else tuple(sorted({parse_folder(word) or word for word in value}))


def _convert_event_types(value: list[str]) -> tuple[str, ...]:
    return sort_event_types(parse_event_type(word) or word for word in value)


DEFAULTS_KEYS: Final = {
    "folders": Key("folders", validation.check_folders, _convert_folders),
    "event_types": Key("event_types", validation.check_event_types, _convert_event_types),
    "status_frequency": Key("status_frequency_minutes", validation.check_status_frequency, int),
}
"""The keys of `[defaults]`."""

SUBSCRIPTION_KEYS: Final = {
    "mailbox": Key("mailbox", validation.check_mailbox, str),
    "name": Key("name", validation.check_name, str),
    **DEFAULTS_KEYS,
}
"""The keys of `[[subscription]]`."""


@dataclass(slots=True)
class ParsedDocument:
    """The desired subscriptions, complete only if there are no problems.

    `identified` holds those with a valid mailbox and name, even if other keys are wrong, by their paths.
    """

    desired: list[DesiredSubscription] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    identified: list[tuple[Path, DesiredSubscription]] = field(default_factory=list)


def parse(document: Mapping[str, Any]) -> ParsedDocument:
    """Return the desired subscriptions of a TOML document, and all of its problems."""
    parsed = ParsedDocument()
    parsed.problems += validation.check_keys(document, _TABLES, (), "the file")
    defaults = _parse_defaults(document, parsed)
    for number, table in enumerate(_subscription_tables(document, parsed)):
        _parse_subscription(("subscription", number), table, defaults, parsed)
    parsed.problems += validation.check_duplicates(parsed.identified)
    parsed.problems += validation.check_number_per_mailbox(parsed.identified)
    return parsed


def _subscription_tables(document: Mapping[str, Any], parsed: ParsedDocument) -> Sequence[Any]:
    tables = document.get("subscription", [])
    if not isinstance(tables, list):
        parsed.problems.append(Problem(f"subscription must have two pairs of brackets: {_EXAMPLE}", ("subscription",)))
        return []
    if not tables:
        end = "to end all subscriptions, use `ews-push retire`"
        parsed.problems.append(Problem(f"the file has no subscription; {_EXAMPLE}; {end}"))
    return tables


def _parse_defaults(document: Mapping[str, Any], parsed: ParsedDocument) -> dict[str, Any]:
    table = document.get("defaults", {})
    if isinstance(table, dict):
        parsed.problems += validation.check_keys(table, DEFAULTS_KEYS, ("defaults",), "[defaults]")
        return _parse_values(("defaults",), table, DEFAULTS_KEYS, parsed)
    parsed.problems.append(Problem("defaults must be a table: write a line [defaults]", ("defaults",)))
    return {}


def _parse_subscription(path: Path, table: object, defaults: dict[str, Any], parsed: ParsedDocument) -> None:
    if not isinstance(table, dict):
        parsed.problems.append(Problem(f"a subscription must be a table, not {quoted(table)}: {_EXAMPLE}", path))
        return
    problems_before = len(parsed.problems)
    parsed.problems += validation.check_keys(table, SUBSCRIPTION_KEYS, path, "[[subscription]]")
    values = defaults | _parse_values(path, table, SUBSCRIPTION_KEYS, parsed)
    if "mailbox" not in table:
        parsed.problems.append(Problem('mailbox is missing; example: mailbox = "alice@example.com"', path))
    if "mailbox" in values and ("name" in values or "name" not in table):
        identity = {name: values[name] for name in ("mailbox", "name") if name in values}
        parsed.identified.append((path, DesiredSubscription(**identity)))
    if len(parsed.problems) == problems_before:
        parsed.desired.append(DesiredSubscription(**values))


def _parse_values(
    path: Path, table: Mapping[str, Any], keys: Mapping[str, Key], parsed: ParsedDocument
) -> dict[str, Any]:
    """Return the valid values of a table, by their fields in `DesiredSubscription`."""
    values = {}
    for name, key in keys.items():
        if name not in table:
            continue
        problems = [Problem(one.text, (*path, name), one.value) for one in key.check(table[name])]
        parsed.problems += problems
        if not problems:
            values[key.field] = key.convert(table[name])
    return values
