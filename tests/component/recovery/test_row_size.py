"""The row stays small during a recovery."""

from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from ewspush.adapters.rows import item_of
from ewspush.domain.desired import EVENT_TYPES
from ewspush.domain.subscription import Subscription
from tests.component.recovery.scenario import Scenario
from tests.sizes import item_bytes


def test_it_has_less_than_a_kilobyte_with_everything_set() -> None:
    """A heartbeat costs one write unit, also while a gap is open."""
    scenario = Scenario(event_types=EVENT_TYPES).with_baseline()
    scenario.outage(scenario.mail)
    scenario.wait_for_gap()
    moments = [field.name for field in fields(Subscription) if field.type == datetime | None]
    times: dict[str, Any] = dict.fromkeys(moments, scenario.clock())
    subscription = replace(
        scenario.subscription,
        **times | {"unreachable_since": None, "suspected_gap_since": None},
        superseded_until=(scenario.clock(),) * 2,
        pending_generation=100,
        awaiting_first_push=True,
        previous_watermark=scenario.subscription.watermark,
    )
    # A heartbeat is one write to an active row: it has no error, no push of it is missing, and no gap is suspected.
    empty = {field.name for field in fields(subscription) if getattr(subscription, field.name) is None}
    silence = {"silent_generations", "silent_shard", "unreachable_since"}
    assert empty == {"lost_code", "last_error", "is_resumed", "suspected_gap_since", "suspected_gap_reason"} | silence
    assert item_bytes(item_of(subscription)) < 1024
