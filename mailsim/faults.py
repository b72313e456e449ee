"""The faults that are set through the control API."""

from dataclasses import dataclass

from mailsim.errors import EwsError


@dataclass(slots=True)
class Refusal:
    """An error for the next `times` requests of an operation."""

    error: EwsError
    times: int

    def raise_next(self) -> None:
        """Raise the error if any are left."""
        if self.times > 0:
            self.times -= 1
            raise self.error


@dataclass(slots=True)
class Faults:
    """Faults that last or are used up; by default none. The counts are named after the control API's faults."""

    callbacks_unreachable: bool = False
    """`cut` in the control API."""
    drop_acks: int = 0
    """Number of POSTs whose response is lost although the receiver sent one."""
    duplicate: int = 0
    """Number of notifications that are sent twice at once."""
    refuse_subscribe: Refusal | None = None
    refuse_sync: Refusal | None = None
    """For SyncFolderItems, SyncFolderHierarchy and GetItem alike."""
    lose_subscribe_answers: int = 0
    """Number of Subscribes that are carried out and never answered."""

    def raise_refusal(self, operation: str) -> None:
        """Raise the error that the next request of an operation is to get, if any."""
        refusal = self.refuse_subscribe if operation == "Subscribe" else self.refuse_sync
        if refusal is not None and operation in {"Subscribe", "SyncFolderItems", "SyncFolderHierarchy", "GetItem"}:
            refusal.raise_next()

    def use_dropped_ack(self) -> bool:
        """Return whether the response to this POST is lost, and count it."""
        self.drop_acks, is_dropped = max(self.drop_acks - 1, 0), self.drop_acks > 0
        return is_dropped

    def use_duplicate(self) -> bool:
        """Return whether this notification is sent twice, and count it."""
        self.duplicate, is_doubled = max(self.duplicate - 1, 0), self.duplicate > 0
        return is_doubled

    def use_lost_subscribe_answer(self) -> bool:
        """Return whether the response to this Subscribe is lost, and count it."""
        self.lose_subscribe_answers, is_lost = max(self.lose_subscribe_answers - 1, 0), self.lose_subscribe_answers > 0
        return is_lost
