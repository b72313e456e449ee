"""The FIFO queue in memory: deduplication, order within a group, and a fault plan."""

from collections.abc import Callable, Sequence

from ewspush.domain.ports import Message, SendResult, UnavailableError
from tests.twins.faults import FaultPlan


class MemoryQueue:
    """`MessageQueue` that keeps what it took; entry faults are told by `judge`, a function of the message."""

    def __init__(self, requests: FaultPlan | None = None, judge: Callable[[Message], SendResult] | None = None) -> None:
        """Start empty."""
        self.messages: list[Message] = []
        self.batches: list[int] = []
        self.requests = requests or FaultPlan(error=UnavailableError)
        self._judge = judge or (lambda _: SendResult(taken=True))

    def send(self, messages: Sequence[Message]) -> list[SendResult]:
        """See `MessageQueue.send`."""
        self.requests.before()
        self.batches.append(len(messages))
        receipts = [self._judge(message) for message in messages]
        for message, receipt in zip(messages, receipts, strict=True):
            known = any(message.deduplication_id == other.deduplication_id for other in self.messages)
            if receipt.taken and not known:
                self.messages.append(message)
        self.requests.after()
        return receipts

    def bodies(self, group: str) -> list[str]:
        """Return the bodies of a group in their order."""
        return [message.body for message in self.messages if message.group == group]
