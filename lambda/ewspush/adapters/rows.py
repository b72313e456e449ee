"""`Subscription` <-> item of the subscriptions table: the same names, times as RFC 3339, absent instead of null."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from ewspush.adapters.attributes import plain, typed
from ewspush.domain.events import GapReason
from ewspush.domain.subscription import State, Subscription
from ewspush.domain.timestamps import from_iso

_FIELDS: Final = frozenset(field.name for field in fields(Subscription))
_TIMES: Final = frozenset(
    {
        "last_event_at",
        "suspected_gap_since",
        "last_seen_at",
        "next_check_at",
        "oldest_open_gap_at",
        "baseline_started_at",
        "baseline_valid_from",
        "next_sync_at",
    }
)
_KINDS: Final = {"state": State, "suspected_gap_reason": GapReason}
_LISTS: Final = frozenset({"folders", "event_types"})


def item_of(row: Subscription) -> dict[str, Any]:
    """Return the whole row as an item, without its empty attributes."""
    values = {name: getattr(row, name) for name in _FIELDS}
    return {name: typed(value) for name, value in values.items() if value is not None and value != ()}


def row_of(item: Mapping[str, Any]) -> Subscription:
    """Return the row that `item` holds; attributes of other owners are passed over."""
    values = {name: _field(name, value) for name, value in item.items() if name in _FIELDS}
    return Subscription(**values)


def _field(name: str, attribute: Any) -> Any:  # noqa: ANN401  # any attribute of the row
    value = plain(attribute)
    if name in _TIMES:
        return from_iso(value)
    if name in _LISTS:
        return tuple(value)
    if name == "superseded_until":
        return tuple(map(from_iso, value))
    return _KINDS[name](value) if name in _KINDS else value
