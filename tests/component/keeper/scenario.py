"""A subscription, its keeper and responder on the in-memory ledger, a mail server with a script, and a clock to set."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from ewspush.domain import desired
from ewspush.domain.check_result import CheckOutcome, CheckResult
from ewspush.domain.desired import DesiredSubscription, new_subscription
from ewspush.domain.events import GapEvent
from ewspush.domain.keeper import Keeper
from ewspush.domain.receiving.rules import Decision
from ewspush.domain.receiving.service import process_push
from ewspush.domain.renewing.service import Renewer
from ewspush.domain.subscription import Subscription, SubscriptionChanges, SubscriptionKey
from ewspush.domain.sync_run import SyncStep
from ewspush.domain.timing import Timing
from ewspush.domain.updates import ConditionalUpdate, GenerationPending, SameRevision, WriteResult
from ewspush.protocol.notification import ResponseMessage
from ewspush.protocol.soap import Refused
from tests.builders import MAILBOX, NOON, TIMING, posted, subscription
from tests.twins.keys import MemoryKeys
from tests.twins.ledger import MemoryLedger
from tests.twins.mail_server import MemoryMailServer, Scripted

KEY: Final = subscription().key
MINUTE: Final = timedelta(minutes=1)
NEW: Final = new_subscription(DesiredSubscription(MAILBOX), NOON)
BUSY: Final = Refused("ErrorServerBusy")
UNKNOWN_WATERMARK: Final = Refused("ErrorInvalidWatermark")


class RacingLedger(MemoryLedger):
    """A ledger that lets another process act in between, once."""

    def __init__(self, *rows: Subscription) -> None:
        super().__init__(*rows)
        self.after_read: Callable[[], object] | None = None
        """Happens between a read and what follows it."""
        self.after_answer: Callable[[], object] | None = None
        """Happens right after it is stored what became of a Subscribe."""

    def read(self, key: SubscriptionKey) -> Subscription | None:
        row = super().read(key)
        act, self.after_read = self.after_read, None
        if act is not None:
            act()
        return row

    def commit(self, update: ConditionalUpdate | None, step: SyncStep | None = None) -> WriteResult:
        result = super().commit(update, step)
        if update is not None and isinstance(update.precondition, GenerationPending):
            act, self.after_answer = self.after_answer, None
            if act is not None:
                act()
        return result


class Scenario:
    """One subscription with StatusFrequency 15, from noon on."""

    def __init__(
        self, row: Subscription, *script: Scripted, resume_is_trusted: bool = True, timing: Timing = TIMING
    ) -> None:
        self.now = NOON
        self.timing = timing
        self.ledger = RacingLedger(row)
        self.server = MemoryMailServer(*script)
        self._resume_is_trusted = resume_is_trusted

    @property
    def row(self) -> Subscription:
        """The subscription as it is stored."""
        return self.ledger.rows[KEY]

    def clock(self) -> datetime:
        """Return the time of the scenario."""
        return self.now

    def wait(self, minutes: float) -> None:
        """Let protocol minutes pass."""
        self.now += self.timing.minutes(minutes)

    def check_result(self) -> CheckResult:
        """Let the keeper check the subscription now."""
        renewer = Renewer(
            self.ledger,
            self.server,
            MemoryKeys(b"key"),
            self.clock,
            lambda: 0.5,
            self.timing,
            "https://hook",
            self._resume_is_trusted,
        )
        return Keeper(self.ledger, renewer, None, self.clock, self.timing).check(KEY)

    def check(self, after: float = 0) -> CheckOutcome:
        """Let the keeper check the subscription `after` so many protocol minutes."""
        self.wait(after)
        return self.check_result().outcome

    def post(self, *messages: ResponseMessage, generation: int = 1) -> Decision:
        """Let the server POST to the URL of a generation."""
        minute = (self.now - NOON) / MINUTE
        return process_push(posted(*messages, generation=generation, minute=minute), self.ledger, self.timing)

    def desire(self, *folders: str) -> None:
        """Let an operator desire these folders, or all of them."""
        wanted = DesiredSubscription(MAILBOX, folders=folders)
        self._change(desired.changes_toward(self.row, wanted, self.timing, self.now))

    def retire(self) -> None:
        """Let an operator retire the subscription."""
        self._change(desired.retirement(self.row))

    def sent(self) -> list[tuple[int, str | None]]:
        """Return generation and watermark of each Subscribe that reached the server."""
        return [(received.generation, received.request.watermark) for received in self.server.requests]

    def gap_events(self) -> list[GapEvent]:
        """Return the gap events in the order in which they were logged."""
        return [event for entry in self.ledger.log for event in entry.events if isinstance(event, GapEvent)]

    def gaps(self) -> list[str]:
        """Return the reasons of the gap events."""
        return [event.reason for event in self.gap_events()]

    def _change(self, changes: SubscriptionChanges) -> None:
        if changes:
            assert self.ledger.commit(ConditionalUpdate(KEY, SameRevision(self.row), changes)).stored


def silent(*script: Scripted, resume_is_trusted: bool = True, timing: Timing = TIMING) -> Scenario:
    """Return the scenario of a subscription whose last push came twice StatusFrequency ago."""
    scenario = Scenario(subscription(), *script, resume_is_trusted=resume_is_trusted, timing=timing)
    scenario.wait(30)
    return scenario
