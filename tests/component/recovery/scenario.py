"""A mailbox, a subscription to it and both sides of it: keeper and responder on twins, mailsim's core, one clock."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final, TypeAlias

from ewspush.adapters.cloud_events import Document, documents_of
from ewspush.domain.desired import DEFAULT_EVENT_TYPES, DesiredSubscription, new_subscription
from ewspush.domain.keeper import Keeper
from ewspush.domain.recovering.service import Synchronizer
from ewspush.domain.renewing.service import Renewer
from ewspush.domain.subscription import GapReason, Subscription, SubscriptionChanges
from ewspush.domain.sync_run import Baseline, SyncRun
from ewspush.domain.timing import Timing
from ewspush.handlers.responder import Responder
from mailsim.deliveries import Post
from tests.component.recovery.hooks import Action, Ledger, Server, no_action
from tests.twins.faults import FaultPlan, InjectedError
from tests.twins.keys import MemoryKeys
from tests.twins.ledger import MemorySyncStates
from tests.unit.mailsim.world import EMAIL, World

MINUTE: Final = timedelta(minutes=1)
DAY: Final = 24 * 60
STATUS_FREQUENCY: Final = 15
PROFILES: Final = ("workmail", "exchange")
NAMED: Final = ("inbox", "drafts")
ALL: Final = ()
FOLDERS_OF_ALL: Final = 11
"""Those that mailsim shows of a new mailbox."""

PATIENCE: Final = 180
"""Protocol minutes for anything that is waited for."""

Change: TypeAlias = tuple[str, str]
"""What follows `ews.mailbox.` in the type, and the id of the object."""


class Scenario:
    """Begins with a subscription that is desired; the clock advances with `run`."""

    def __init__(
        self,
        profile: str = "exchange",
        *,
        folders: tuple[str, ...] = NAMED,
        event_types: tuple[str, ...] = DEFAULT_EVENT_TYPES,
        resume_is_trusted: bool = True,
        jitter: float = 0.5,
        **settings: object,
    ) -> None:
        self.world = World(profile, settings)
        self.desired = DesiredSubscription(EMAIL, folders=folders, event_types=event_types)
        self.key = self.desired.key
        self.writes, self.steps = FaultPlan(), FaultPlan()
        added = new_subscription(self.desired, self.clock())
        self.ledger = Ledger(added, writes=self.writes, steps=self.steps)
        self.states = MemorySyncStates(self.ledger)
        self.server = Server(self.world)
        self.timing = Timing(MINUTE)
        self._keys = MemoryKeys(b"key")
        self._resume_is_trusted = resume_is_trusted
        self._jitter = jitter
        self._responder = Responder(self._keys, self.ledger, self.clock, self.timing)
        self._keeper = self.new_keeper()
        self.is_up = True
        """Whether the keeper runs."""
        self.crashes = 0
        self.calls_per_check = 1000
        self._checked_at = 0.0

    def new_keeper(self) -> Keeper:
        """Return a keeper; several may run at once."""
        clock, jitter, timing = self.clock, lambda: self._jitter, self.timing
        trusted = self._resume_is_trusted
        renewer = Renewer(self.ledger, self.server, self._keys, clock, jitter, timing, "https://hook", trusted)
        synchronizer = Synchronizer(self.ledger, self.states, self.server, clock, jitter, timing)
        return Keeper(self.ledger, renewer, synchronizer, clock, timing)

    def clock(self) -> datetime:
        """Return the time in the scenario."""
        return datetime.fromtimestamp(self.world.now, UTC)

    @property
    def minutes(self) -> float:
        """The time in the scenario, in minutes."""
        return self.world.now / MINUTE.total_seconds()

    @property
    def subscription(self) -> Subscription:
        """The row as it is."""
        return self.ledger.rows[self.key]

    @property
    def sync_run(self) -> SyncRun:
        """The sync run as it is stored."""
        return self.ledger.runs[self.key]

    @property
    def baseline(self) -> Baseline | None:
        """The baseline as it is stored."""
        return self.ledger.baselines.get(self.key)

    @property
    def round(self) -> int:
        """The round of the baseline, 0 where there is none."""
        return self.baseline.round if self.baseline is not None else 0

    @property
    def baseline_folders(self) -> list[str]:
        """The folders that the baseline has a state of."""
        return list(self.states.folders(self.key, self.round))

    @property
    def rounds(self) -> set[int]:
        """The rounds that there are states of."""
        return {number for _, number, _ in self.ledger.states}

    @property
    def has_open_gap(self) -> bool:
        """Whether a recovery is due."""
        return self.subscription.oldest_open_gap_at is not None

    def change(self, changes: SubscriptionChanges) -> None:
        """Change the row, as an operator does."""
        self.ledger.rows[self.key] = replace(self.subscription, **changes)

    def post(self, post: Post) -> None:
        """Deliver one POST, and its answer."""
        parameters = dict(zip(("subscription", "generation", "signature"), post.url.split("/")[-3:], strict=True))
        event = {"body": post.body.decode(), "isBase64Encoded": False, "pathParameters": parameters}
        answer = self._responder.respond(event)
        self.world.answer(post, answer["body"].encode(), answer["statusCode"])

    def deliver(self) -> None:
        """Deliver what the server has to post, until it has no more."""
        while posts := self.world.due():
            for post in posts:
                self.post(post)

    def check(self) -> None:
        """Let the keeper check the subscription. A fault that kills it is counted."""
        calls = count(1)
        self._checked_at = self.world.now
        try:
            self._keeper.check(self.key, lambda _: next(calls) <= self.calls_per_check)
        except InjectedError:
            self.crashes += 1

    def run(self, minutes: float) -> None:
        """Advance the clock: each POST is made when it is due, and the keeper checks what is due once a minute."""
        until = self.world.now + minutes * MINUTE.total_seconds()
        while self.world.now < until:
            self.deliver()
            if self._next_check() <= self.world.now:
                self.check()
                self.deliver()
            post_at = self.world.core.next_due()
            times = (self._next_check(), post_at if post_at is not None else float("inf"))
            self.world.now = min(until, max(min(times), self.world.now))
        self.deliver()

    def _next_check(self) -> float:
        """Return when the keeper is to check the subscription."""
        check_at = self.subscription.next_check_at
        if check_at is None or not self.is_up:
            return float("inf")
        return max(check_at.timestamp(), self._checked_at + MINUTE.total_seconds())

    def run_until(self, is_so: Callable[[], bool]) -> None:
        """Run until a condition holds; fail where that takes too long."""
        for _ in range(PATIENCE):
            if is_so():
                return
            self.run(1)
        assert is_so(), self.subscription

    def with_baseline(self) -> "Scenario":
        """Run until another baseline is stored, and return the scenario."""
        before = self.round
        self.run_until(lambda: self.round > before)
        return self

    def wait_for_gap(self) -> None:
        """Run until a gap is logged."""
        self.run_until(lambda: self.has_open_gap)

    def wait_for_recovery(self) -> None:
        """Run until a gap is logged, and then until no recovery is due any more."""
        self.wait_for_gap()
        self.run_until(lambda: not self.has_open_gap)

    def wait_for_sync(self) -> None:
        """Run until the next sync request."""
        before = self.server.syncs
        self.run_until(lambda: self.server.syncs > before)

    def begin_outage(self, minutes: float = 60) -> None:
        """Stop keeper and responder, and run the first so many minutes of that."""
        self.faults(cut=True)
        self.is_up = False
        self.run(minutes)

    def end_outage(self, minutes: float = 300) -> None:
        """Start them again after so long: the server has ended the subscription, and forgotten its watermark."""
        self.run(minutes)
        self.world.call("settings", resume="refused")
        self.is_up = True
        self.faults(cut=False)

    def outage(self, happens: Action = no_action) -> None:
        """Let something happen in an outage."""
        self.begin_outage()
        happens()
        self.end_outage()

    def begin_recovery(self) -> None:
        """Run from the end of an outage to the minute before the recovery begins."""
        self.wait_for_gap()
        self.calls_per_check = 0
        self.run(STATUS_FREQUENCY)
        self.calls_per_check = 1000

    def faults(self, **faults: Any) -> None:
        """Set faults of the server."""
        self.world.call("faults", **faults)

    def mail(self, **given: Any) -> str:
        """Deliver a message to the mailbox, and return its id."""
        return self.world.mail(**given)

    def item(self, item: str, action: str, **given: Any) -> str:
        """Carry out an action on an item, and return its id after that."""
        return str(self.world.act("items", item, action, **given)["item_id"])

    def folder(self, name: str, **given: Any) -> str:
        """Create a folder, and return its id."""
        return self.world.create_folder(name, **given)

    @property
    def documents(self) -> list[Document]:
        """All that was logged, in order."""
        entries = sorted(self.ledger.log, key=lambda entry: entry.arrival)
        return [document for entry in entries for document in documents_of(entry)]

    def changes(self, *origins: str) -> list[Change]:
        """Return the changes that were published, in order: with one of `origins`, or else with origin sync."""
        return [
            (document["type"].removeprefix("ews.mailbox."), document["data"]["id"])
            for document in self.documents
            if document["data"].get("id") is not None and document["data"]["origin"] in (origins or ("sync",))
        ]

    def published(self, *origins: str) -> Counter[Change]:
        """Return how often each change was published."""
        return Counter(self.changes(*origins))

    def kinds_of(self, object_id: str) -> list[str]:
        """Return what was published of an object, in order, whatever the origin."""
        return [kind for kind, own_id in self.changes("push", "sync") if own_id == object_id]

    def gaps(self) -> list[Document]:
        """Return the gap events, but for those that say of others that they stay open."""
        gaps = [document for document in self.documents if document["type"] == "ews.mailbox.gap"]
        return [gap for gap in gaps if gap["data"]["reason"] != GapReason.NOT_RECOVERED]

    def conclusions(self) -> list[tuple[str | None, list[str], int]]:
        """Return what was concluded of gaps: a reason where they stay open, their ids, and the recovered events."""
        concluded = [document["data"] for document in self.documents if "gaps" in document["data"]]
        return [(data.get("reason"), data["gaps"], data["recovered"]) for data in concluded]

    def closed_gaps(self) -> list[str]:
        """Return the ids of the gaps that were closed."""
        return sorted(own_id for reason, ids, _ in self.conclusions() for own_id in ids if reason is None)

    def is_closed_with(self, recovered: int) -> bool:
        """Whether one event closes all gaps there ever were."""
        return self.conclusions() == [(None, [gap["id"] for gap in self.gaps()], recovered)]

    def answers(self, operation: str = "SyncFolder") -> list[tuple[float, str]]:
        """Return the requests whose operation begins so: when, in minutes since the start, and the response code."""
        requests = [each for each in self.world.get("requests") if each["operation"].startswith(operation)]
        return [((each["at"] - self.world.core.started_at) / 60, each["answer"]) for each in requests]


def once(*changes: Change) -> Counter[Change]:
    """Return each of them, once."""
    return Counter(changes)
