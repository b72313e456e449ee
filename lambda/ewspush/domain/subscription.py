"""The one piece of state: a wanted subscription and what has been heard of it."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ewspush.domain.events import Document, GapReason


class State(StrEnum):
    """Where a subscription is in its life: wanted, then active and lapsed in turns, in the end retired."""

    WANTED = "wanted"
    ACTIVE = "active"
    LAPSED = "lapsed"
    SUSPENDED = "suspended"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Subscription:
    """One row of the subscriptions table, under 1 KB so that a heartbeat costs one write unit.

    `subscription` is the key, opaque and without the address in it. `folders` empty means all folders. `generation`
    counts up with every Subscribe; the row holds the one that lives. `pending_generation` is the newest that was sent,
    as long as that is another one; what is asked of the server was last changed before `min_generation`. The
    generations that its last two changes superseded may live until `superseded_until`. `awaiting_first_push` holds
    until a generation has shown its first real watermark, which need not follow from the last. `last_event_at` is when
    the last event of the last POST happened, by the server's clock (None: it was a heartbeat). Since
    `suspected_gap_since` changes may have gone unseen, for `suspected_gap_reason` (None: not if the next Subscribe
    succeeds): the first POST of the next generation proves otherwise, or writes the gap event. `previous_watermark` is
    the one that `watermark` replaced. `lost_code` is the ResponseCode with which the server ended this generation.
    `revision` counts the writes that were decided on after reading, and is their lock. `next_check_at` is when the
    keeper looks next (None: never), in the partition `due_shard` of the due index. `attempts` counts the Subscribe
    requests since the last that succeeded. `oldest_open_gap_at` is when the first gap that is still open was logged.
    `baseline_round` is the round of sync states that a recovery begins from (0: none): taken since
    `baseline_started_at` (or to be taken after it), good for gaps that begin after `baseline_valid_from`.
    `next_sync_at` is when a sync is due next.
    """

    subscription: str
    mailbox: str
    status_frequency_minutes: int
    folders: tuple[str, ...] = ()
    event_types: tuple[str, ...] = ()
    state: State = State.WANTED
    generation: int = 0
    pending_generation: int | None = None
    min_generation: int = 0
    superseded_until: tuple[datetime, ...] = ()
    subscription_id: str | None = None
    watermark: str | None = None
    previous_watermark: str | None = None
    awaiting_first_push: bool | None = None
    last_event_at: datetime | None = None
    suspected_gap_since: datetime | None = None
    suspected_gap_reason: GapReason | None = None
    lost_code: str | None = None
    last_seen_at: datetime | None = None
    next_check_at: datetime | None = None
    due_shard: str | None = None
    revision: int = 0
    attempts: int = 0
    last_error: str | None = None
    oldest_open_gap_at: datetime | None = None
    baseline_round: int = 0
    baseline_started_at: datetime | None = None
    baseline_valid_from: datetime | None = None
    next_sync_at: datetime | None = None

    @property
    def newest_generation(self) -> int:
        """The highest that was ever sent, or must not be sent any more."""
        return max(self.generation, self.pending_generation or 0)


def arrival(received_at: datetime, digest: str = "") -> str:
    """Return a sort key of the log in order of arrival; `digest` tells two POSTs of one microsecond apart.

    Without a digest it sorts before every key from `received_at` on.
    """
    moment = f"{received_at:%Y-%m-%dT%H:%M:%S.%f}"
    return f"{moment}Z#{digest}" if digest else moment


@dataclass(frozen=True, slots=True)
class LoggedNotification:
    """One element of the event log: the events of one POST in their order.

    `arrival` orders the log of a subscription; `received_at` is the time it was made from.
    """

    subscription: str
    arrival: str
    received_at: datetime
    generation: int
    events: tuple[Document, ...]
    watermark: str | None = None
    previous_watermark: str | None = None


def logged_at(  # noqa: PLR0913, PLR0917  # the fields of a notification
    subscription: str,
    generation: int,
    received_at: datetime,
    events: tuple[Document, ...],
    watermark: str | None = None,
    previous_watermark: str | None = None,
) -> LoggedNotification:
    """Return `events` as one notification of the log, under a key that two POSTs of one moment do not share."""
    digest = hashlib.sha256("".join(document["id"] for document in events).encode()).hexdigest()[:8]
    place = arrival(received_at, digest)
    return LoggedNotification(
        subscription, place, received_at, generation, events, watermark=watermark, previous_watermark=previous_watermark
    )
