"""What AWS keeps: the ledger, watched; a queue that forgets what it took as SQS does; and the stream between them."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final

from ewspush.adapters.log_items import items_of
from ewspush.domain.ports import Message, SendResult
from ewspush.domain.subscription import LoggedNotification, Subscription
from ewspush.domain.updates import ConditionalUpdate, WriteResult
from tests.twins.ledger import MemoryLedger

_DEDUPLICATION_SECONDS: Final = 300
"""For so long SQS knows what it took (SQS: exactly-once processing)."""

_RETENTION: Final = timedelta(days=30)


class WatchedLedger(MemoryLedger):
    """The ledger, which tells `watch` of every row before and after a write."""

    def __init__(
        self, rows: Sequence[Subscription], watch: Callable[[Subscription, Subscription, ConditionalUpdate], None]
    ) -> None:
        """Start with `rows`."""
        super().__init__(*rows)
        self._watch = watch

    def keys(self) -> list[str]:
        """Return the keys of all rows, which no rule may ask for."""
        return list(self.rows)

    def write(self, entry: ConditionalUpdate) -> WriteResult:
        """See `SubscriptionLedger.write`."""
        self.requests.clear()
        return super().write(entry)

    def apply(self, entry: ConditionalUpdate) -> WriteResult:
        """See `MemoryLedger.apply`."""
        before = self.rows.get(entry.subscription)
        outcome = super().apply(entry)
        if outcome.stored and before is not None:
            self._watch(before, self.rows[entry.subscription], entry)
        return outcome


class FifoQueue:
    """`MessageQueue` that drops what it took within the last five minutes. `clock` is in seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Start empty."""
        self.messages: list[Message] = []
        self.refusals = 0
        """So many messages are not taken next."""
        self._taken_at: dict[str, float] = {}
        self._clock = clock

    def send(self, messages: Sequence[Message]) -> list[SendResult]:
        """See `MessageQueue.send`."""
        return [self._receipt(message) for message in messages]

    def _receipt(self, message: Message) -> SendResult:
        if self.refusals > 0:
            self.refusals -= 1
            return SendResult(taken=False)
        now = self._clock()
        if now - self._taken_at.get(message.deduplication_id, -1e9) > _DEDUPLICATION_SECONDS:
            self._taken_at[message.deduplication_id] = now
            self.messages.append(message)
        return SendResult(taken=True)


class Stream:
    """The stream of the log: its records in the order they were written, told until they are reported done."""

    def __init__(self, log: list[LoggedNotification], batch: int) -> None:
        """Begin at the beginning, `batch` records at most at a time."""
        self.position = 0
        self._log = log
        self._batch = batch

    @property
    def is_done(self) -> bool:
        """Whether all was told."""
        return self.position >= len(self._log)

    def told(self) -> dict[str, Any]:
        """Return the event with the next records."""
        end = min(self.position + self._batch, len(self._log))
        return {"Records": [self._record(number) for number in range(self.position, end)]}

    def go_on(self, event: dict[str, Any], resume_from: str | None) -> None:
        """Take the report on a batch."""
        last = int(event["Records"][-1]["dynamodb"]["SequenceNumber"])
        self.position = last + 1 if resume_from is None else int(resume_from)

    def _record(self, number: int) -> dict[str, Any]:
        image = items_of(self._log[number], _RETENTION)[0]
        return {"eventName": "INSERT", "dynamodb": {"SequenceNumber": str(number), "NewImage": image}}
