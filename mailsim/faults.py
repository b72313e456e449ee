"""What is made to go wrong."""

from dataclasses import dataclass

from mailsim.errors import EwsError


@dataclass(slots=True)
class Refusal:
    """A response code that an operation gets, so many times."""

    error: EwsError
    times: int

    def raise_next(self) -> None:
        """Raise it as long as there are some left."""
        if self.times > 0:
            self.times -= 1
            raise self.error


@dataclass(slots=True)
class Faults:
    """Faults that last, or that are used up. A new one of these is none."""

    cut: bool = False
    """Callbacks are unreachable."""
    drop_acks: int = 0
    """Of so many POSTs the answer never comes back, though the receiver gave one."""
    duplicate: int = 0
    """So many POSTs are sent twice at once."""
    refuse_subscribe: Refusal | None = None
    refuse_sync: Refusal | None = None
    """For SyncFolderItems, SyncFolderHierarchy and GetItem alike."""
    lose_subscribe_answers: int = 0
    """So many Subscribes are carried out, and never answered."""

    def refuse(self, operation: str) -> None:
        """Raise what the next request of an operation is to get, if anything."""
        refusal = self.refuse_subscribe if operation == "Subscribe" else self.refuse_sync
        if refusal is not None and operation in {"Subscribe", "SyncFolderItems", "SyncFolderHierarchy", "GetItem"}:
            refusal.raise_next()

    def drops_ack(self) -> bool:
        """Use up one lost answer, if there is one."""
        self.drop_acks, dropped = max(self.drop_acks - 1, 0), self.drop_acks > 0
        return dropped

    def duplicates(self) -> bool:
        """Use up one duplicate, if there is one."""
        self.duplicate, doubled = max(self.duplicate - 1, 0), self.duplicate > 0
        return doubled

    def loses_subscribe_answer(self) -> bool:
        """Use up one lost answer to a Subscribe, if there is one."""
        self.lose_subscribe_answers, lost = max(self.lose_subscribe_answers - 1, 0), self.lose_subscribe_answers > 0
        return lost
