"""The event log in memory: each notification in one piece, so a head never has a rest."""

from ewspush.domain.subscription import LoggedNotification


class MemoryEventLog:
    """`EventLog` of the given parts, by arrival of their head."""

    def __init__(self, **parts: list[LoggedNotification]) -> None:
        """Take what follows each head."""
        self._parts = parts

    def rest_of(self, head: LoggedNotification, parts: int) -> list[LoggedNotification]:
        """See `EventLog.rest_of`."""
        return self._parts.get(head.arrival, [])[: parts - 1]
