"""The event log in memory: each notification in one piece, so a head never has a rest."""

from ewspush.domain.ports import Message
from ewspush.domain.subscription import SubscriptionKey


class MemoryEventLog:
    """`EventLog` of the messages of further parts, by arrival of their head."""

    def __init__(self, **parts: list[tuple[Message, ...]]) -> None:
        self._parts = parts

    def rest_of(self, key: SubscriptionKey, arrival: str, parts: int) -> list[tuple[Message, ...]]:  # noqa: ARG002
        return self._parts.get(arrival, [])[: parts - 1]
