"""Twins of AWS: an observed ledger, a queue that deduplicates as SQS does, and the stream between them."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final

from ewspush.adapters.log_items import log_item
from ewspush.domain.events import LoggedNotification
from ewspush.domain.ports import Message, SendResult
from ewspush.domain.subscription import Subscription, SubscriptionKey
from ewspush.domain.sync_run import SyncStep
from ewspush.domain.updates import ConditionalUpdate, WriteResult
from tests.aws import stream_image
from tests.twins.ledger import MemoryLedger

_DEDUPLICATION_SECONDS: Final = 300
"""SQS remembers deduplication ids for so long (SQS: exactly-once processing)."""

_RETENTION: Final = timedelta(days=30)


class ObservedLedger(MemoryLedger):
    """The ledger; it calls `observe` with every row before and after a write."""

    def __init__(
        self,
        rows: Sequence[Subscription],
        observe: Callable[[Subscription, Subscription, ConditionalUpdate], None],
        entry_events: int,
    ) -> None:
        super().__init__(*rows, entry_events=entry_events)
        self._observe = observe

    def keys(self) -> list[SubscriptionKey]:
        """Return the keys of all rows; only a mutant asks for them."""
        return list(self.rows)

    def commit(self, update: ConditionalUpdate | None, step: SyncStep | None = None) -> WriteResult:
        self.requests.clear()
        before = self.rows.get(update.key) if update is not None else None
        result = super().commit(update, step)
        if result.stored and update is not None and before is not None:
            self._observe(before, self.rows[update.key], update)
        return result


class FifoQueue:
    """`MessageQueue` that drops what it accepted within the last five minutes. `clock` is in seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.messages: list[Message] = []
        self.rejections = 0
        """So many of the next messages are rejected."""
        self._accepted_at: dict[str, float] = {}
        self._clock = clock

    def send(self, messages: Sequence[Message]) -> list[SendResult]:
        return [self._send(message) for message in messages]

    def _send(self, message: Message) -> SendResult:
        if self.rejections > 0:
            self.rejections -= 1
            return SendResult(accepted=False)
        now = self._clock()
        if now - self._accepted_at.get(message.deduplication_id, -1e9) > _DEDUPLICATION_SECONDS:
            self._accepted_at[message.deduplication_id] = now
            self.messages.append(message)
        return SendResult(accepted=True)


class Stream:
    """The stream of the log: it delivers records in the order they were written, until they are reported done."""

    def __init__(self, log: list[LoggedNotification], batch: int) -> None:
        self.position = 0
        self._log = log
        self._batch = batch
        """Records in an event, at most."""

    @property
    def is_done(self) -> bool:
        """Whether all records are reported done."""
        return self.position >= len(self._log)

    def next_event(self) -> dict[str, Any]:
        """Return the event with the next records."""
        end = min(self.position + self._batch, len(self._log))
        return {"Records": [self._record(number) for number in range(self.position, end)]}

    def report(self, event: dict[str, Any], resume_from: str | None) -> None:
        """Continue after an event, or at one of its records (by sequence number)."""
        last = int(event["Records"][-1]["dynamodb"]["SequenceNumber"])
        self.position = last + 1 if resume_from is None else int(resume_from)

    def _record(self, number: int) -> dict[str, Any]:
        image = stream_image(log_item(self._log[number], _RETENTION))
        return {"eventName": "INSERT", "dynamodb": {"SequenceNumber": str(number), "NewImage": image}}
