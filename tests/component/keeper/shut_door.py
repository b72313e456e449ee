"""A day behind a shut door: every Subscribe of many mailboxes succeeds, and no push arrives.

`python -m tests.component.keeper.shut_door 10000` prints what it came to (ten minutes).
"""

import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Final

from ewspush.domain.callback import Callback
from ewspush.domain.desired import DesiredSubscription, new_subscription
from ewspush.domain.events import GapEvent, LoggedNotification
from ewspush.domain.keeper import Keeper
from ewspush.domain.ports import Clock
from ewspush.domain.received_push import read_push
from ewspush.domain.receiving.service import process_push
from ewspush.domain.recovering.service import Synchronizer
from ewspush.domain.renewing.service import Renewer
from ewspush.domain.subscription import State, Subscription, SubscriptionKey
from ewspush.domain.sync_run import SyncStep
from ewspush.domain.updates import ConditionalUpdate, WriteResult
from ewspush.handlers.keeper import KeeperRun
from ewspush.protocol.notification import Notification
from ewspush.protocol.subscribe import Subscribed, SubscribeRequest
from ewspush.protocol.synchronization import HierarchyPage, ItemsPage, SyncHierarchyRequest, SyncItemsRequest
from tests.builders import NOON, TIMING, message, status
from tests.twins.keys import MemoryKeys
from tests.twins.ledger import MemoryLedger, MemorySyncStates
from tests.twins.mail_server import MemoryMailServer
from tests.unit.handlers.keeper_runs import Serial

MINUTE: Final = timedelta(minutes=1)
FREQUENCY: Final = 15
DAY_MINUTES: Final = 24 * 60


class PartitionedLedger(MemoryLedger):
    """A ledger that finds what is due, silent or of one subscription without going through all of them."""

    def __init__(self, *rows: Subscription) -> None:
        super().__init__(*rows)
        self._keys: defaultdict[str, list[SubscriptionKey]] = defaultdict(list)
        for row in rows:
            self._keys[row.due_shard or ""].append(row.key)
        self._log: defaultdict[SubscriptionKey, list[LoggedNotification]] = defaultdict(list)

    def due(self, shard: str, now: datetime) -> Iterator[SubscriptionKey]:
        rows = (self.rows[key] for key in self._keys[shard])
        due = sorted((row.next_check_at, row.key) for row in rows if row.next_check_at and row.next_check_at <= now)
        return iter([key for _, key in due])

    def silent(self, shard: str, at_most: int | None = None) -> Iterator[SubscriptionKey]:
        return iter(sorted(key for key in self._keys[shard] if self.rows[key].silent_shard == shard)[:at_most])

    def recent(self, key: SubscriptionKey, since: datetime) -> Iterator[LoggedNotification]:
        return iter([one for one in reversed(self._log[key]) if one.received_at >= since])

    def commit(self, update: ConditionalUpdate | None, step: SyncStep | None = None) -> WriteResult:
        before = len(self.log)
        result = super().commit(update, step)
        for logged in self.log[before:]:
            self._log[logged.key].append(logged)
        return result


class ManyMailboxes(MemoryMailServer):
    """Makes every subscription, and has nothing new in any folder."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._live: dict[str, tuple[datetime, int]] = {}
        self.subscribes: list[tuple[str, int]] = []
        self.syncs = 0

    def subscribe(self, mailbox: str, request: SubscribeRequest) -> Subscribed:
        answer = Subscribed("S", request.watermark or "w0")
        generation = int(request.url.split("/")[-2])
        self.subscribes.append((mailbox, generation))
        self._live[mailbox] = (self._clock(), generation)
        return answer

    def posts(self, now: datetime) -> list[tuple[str, int]]:
        """Return mailbox and generation of what is posted in this minute: waits double, as Exchange documents it."""
        tries = {0, 1, 3, 7, FREQUENCY}
        return [(mailbox, own) for mailbox, (at, own) in self._live.items() if (now - at) // MINUTE in tries]

    def sync_items(self, mailbox: str, request: SyncItemsRequest) -> ItemsPage:
        self.syncs += 1
        return super().sync_items(mailbox, request)

    def sync_hierarchy(self, mailbox: str, request: SyncHierarchyRequest) -> HierarchyPage:
        self.syncs += 1
        return super().sync_hierarchy(mailbox, request)


@dataclass(slots=True)
class Outcome:
    """What a day came to."""

    gaps: Counter[SubscriptionKey] = field(default_factory=Counter)
    subscribes: Counter[str] = field(default_factory=Counter)
    """Of each mailbox, once it was unreachable."""
    most_syncs_of_run: int = 0
    minutes_until_all_live: int = 0


class ShutDoor:
    """Many subscriptions that lived until noon, one keeper run a minute, and a door."""

    def __init__(self, mailboxes: int) -> None:
        self._random = Random(mailboxes)  # noqa: S311  # a seed, not a secret
        self.now = NOON
        self.ledger = PartitionedLedger(*map(self._row, range(mailboxes)))
        self.server = ManyMailboxes(self.clock)
        keys, timing = MemoryKeys(b"key"), TIMING
        jitter = self._random.random
        renewer = Renewer(self.ledger, self.server, keys, self.clock, jitter, timing, "https://hook", True)
        synchronizer = Synchronizer(self.ledger, MemorySyncStates(self.ledger), self.server, self.clock, jitter, timing)
        keeper = Keeper(self.ledger, renewer, synchronizer, self.clock, timing)
        self._run = KeeperRun(keeper, self.ledger, self.clock, timing, 1, Serial)

    def clock(self) -> datetime:
        """Return the time."""
        return self.now

    def _row(self, index: int) -> Subscription:
        seen_at = NOON - timedelta(minutes=FREQUENCY * self._random.random())
        row = new_subscription(DesiredSubscription(f"user{index}@example.com", folders=("inbox",)), NOON)
        return replace(
            row,
            state=State.ACTIVE,
            generation=1,
            suspected_gap_since=None,
            suspected_gap_reason=None,
            next_check_at=NOON,
            next_sync_at=NOON + timedelta(minutes=DAY_MINUTES * self._random.random()),
            watermark="w1",
            previous_watermark="w0",
            last_seen_at=seen_at,
            subscribed_at=seen_at,
        )

    def day(self) -> Outcome:
        """Keep the door shut for a day, then open it, and run until all subscriptions live."""
        outcome = Outcome()
        for minute in range(DAY_MINUTES):
            before, syncs_before = len(self.server.subscribes), self.server.syncs
            self._minute()
            if minute > 3 * 2 * FREQUENCY:
                outcome.most_syncs_of_run = max(outcome.most_syncs_of_run, self.server.syncs - syncs_before)
                outcome.subscribes.update(mailbox for mailbox, _ in self.server.subscribes[before:])
        outcome.gaps.update(one.key for one in self.ledger.log for event in one.events if isinstance(event, GapEvent))
        opened_at = self.now
        while any(row.unreachable_since is not None for row in self.ledger.rows.values()):
            self._minute()
            for mailbox, generation in self.server.posts(self.now):
                self._post(mailbox, generation)
        outcome.minutes_until_all_live = int((self.now - opened_at) / MINUTE)
        return outcome

    def _minute(self) -> None:
        self.now += MINUTE
        self._run.run(0, lambda: True)

    def _post(self, mailbox: str, generation: int) -> None:
        """Deliver the first push of a generation: a heartbeat."""
        key = DesiredSubscription(mailbox, folders=("inbox",)).key
        push = read_push(Callback(key, mailbox, generation), Notification((message("w1", status("w1")),)), self.now)
        process_push(push, self.ledger, TIMING)


if __name__ == "__main__":
    print(ShutDoor(int(sys.argv[1])).day())  # noqa: T201
