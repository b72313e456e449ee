"""What is missed is said, and what was said to be recovered is there."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ewspush.domain.subscription import Subscription
from ewspush.domain.timestamps import from_iso
from mailsim.mailbox_events import LoggedEvent
from tests.simulation.clock import START
from tests.simulation.invariants import Invariant
from tests.simulation.operator import ON_TIME_SECONDS
from tests.simulation.told import TOLERANCE_SECONDS, Gap, Recovered, key_of_change, key_of_document, kind_of


class _OfTheLog(Invariant):
    """Knows what the log says in the end."""

    def gaps(self, subscription: str) -> list[Gap]:
        """Return the gaps of a subscription."""
        documents = list(self.documents(subscription))
        closed = {
            each
            for document in documents
            if document["type"] == "ews.mailbox.gap_closed"
            for each in document["data"]["gaps"]
        }
        theirs = self.system.time.theirs
        return [
            Gap(theirs(from_iso(data["from"])), theirs(from_iso(data["to"])), document["id"] in closed)
            for document in documents
            if document["type"] == "ews.mailbox.gap" and (data := document["data"])
        ]

    def documents(self, subscription: str) -> Iterator[Mapping[str, Any]]:
        """Return what is in the log, in the order it was written."""
        for notification in self.system.ledger.log:
            if notification.subscription == subscription:
                yield from notification.events

    def untold(self, row: Subscription) -> list[LoggedEvent]:
        """Return the changes since somebody wanted them that push did not tell."""
        told = {key_of_document(document) for document in self.documents(row.subscription)}
        since = self.expected_since(row.mailbox)
        changes = self.system.core.changes(row.mailbox, row.folders)
        return [
            change
            for change, mark in changes
            if change.at >= since
            and key_of_change(change, mark) not in told
            and not self.system.operator.gave_up(row.mailbox, change.at)
        ]

    def expected_since(self, mailbox: str) -> float:
        """Return from when on changes are expected to be told."""
        made_at = next(iter(self.system.server.made_at[mailbox]), float("inf"))
        return made_at if made_at <= START + ON_TIME_SECONDS else START


class NothingLostInSilence(_OfTheLog):
    """Every change of a wanted mailbox is told by push, or by a sync, or lies in the range of a gap."""

    def ended(self) -> None:
        """Look for one that is not."""
        for row in self.system.ledger.rows.values():
            gaps = self.gaps(row.subscription)
            recovered = Recovered()
            for document in self.documents(row.subscription):
                recovered.add(row.subscription, document)
            for change in self.untold(row):
                kind, own_id = kind_of(change.event.type), change.event.id
                if any(gap.holds(change.at) for gap in gaps) or recovered.tells(
                    row.subscription, kind, own_id, change.at
                ):
                    continue
                self.fail(f"{_in_words(change)} of {row.mailbox} is nowhere", change.at)


class ClosedGapsAreTold(_OfTheLog):
    """What happened to items in gaps that were closed: later something was told of each, unless it came and went."""

    def ended(self) -> None:
        """Look for one of which nothing was."""
        for row in self.system.ledger.rows.values():
            gaps = self.gaps(row.subscription)
            if any(gap.is_closed for gap in gaps):
                self._look(row, gaps)

    def _look(self, row: Subscription, gaps: list[Gap]) -> None:
        told_at, untold = self._told_at(row.subscription), self.untold(row)
        mailbox = self.system.core.directory.find(row.mailbox).mailbox
        entries, named = mailbox.entries, set(map(mailbox.folder_id, row.folders))
        came_untold = {change.event.id for change in untold if change.event.type in _COMES}
        for change in untold:
            if change.event.object != "item" or not all(gap.is_closed for gap in gaps if gap.holds(change.at)):
                continue
            places = {change.event.id: change.event.parent_id}
            if change.event.type == "MovedEvent":
                places[change.event.old_id or ""] = change.event.old_parent_id or ""
            for each, place in places.items():
                came_and_went = each in came_untold and each not in entries
                if named and place not in named:
                    continue
                if told_at.get(each, 0) < change.at - TOLERANCE_SECONDS and not came_and_went:
                    self.fail(f"{_in_words(change)} of {row.mailbox}: nothing of {each[:8]}", change.at)

    def _told_at(self, subscription: str) -> dict[str, float]:
        """Return when something was last told of each object."""
        told_at: dict[str, float] = {}
        for notification in self.system.ledger.log:
            if notification.subscription == subscription:
                at = self.system.time.theirs(notification.received_at)
                for document in notification.events:
                    told_at |= {document["data"].get(name) or "": at for name in ("id", "old_id")}
        return told_at


class CalmWhenNothingBreaks(_OfTheLog):
    """Where nothing breaks there is one subscription, no gap, and everything is told by push."""

    def ended(self) -> None:
        """Look at what there is."""
        if not self.system.plan.is_calm:
            return
        for row in self.system.ledger.rows.values():
            if row.generation != 1 or self.gaps(row.subscription) or self.untold(row):
                self.fail(f"generation {row.generation}, {len(self.gaps(row.subscription))} gaps: {row.mailbox}")


_COMES: Final = frozenset({"CreatedEvent", "CopiedEvent", "MovedEvent"})


def _in_words(change: LoggedEvent) -> str:
    return f"{change.event.type} {change.event.id[:8]} at {(change.at - START) / 60:.2f} min"
