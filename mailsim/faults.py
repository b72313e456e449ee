"""The faults that are set through the control API."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final, Literal

from mailsim.batch_stop import BatchStop
from mailsim.errors import EwsError
from mailsim.responses import FAULT_STATUS, ResponseMessage

CountedFault = Literal["drop_acks", "duplicate", "lose_subscribe_answers", "skip_notifications", "html_sign_in"]
"""A fault that applies a number of times; named as in the control API."""

HIERARCHY: Final = "hierarchy"
"""In place of a folder: SyncFolderHierarchy."""


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
class SyncFaults:
    """Faults of parts of a sync. A folder is named by its id, or by a distinguished name in every mailbox."""

    refusals: dict[str, Refusal] = field(default_factory=dict)
    """By folder: those of SyncFolderItems; by `HIERARCHY`: those of SyncFolderHierarchy."""

    endless_folders: frozenset[str] = frozenset()
    """SyncFolderItems of these has no last page."""
    batch_stop: BatchStop | None = None
    """Of GetItem."""

    def stopped(self, messages: list[ResponseMessage]) -> list[ResponseMessage]:
        """Return the response messages of a GetItem, the later ones with an error where batches stop."""
        return messages if self.batch_stop is None else self.batch_stop.stopped(messages)

    def raise_refusal(self, names: Collection[str]) -> None:
        """Raise the error that the next sync of a folder is to get, if any; `names` are the names of the folder."""
        for name in self.refusals.keys() & set(names):
            self.refusals[name].raise_next()

    def is_endless(self, names: Collection[str]) -> bool:
        """Whether SyncFolderItems of a folder has no last page; `names` are the names of the folder."""
        return not self.endless_folders.isdisjoint(names)


@dataclass(slots=True)
class Faults:
    """Faults that last or are used up; by default none. The counts are named after the control API's faults."""

    callbacks_unreachable: bool = False
    """`cut` in the control API."""
    drop_acks: int = 0
    """Number of POSTs whose response is lost although the receiver sent one."""
    duplicate: int = 0
    """Number of notifications that are sent twice at once."""
    skip_notifications: int = 0
    """Number of notifications that are never sent, although the server takes them for acknowledged."""
    refuse_subscribe: Refusal | None = None
    refuse_sync: Refusal | None = None
    """For SyncFolderItems, SyncFolderHierarchy and GetItem alike."""
    lose_subscribe_answers: int = 0
    """Number of Subscribes that are carried out and never answered."""
    html_sign_in: int = 0
    """Number of EWS requests that are answered with a sign-in page, and not carried out."""
    fault_status: int = FAULT_STATUS
    """The HTTP status of SOAP faults."""
    sync: SyncFaults = field(default_factory=SyncFaults)

    def raise_refusal(self, fault: Literal["refuse_subscribe", "refuse_sync"]) -> None:
        """Raise the error that the next request is to get, if any."""
        refusal: Refusal | None = getattr(self, fault)
        if refusal is not None:
            refusal.raise_next()

    def use(self, fault: CountedFault) -> bool:
        """Return whether a fault applies this time, and count it."""
        left: int = getattr(self, fault)
        setattr(self, fault, max(left - 1, 0))
        return left > 0
