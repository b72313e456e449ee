"""The one piece of state: a wanted subscription and what has been heard of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ewspush.domain.events import Document


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
    counts the Subscribe requests that came to life; `pending_generation` is one that was sent and not yet heard of.
    `first_post_due` holds until a generation has shown its first real watermark, which need not follow from the last.
    `previous_watermark` is the one that `watermark` replaced. `lost_code` is the ResponseCode with which the server
    ended this generation. `revision` counts the writes that were decided on after reading, and is their lock.
    `check_at` is when the keeper looks next.
    """

    subscription: str
    mailbox: str
    status_frequency_minutes: int
    folders: tuple[str, ...] = ()
    event_types: tuple[str, ...] = ()
    state: State = State.WANTED
    generation: int = 0
    pending_generation: int | None = None
    subscription_id: str | None = None
    watermark: str | None = None
    previous_watermark: str | None = None
    first_post_due: bool | None = None
    lost_code: str | None = None
    last_seen_at: datetime | None = None
    check_at: datetime | None = None
    due_shard: str | None = None
    revision: int = 0
    attempts: int = 0
    last_error: str | None = None


@dataclass(frozen=True, slots=True)
class InChain:
    """Expects the row to be active in `generation`, at `watermark`; None: whatever its watermark is."""

    generation: int
    watermark: str | None


@dataclass(frozen=True, slots=True)
class Unchanged:
    """Expects the row to be as it was read, but for `last_seen_at` and the keeper's own attributes."""

    row: Subscription


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


@dataclass(frozen=True, slots=True)
class Entry:
    """One atomic write: `changes` to the row (field -> value, None removes) and what is added to the log."""

    subscription: str
    expects: InChain | Unchanged
    changes: Mapping[str, object]
    logged: LoggedNotification | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an `Entry`: stored, or not, and then the row as it is (None: there is none)."""

    stored: bool
    row: Subscription | None = None
