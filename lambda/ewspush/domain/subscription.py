"""A desired push subscription, and what the mail server has made of it: the one piece of state."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType, TypedDict

SubscriptionKey = NewType("SubscriptionKey", str)
"""Names a subscription in logs, metrics and callback URLs; opaque, and without the address in it."""


class State(StrEnum):
    """Where a subscription is in its life (docs/architecture.md has the transitions)."""

    WANTED = "wanted"
    ACTIVE = "active"
    LAPSED = "lapsed"
    SUSPENDED = "suspended"
    RETIRED = "retired"


class GapReason(StrEnum):
    """Why changes may be missing in the time range of a gap event."""

    CHAIN_MISMATCH = "chain-mismatch"
    """A notification does not continue the stored watermark."""

    SUBSCRIPTION_LOST = "subscription-lost"
    """The server sent an error notification: the subscription is gone; `response_code` says how."""

    RESUME_UNPROVEN = "resume-unproven"
    """A renewed subscription may have started from now instead of from the last watermark."""

    WATERMARK_REFUSED = "watermark-refused"
    """The server no longer knew the last watermark, so the renewed subscription starts from now."""

    NOT_RESUMED = "not-resumed"
    """No watermark was known to resume from."""

    UNREACHABLE = "unreachable"
    """Subscribe succeeds, and no push arrives: the gap is open until one has arrived, whatever its `end` says."""

    SUBSCRIBED_LATE = "subscribed-late"
    """The first subscription was not made at once."""

    NOT_RECOVERED = "not-recovered"
    """A sync could not find all that earlier gaps miss: they stay open."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """One row of the subscriptions table, under 1 KB so that a heartbeat costs one write unit."""

    # What is desired.
    key: SubscriptionKey
    mailbox: str
    status_frequency_minutes: int
    folders: tuple[str, ...] = ()
    """Distinguished names (inbox, calendar …) or folder ids; empty means all folders."""
    event_types: tuple[str, ...] = ()
    """EWS names: CreatedEvent …"""
    desired_since: datetime | None = None
    """When it was first desired, or desired again after it was retired: nothing before that counts."""

    # Its generations: each Subscribe has a number of its own, and a newer one supersedes the older (docs/adr/0012).
    state: State = State.WANTED
    generation: int = 0
    """The one that lives, or lived last."""
    pending_generation: int | None = None
    """The newest Subscribe that was sent, until it is known whether it lives."""
    min_generation: int = 0
    """Older generations were subscribed with other settings than are desired now."""
    superseded_until: tuple[datetime, ...] = ()
    """Until when the generations that the last two changes superseded may live."""
    attempts: int = 0
    """Subscribe requests since the last one that succeeded."""
    is_resumed: bool | None = None
    """Whether the last Subscribe that was sent carried a watermark; until its first push has shown what came of it."""
    subscribed_at: datetime | None = None
    """When the last Subscribe succeeded."""
    subscription_id: str | None = None
    """SubscriptionId of the server subscription."""
    lost_code: str | None = None
    """ResponseCode with which the server ended this generation."""
    last_error: str | None = None
    """What the mail server refused last, in words."""

    # Its watermark chain (docs/adr/0004).
    watermark: str | None = None
    previous_watermark: str | None = None
    """The one that `watermark` replaced."""
    last_seen_at: datetime | None = None
    """When the last push was received, by our clock."""
    last_link_at: datetime | None = None
    """When the last push with a real PreviousWatermark was received: a zero watermark says nothing of the chain."""
    last_event_at: datetime | None = None
    """TimeStamp of the last event of the last push, by the server's clock; None where that was a heartbeat."""
    more_events_at: datetime | None = None
    """When the last push with MoreEvents was received: further events were waiting on the server then."""
    revision: int = 0
    """Counts the writes that were decided after reading the row, and is their lock."""

    # A suspected gap: the first push of the next generation confirms or clears it (docs/adr/0014).
    awaiting_first_push: bool | None = None
    """Until the generation has shown a real watermark, which need not follow from the last one."""
    suspected_gap_since: datetime | None = None
    suspected_gap_reason: GapReason | None = None
    """None: there is no gap if the next Subscribe resumes from the last watermark."""

    # Whether pushes arrive at all (docs/adr/0019).
    silent_generations: int | None = None
    """Subscribes that succeeded since the last push."""
    silent_shard: str | None = None
    """Its partition of the index of silent subscriptions; None: no push is missing."""
    unreachable_since: datetime | None = None
    """Since when its changes are not published by push, but by sync."""
    reached_at: datetime | None = None
    """When a push arrived again, as long as the gap until then is open."""

    # When the keeper checks it, and what it recovers (docs/adr/0017).
    next_check_at: datetime | None = None
    """None: never."""
    due_shard: str | None = None
    """Its partition of the due index."""
    next_sync_at: datetime | None = None
    oldest_open_gap_at: datetime | None = None
    """When the oldest gap that is still open was logged."""

    @property
    def newest_generation(self) -> int:
        """The highest that was ever sent, or must not be sent any more."""
        return max(self.generation, self.pending_generation or 0)


class SubscriptionChanges(TypedDict, total=False):
    """New values for fields of a subscription; None removes. The fields that are missing here never change."""

    status_frequency_minutes: int
    folders: tuple[str, ...]
    event_types: tuple[str, ...]
    desired_since: datetime | None
    state: State
    generation: int
    pending_generation: int | None
    min_generation: int
    superseded_until: tuple[datetime, ...]
    attempts: int
    is_resumed: bool | None
    subscribed_at: datetime | None
    subscription_id: str | None
    lost_code: str | None
    last_error: str | None
    watermark: str | None
    previous_watermark: str | None
    last_seen_at: datetime | None
    last_link_at: datetime | None
    last_event_at: datetime | None
    more_events_at: datetime | None
    revision: int
    awaiting_first_push: bool | None
    suspected_gap_since: datetime | None
    suspected_gap_reason: GapReason | None
    silent_generations: int | None
    silent_shard: str | None
    unreachable_since: datetime | None
    reached_at: datetime | None
    next_check_at: datetime | None
    next_sync_at: datetime | None
    oldest_open_gap_at: datetime | None
