"""The FIFO queue in memory: deduplication, order within a group, and a fault plan."""

from collections.abc import Callable, Sequence

from ewspush.domain.ports import Message, SendResult
from ewspush.errors import UnavailableError
from tests.twins.faults import FaultPlan


class MemoryQueue:
    """`MessageQueue` that keeps what it accepted; `result_of` makes it refuse messages."""

    def __init__(
        self, requests: FaultPlan | None = None, result_of: Callable[[Message], SendResult] | None = None
    ) -> None:
        self.messages: list[Message] = []
        self.batches: list[int] = []
        self.requests = requests or FaultPlan(error=UnavailableError)
        self._result_of = result_of or (lambda _: SendResult(accepted=True))

    def send(self, messages: Sequence[Message]) -> list[SendResult]:
        self.requests.before()
        self.batches.append(len(messages))
        results = [self._result_of(message) for message in messages]
        for message, result in zip(messages, results, strict=True):
            known = any(message.deduplication_id == other.deduplication_id for other in self.messages)
            if result.accepted and not known:
                self.messages.append(message)
        self.requests.after()
        return results

    def bodies(self, group: str) -> list[str]:
        """Return the bodies of a group in their order."""
        return [message.body for message in self.messages if message.group == group]
