"""`Subscription` <-> item of the subscriptions table: the same names, times as RFC 3339, absent instead of null."""

from collections.abc import Mapping
from typing import Any, Final

from ewspush.adapters.attributes import plain, typed
from ewspush.adapters.records import record_of, values_of
from ewspush.domain.subscription import Subscription

KEY: Final = "subscription"
"""The attribute that holds `Subscription.key`, in every table."""


def item_of(subscription: Subscription) -> dict[str, Any]:
    """Return the whole subscription as an item, without its empty attributes."""
    values = values_of(subscription)
    values[KEY] = values.pop("key")
    return {name: typed(value) for name, value in values.items() if value is not None and value != ()}


def subscription_of(item: Mapping[str, Any]) -> Subscription:
    """Return the subscription that `item` holds."""
    values = {name: plain(value) for name, value in item.items()}
    return record_of(Subscription, values | {"key": values[KEY]})
