"""Baselines and recoveries: keeper, recoverer and responder on twins, under a mail server that was written apart.

Whatever happens in a gap comes out as events, once, and the gap is closed with their count.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from typing import Any, Final

import pytest

from ewspush.adapters.rows import item_of
from ewspush.domain.desired import (
    DEFAULT_EVENT_TYPES,
    EVENT_TYPES,
    DesiredSubscription,
    changes_toward,
    new_subscription,
    retirement,
)
from ewspush.domain.events import Document, GapReason
from ewspush.domain.keeper import Keeper
from ewspush.domain.recovering.rules import HIERARCHY, Purpose
from ewspush.domain.recovering.service import REFRESH_MINUTES, SPREAD_MINUTES, Recoverer
from ewspush.domain.renewing.rules import Policy
from ewspush.domain.subscription import LoggedNotification, State, Subscription
from ewspush.handlers.responder import Responder
from ewspush.protocol.lookup import LookupRequest
from ewspush.protocol.soap import Refused
from ewspush.protocol.synchronization import (
    MAX_CHANGES,
    HierarchyPage,
    ItemsPage,
    SyncHierarchyRequest,
    SyncItemsRequest,
)
from mailsim.deliveries import Post
from tests.sizes import item_bytes
from tests.twins.core_mail_server import CoreMailServer
from tests.twins.faults import FaultPlan, InjectedError
from tests.twins.keys import MemoryKeys
from tests.twins.ledger import MemoryLedger
from tests.twins.sync_states import MemorySyncStates
from tests.unit.mailsim.world import EMAIL, World

MINUTE: Final = timedelta(minutes=1)
DAY: Final = 24 * 60
PROFILES: Final = ("workmail", "exchange")
NAMED: Final = ("inbox", "drafts")
ALL: Final = ()
FOLDERS_OF_ALL: Final = 11
"""Those that mailsim shows of a new mailbox."""

_PATIENCE: Final = 180
"""Protocol minutes for anything that is waited for; StatusFrequency is 15."""

Told = tuple[str, str]
"""What follows `ews.mailbox.` in the type, and the id of the object."""


class Ledger(MemoryLedger):
    """The ledger, where something may happen right after its log was read."""

    _deeds: tuple[Callable[[], object], ...] = ()

    def between_reading_and_writing(self, deed: Callable[[], object]) -> None:
        """Let `deed` happen after the log is read next."""
        self._deeds = (deed,)

    def recent(self, subscription: str, since: datetime) -> Iterator[LoggedNotification]:
        """See `SubscriptionLedger.recent`."""
        found = list(super().recent(subscription, since))
        deeds, self._deeds = self._deeds, ()
        for deed in deeds:
            deed()
        return iter(found)


class Server(CoreMailServer):
    """mailsim, where something may happen while the request of a sync is on its way; they are numbered from 1."""

    def __init__(self, world: World) -> None:
        """Start with nothing asked."""
        super().__init__(world.core, lambda: world.now)
        self.syncs = 0
        self.meddling: dict[int, Callable[[], object]] = {}

    def sync_items(self, mailbox: str, request: SyncItemsRequest) -> ItemsPage | Refused:
        """See `MailServer.sync_items`."""
        self._count()
        return super().sync_items(mailbox, request)

    def sync_hierarchy(self, mailbox: str, request: SyncHierarchyRequest) -> HierarchyPage | Refused:
        """See `MailServer.sync_hierarchy`."""
        self._count()
        return super().sync_hierarchy(mailbox, request)

    def missing_items(self, mailbox: str, request: LookupRequest) -> frozenset[str] | Refused:
        """See `MailServer.missing_items`."""
        self._count()
        return super().missing_items(mailbox, request)

    def _count(self) -> None:
        self.syncs += 1
        self.meddling.get(self.syncs, lambda: None)()


class Story:
    """A mailbox, a subscription to it, and both sides of it, under a clock that is cranked."""

    def __init__(
        self,
        profile: str = "exchange",
        *,
        folders: tuple[str, ...] = NAMED,
        event_types: tuple[str, ...] = DEFAULT_EVENT_TYPES,
        trusted: bool = True,
        chance: float = 0.5,
        **settings: object,
    ) -> None:
        """Begin with a subscription that is wanted."""
        self.world = World(profile, settings)
        self.wish = DesiredSubscription(EMAIL, folders=folders, event_types=event_types)
        row = new_subscription(self.wish, self.clock())
        self.key = row.subscription
        self.writes, self.steps = FaultPlan(), FaultPlan()
        self.ledger = Ledger(row, writes=self.writes)
        self.states = MemorySyncStates(self.ledger, self.steps)
        self.server = Server(self.world)
        self.keys = MemoryKeys(b"key")
        self.policy = Policy(MINUTE, trusted)
        self.chance = chance
        self.responder = Responder(self.keys, self.ledger, self.clock)
        self.keeper = self.new_keeper()
        self.is_up = True
        self.killed = 0
        self.calls_a_look = 1000

    def new_keeper(self) -> Keeper:
        """Return a keeper; several may be at work at once."""
        chance = lambda: self.chance  # noqa: E731  # a port
        recoverer = Recoverer(self.ledger, self.states, self.server, self.clock, chance, self.policy)
        return Keeper(self.ledger, self.server, self.keys, self.clock, chance, self.policy, "https://hook", recoverer)

    def clock(self) -> datetime:
        """Return the time in the story."""
        return datetime.fromtimestamp(self.world.now, UTC)

    @property
    def row(self) -> Subscription:
        """The row as it is."""
        return self.ledger.rows[self.key]

    def change(self, changes: Any) -> None:
        """Let somebody change the row."""
        self.ledger.rows[self.key] = replace(self.row, **changes)

    def post(self, post: Post) -> None:
        """Carry one POST over, and its answer back."""
        parameters = dict(zip(("subscription", "generation", "signature"), post.url.split("/")[-3:], strict=True))
        event = {"body": post.body.decode(), "isBase64Encoded": False, "pathParameters": parameters}
        answer = self.responder.respond(event)
        self.world.answer(post, answer["body"].encode(), answer["statusCode"])

    def deliver(self) -> None:
        """Carry over what the server has to post, until it has no more."""
        while posts := self.world.due():
            for post in posts:
                self.post(post)

    def look(self) -> None:
        """Let the keeper look, as it does each minute; whatever kills it is forgotten by the next."""
        calls = count(1)
        try:
            self.keeper.look(self.key, lambda: next(calls) <= self.calls_a_look)
        except InjectedError:
            self.killed += 1

    def run(self, minutes: float) -> None:
        """Go on so long: each POST is made when it is due, and the keeper looks within a minute."""
        until = self.world.now + minutes * MINUTE.total_seconds()
        while self.world.now < until:
            self.deliver()
            if self.is_up:
                self.look()
                self.deliver()
            self.world.now = min(until, *self._next())
        self.deliver()

    def _next(self) -> list[float]:
        due_at = self.world.core.next_due()
        looks_at = self.row.next_check_at if self.is_up else None
        times = [max(looks_at.timestamp(), self.world.now + MINUTE.total_seconds())] if looks_at is not None else []
        return [*times, max(due_at, self.world.now)] if due_at is not None else [*times, float("inf")]

    def run_until(self, is_so: Callable[[], bool]) -> None:
        """Go on until something is so; fail where that takes too long."""
        for _ in range(_PATIENCE):
            if is_so():
                return
            self.run(1)
        assert is_so(), self.row

    def settled(self) -> "Story":
        """Go on until another baseline is adopted, and return the story."""
        before = self.row.baseline_round
        self.run_until(lambda: self.row.baseline_round > before)
        return self

    def found_a_gap(self) -> None:
        """Go on until a gap is written down."""
        self.run_until(lambda: self.row.oldest_open_gap_at is not None)

    def recovered(self) -> None:
        """Go on until a gap is written down, and then until no recovery is due any more."""
        self.found_a_gap()
        self.run_until(lambda: self.row.oldest_open_gap_at is None)

    def die(self, minutes: float = 60) -> None:
        """Let keeper and responder be gone from now on, for the first so many minutes."""
        self.faults(cut=True)
        self.is_up = False
        self.run(minutes)

    def come_back(self, minutes: float = 300) -> None:
        """Let them be there again after so long: the server has given the subscription up, and its watermark too."""
        self.run(minutes)
        self.world.call("settings", resume="refused")
        self.is_up = True
        self.faults(cut=False)

    def gapped(self, happens: Callable[[], object] = lambda: None) -> None:
        """Let something happen while nobody listens."""
        self.die()
        happens()
        self.come_back()

    def faults(self, **faults: Any) -> None:
        """Make something go wrong on the server."""
        self.world.call("faults", **faults)

    def mail(self, **given: Any) -> str:
        """Let a message arrive, and return its id."""
        return self.world.mail(**given)

    def item(self, item: str, action: str, **given: Any) -> str:
        """Do something with an item, and return its id after that."""
        return str(self.world.act("items", item, action, **given)["item_id"])

    def folder(self, name: str, **given: Any) -> str:
        """Make a folder, and return its id."""
        return str(self.world.call(f"mailboxes/{EMAIL}/folders", name=name, **given)["folder_id"])

    @property
    def documents(self) -> list[Document]:
        """All that was logged, in order."""
        logged = sorted(self.ledger.log, key=lambda one: one.arrival)
        return [document for one in logged for document in one.events]

    def told(self, *origins: str) -> Counter[Told]:
        """Return how often each change was told by `origins`, or else by a sync."""
        return Counter(
            (one["type"].removeprefix("ews.mailbox."), one["data"]["id"])
            for one in self.documents
            if one["data"].get("id") is not None and one["data"]["origin"] in (origins or ("sync",))
        )

    def gaps(self) -> list[Document]:
        """Return the gap events, those that say of others that they stay open left out."""
        gaps = [one for one in self.documents if one["type"] == "ews.mailbox.gap"]
        return [one for one in gaps if one["data"]["reason"] != GapReason.NOT_RECOVERED]

    def closings(self) -> list[tuple[str | None, list[str], int]]:
        """Return what was said of gaps: a reason where they stay open, their ids, and how many events tell of them."""
        told = [one["data"] for one in self.documents if "gaps" in one["data"]]
        return [(one.get("reason"), one["gaps"], one["recovered"]) for one in told]

    def is_closed_with(self, recovered: int) -> bool:
        """Whether one closing closes all gaps there ever were."""
        return self.closings() == [(None, [gap["id"] for gap in self.gaps()], recovered)]

    def answers(self, operation: str = "SyncFolder") -> list[tuple[float, str]]:
        """Return when what was asked begins with `operation`, in minutes since the start, and with which answer."""
        asked = [each for each in self.world.get("requests") if each["operation"].startswith(operation)]
        return [((each["at"] - self.world.core.started_at) / 60, each["answer"]) for each in asked]


def once(*told: Told) -> Counter[Told]:
    """Return each of them, once."""
    return Counter(told)


class TestBaseline:
    """The states that a recovery begins from."""

    @pytest.mark.parametrize(("chance", "minutes"), [(0.0, 0), (0.5, SPREAD_MINUTES / 2), (0.99, SPREAD_MINUTES)])
    def test_the_first_ones_of_a_herd_are_spread(self, chance: float, minutes: float) -> None:
        """Over a quarter of an hour from the look that finds the subscription alive."""
        story = Story(chance=chance)
        story.run_until(lambda: story.row.next_sync_at is not None)
        alive_at = story.world.now
        story.run_until(lambda: story.server.syncs > 0)
        assert minutes <= (story.world.now - alive_at) / 60 <= minutes + 2

    @pytest.mark.parametrize("profile", PROFILES)
    @pytest.mark.parametrize(("folders", "places"), [(ALL, FOLDERS_OF_ALL + 1), (NAMED, 2)])
    def test_it_is_of_every_folder_and_tells_nothing(self, profile: str, folders: tuple[str, ...], places: int) -> None:
        """What is in a mailbox already is no news; the folders of all folders come from the hierarchy."""
        story = Story(profile, folders=folders)
        for _ in range(3):
            story.mail()
        story.settled()
        assert story.documents == []
        assert len(story.states.places(story.key, story.row.baseline_round)) == places
        assert (HIERARCHY in story.states.places(story.key, story.row.baseline_round)) is (folders == ALL)

    def test_it_is_adopted_once_no_gap_can_begin_before_it(self) -> None:
        """A gap goes back from the last POST by twice StatusFrequency."""
        story = Story()
        story.run_until(lambda: story.server.syncs == len(NAMED))
        begun_at = story.clock()
        story.run(29)
        assert story.row.baseline_round == 0
        story.settled()
        assert story.row.baseline_valid_from is not None
        assert story.row.baseline_valid_from <= begun_at
        assert story.row.last_seen_at is not None
        assert story.row.last_seen_at - story.policy.silence(story.row) >= story.row.baseline_valid_from

    @pytest.mark.parametrize("folders", [ALL, NAMED])
    def test_a_new_one_is_taken_each_day_from_where_the_last_one_ends(self, folders: tuple[str, ...]) -> None:
        """It tells nothing, and takes the place of the last."""
        story = Story(folders=folders).settled()
        first, asked = story.row.baseline_valid_from, story.server.syncs
        assert first is not None
        story.mail()
        story.run(REFRESH_MINUTES)
        story.settled()
        assert story.row.baseline_valid_from is not None
        assert timedelta(days=1) <= story.row.baseline_valid_from - first <= timedelta(days=1, hours=2)
        assert story.server.syncs == 2 * asked
        assert {number for _, number, _ in story.states.states} == {story.row.baseline_round}
        assert story.told() == Counter()

    def test_until_a_new_one_is_adopted_the_last_one_holds(self) -> None:
        """The gap begins after the sync and before it was adopted."""
        story = Story().settled()
        asked = story.server.syncs
        story.run(REFRESH_MINUTES - 10)
        before = story.row.baseline_round
        story.run_until(lambda: story.server.syncs > asked)
        new: list[str] = []
        story.gapped(lambda: new.append(story.mail()))
        assert story.row.baseline_round == before
        story.recovered()
        assert story.told() == once(("created", new[0]))
        assert story.is_closed_with(1)

    def test_what_happened_while_nobody_wanted_the_subscription_is_no_news(self) -> None:
        """A new one is taken, which knows what came meanwhile; so its end in a gap is told."""
        story = Story(folders=ALL).settled()
        story.change(retirement(story.row))
        story.run(60)
        new = story.mail()
        story.change(changes_toward(story.row, story.wish, story.clock()))
        story.settled()
        story.gapped(lambda: story.item(new, "delete"))
        story.recovered()
        assert story.told() == once(("deleted", new))
        assert story.is_closed_with(1)

    def test_a_folder_made_since_the_last_one_is_in_the_new_one(self) -> None:
        """And a folder that is gone is not."""
        story = Story(folders=ALL)
        gone = story.folder("gone")
        story.settled()
        made = story.folder("made")
        story.world.act("folders", gone, "delete")
        story.run(REFRESH_MINUTES)
        story.settled()
        places = story.states.places(story.key, story.row.baseline_round)
        assert (made in places, gone in places) == (True, False)


class TestRecovery:
    """What became of everything that happened in a gap."""

    @pytest.mark.parametrize("profile", PROFILES)
    @pytest.mark.parametrize("folders", [ALL, NAMED])
    def test_two_dead_days_with_a_refused_watermark_come_out_as_events(
        self, profile: str, folders: tuple[str, ...]
    ) -> None:
        """Every create, update, move, copy and delete, once, and the gap is closed with their count."""
        story = Story(profile, folders=folders, trusted=profile == "exchange")
        changes_toward, moved, deleted, read, copied, left = (story.mail() for _ in range(6))
        story.settled()
        story.die(60)
        new = story.mail()
        story.item(changes_toward, "modify")
        elsewhere = story.item(moved, "move", folder="drafts")
        story.run(DAY)
        story.item(deleted, "delete")
        story.item(read, "read", read=True)
        copy = story.item(copied, "copy", folder="drafts")
        story.come_back(DAY)
        story.recovered()
        expected = once(
            ("created", new),
            ("modified", changes_toward),
            ("deleted", moved),
            ("created", elsewhere),
            ("deleted", deleted),
            ("modified", read),
            ("created", copy),
        )
        assert story.told() == expected
        assert left not in {own_id for _, own_id in story.told("push", "sync")}
        assert story.is_closed_with(len(expected))
        assert [gap["data"]["reason"] for gap in story.gaps()] == [GapReason.WATERMARK_REFUSED]
        story.run(2 * DAY)
        assert story.told() == expected

    @pytest.mark.parametrize("profile", PROFILES)
    def test_a_resume_that_was_not_one_is_recovered(self, profile: str) -> None:
        """The server takes the watermark, and starts from now."""
        story = Story(profile, trusted=False, resume="ignored")
        old = story.mail()
        story.settled()
        story.die()
        new = story.mail()
        story.item(old, "modify")
        story.run(300)
        story.is_up = True
        story.faults(cut=False)
        story.recovered()
        assert story.told() == once(("created", new), ("modified", old))
        assert [gap["data"]["reason"] for gap in story.gaps()] == [GapReason.RESUME_UNPROVEN]
        assert story.is_closed_with(2)

    @pytest.mark.parametrize("profile", PROFILES)
    @pytest.mark.parametrize("resume", ["honoured", "refused"])
    def test_after_an_error_notification_everything_is_told_once(self, profile: str, resume: str) -> None:
        """By push, where the renewed subscription goes on from the watermark, or else by a sync."""
        story = Story(profile, trusted=profile == "exchange", resume=resume)
        old = story.mail()
        story.settled()
        story.faults(error_notification="ErrorReadEventsFailed")
        story.deliver()
        assert story.row.state is State.LAPSED
        new = story.mail()
        story.item(old, "modify")
        story.recovered()
        story.run(60)
        told = story.told("push", "sync")
        assert {told["created", new], told["modified", old]} == {1}
        assert GapReason.SUBSCRIPTION_LOST in {gap["data"]["reason"] for gap in story.gaps()}
        assert sorted(own_id for _, ids, _ in story.closings() for own_id in ids) == sorted(
            gap["id"] for gap in story.gaps()
        )
        assert {reason for reason, _, _ in story.closings()} == {None}

    def test_what_a_broken_chain_swallowed_is_recovered(self) -> None:
        """The server passes over a change, and goes on as if it had told of it."""
        story = Story().settled()
        lost = story.mail()
        (theirs,) = story.world.core.subscriptions.values()
        theirs.counter = theirs.queue[-1].counter
        theirs.queue.clear()
        told = story.mail()
        story.recovered()
        assert story.told() == once(("created", lost))
        assert story.told("push")["created", told] == 1
        assert [gap["data"]["reason"] for gap in story.gaps()] == [GapReason.CHAIN_MISMATCH]
        assert story.is_closed_with(1)

    @pytest.mark.parametrize("profile", PROFILES)
    def test_a_mailbox_that_was_disabled_and_restored_is_recovered(self, profile: str) -> None:
        """It was reached by mail meanwhile; its subscription is gone, and nobody knows the watermark any more."""
        story = Story(profile, trusted=profile == "exchange")
        old = story.mail()
        story.settled()
        story.world.call(f"mailboxes/{EMAIL}/disable")
        story.run(60)
        assert story.row.state is State.SUSPENDED
        new = story.mail()
        story.item(old, "delete")
        story.world.call("settings", resume="refused")
        story.world.call(f"mailboxes/{EMAIL}/enable")
        story.run(DAY)
        story.run_until(lambda: bool(story.closings()))
        assert story.told() == once(("created", new), ("deleted", old))
        assert story.is_closed_with(2)

    def test_what_was_made_and_deleted_in_a_gap_is_seen_by_nobody(self) -> None:
        """A sync tells net changes: the gap is closed with nothing in it."""
        story = Story().settled()
        story.gapped(lambda: story.item(story.mail(), "delete"))
        story.recovered()
        assert story.told() == Counter()
        assert story.is_closed_with(0)

    def test_only_events_that_were_asked_for_are_told(self) -> None:
        """A subscription to new items alone hears of no deletion."""
        story = Story(event_types=("CreatedEvent",))
        old = story.mail()
        story.settled()
        story.die()
        story.item(old, "delete")
        new = story.mail()
        story.come_back()
        story.recovered()
        assert story.told() == once(("created", new))
        assert story.is_closed_with(1)

    def test_more_items_than_fit_a_page_are_told_page_by_page(self) -> None:
        """1,500 of them, in a budget of one request a look."""
        story = Story().settled()
        ids: list[str] = []
        story.gapped(lambda: ids.extend(story.mail() for _ in range(1500)))
        story.found_a_gap()
        story.calls_a_look = 1
        before = story.server.syncs
        story.run_until(lambda: story.row.oldest_open_gap_at is None)
        assert story.told() == Counter(("created", each) for each in ids)
        assert story.is_closed_with(1500)
        assert story.server.syncs - before == -(-1500 // MAX_CHANGES) + 1

    def test_a_recovery_is_a_baseline_for_the_next(self) -> None:
        """Each tells what happened since, and the first one's states are dropped."""
        story = Story().settled()
        made: list[str] = []
        for number in (1, 2):
            story.gapped(lambda: made.append(story.mail()))
            story.recovered()
            assert story.told() == once(*(("created", each) for each in made))
            assert {each for _, each, _ in story.states.states} == {story.row.baseline_round}
            assert len(story.closings()) == number
            story.run(60)
        assert [(reason, recovered) for reason, _, recovered in story.closings()] == [(None, 1), (None, 1)]


class TestFolders:
    """A subscription to all folders."""

    def test_a_folder_made_in_a_gap_is_told_with_what_is_in_it(self) -> None:
        """Folders in it too."""
        story = Story(folders=ALL).settled()
        story.die()
        plans = story.folder("plans")
        inner = story.folder("inner", parent=plans)
        items = [story.mail(folder=plans), story.mail(folder=inner)]
        story.come_back()
        story.recovered()
        assert story.told() == once(*(("created", each) for each in (plans, inner, *items)))
        assert story.is_closed_with(4)
        objects = {one["data"]["id"]: one["data"]["object"] for one in story.documents if one["data"].get("id")}
        assert objects == dict.fromkeys((plans, inner), "folder") | dict.fromkeys(items, "item")

    def test_a_folder_made_before_a_gap_is_told_with_what_came_into_it(self) -> None:
        """Push told of the folder, the baseline does not know it."""
        story = Story(folders=ALL).settled()
        plans = story.folder("plans")
        known = story.mail(folder=plans)
        story.run(60)
        story.die()
        new = story.mail(folder=plans)
        story.come_back()
        story.recovered()
        told = story.told("push", "sync")
        assert [told["created", each] for each in (plans, known, new)] == [1, 1, 1]
        assert ("created", new) in story.told()
        assert {reason for reason, _, _ in story.closings()} == {None}

    def test_folders_deleted_and_renamed_in_a_gap_are_told(self) -> None:
        """The next run does not ask for the one that is gone."""
        story = Story(folders=ALL)
        gone, renamed = story.folder("gone"), story.folder("renamed")
        story.settled()
        story.die()
        story.world.act("folders", gone, "delete")
        story.world.act("folders", renamed, "modify")
        story.come_back()
        story.recovered()
        assert story.told() == once(("deleted", gone), ("modified", renamed))
        assert story.is_closed_with(2)
        assert gone not in story.states.places(story.key, story.row.baseline_round)

    def test_a_folder_that_goes_while_folders_are_gone_through_is_passed_over(self) -> None:
        """It was there when the hierarchy was asked for."""
        story = Story(folders=ALL)
        gone = story.folder("gone")
        story.settled()
        story.die()
        new = story.mail()
        story.come_back()
        story.server.meddling[story.server.syncs + 2] = lambda: story.world.act("folders", gone, "delete")
        story.recovered()
        story.run(60)
        assert story.told("push", "sync")["deleted", gone] == 1
        assert story.told()["created", new] == 1
        assert {reason for reason, _, _ in story.closings()} == {None}


class TestOnce:
    """What push has told, before or after, is not told again; what it has not told is."""

    def test_what_came_and_went_around_a_gap_is_not_told_again(self) -> None:
        """Push told of it: some of it since the baseline, some of it since the gap."""
        story = Story()
        goes_before, goes_after, stays = (story.mail() for _ in range(3))
        story.settled()
        came_before = story.mail()
        story.item(goes_before, "delete")
        story.run(120)
        story.gapped()
        story.calls_a_look = 0
        story.found_a_gap()
        came_after = story.mail()
        story.item(goes_after, "delete")
        story.run(5)
        story.calls_a_look = 1000
        story.recovered()
        assert story.told() == Counter()
        pushed = story.told("push")
        assert [pushed["created", each] for each in (came_before, came_after)] == [1, 1]
        assert ("deleted", stays) not in pushed
        assert story.is_closed_with(0)

    @pytest.mark.parametrize("minutes", [120, 5])
    def test_an_update_told_before_a_gap_is_not_told_again(self, minutes: float) -> None:
        """Long before it, or so shortly that the gap's range reaches back to it."""
        story = Story()
        old = story.mail()
        story.settled()
        story.run(10)
        story.item(old, "modify")
        story.run(minutes)
        assert story.told("push")["modified", old] == 1
        story.gapped()
        story.recovered()
        assert story.told() == Counter()
        assert story.is_closed_with(0)

    @pytest.mark.parametrize("before", ["nothing", "made", "changed"])
    @pytest.mark.parametrize("action", ["modify", "read"])
    def test_an_update_in_a_gap_is_told_whatever_push_told_before(self, before: str, action: str) -> None:
        """Also of an item that came since the baseline: the server then says that it was created."""
        story = Story()
        old = story.mail()
        story.settled()
        item = story.mail() if before == "made" else old
        if before == "changed":
            story.item(old, "modify")
        story.run(120)
        story.gapped(lambda: story.item(item, action))
        story.recovered()
        assert story.told() == once(("modified", item))
        assert story.is_closed_with(1)

    def test_a_flag_set_before_a_gap_and_taken_away_in_it_is_told(self) -> None:
        """The server does not say when: what push told before says nothing of what came later."""
        story = Story()
        old = story.mail()
        story.settled()
        story.item(old, "read", read=True)
        story.run(120)
        story.gapped(lambda: story.item(old, "read", read=False))
        story.recovered()
        assert story.told() == once(("modified", old))
        assert story.is_closed_with(1)

    @pytest.mark.parametrize("folders", [ALL, NAMED])
    def test_what_came_since_the_baseline_and_went_in_a_gap_is_told(self, folders: tuple[str, ...]) -> None:
        """To the server nothing has changed between the baseline and now."""
        story = Story(folders=folders).settled()
        item, moved = story.mail(), story.mail()
        story.run(120)
        elsewhere: list[str] = []
        story.die()
        story.item(item, "delete")
        elsewhere.append(story.item(moved, "move", folder="drafts"))
        story.come_back()
        story.recovered()
        assert story.told() == once(("deleted", item), ("deleted", moved), ("created", elsewhere[0]))
        assert story.is_closed_with(3)
        assert "" not in {one["data"].get("parent_folder_id") for one in story.documents}

    @pytest.mark.parametrize("change", ["created", "deleted", "modified"])
    def test_what_push_tells_late_is_not_told_twice(self, change: str) -> None:
        """The sync was faster: the POST comes while the gap is open."""
        story = Story()
        old = story.mail()
        story.settled()
        story.gapped()
        story.calls_a_look = 0
        story.found_a_gap()
        story.run(2)
        item = story.mail() if change == "created" else old
        if change != "created":
            story.item(old, {"deleted": "delete", "modified": "modify"}[change])
        story.calls_a_look = 1000
        story.look()
        assert story.told() == once((change, item))
        story.run(120)
        assert story.row.oldest_open_gap_at is None
        assert story.told("push", "sync")[change, item] == 1

    @pytest.mark.parametrize("by", ["keeper", "responder"])
    def test_of_a_post_and_a_sync_that_read_the_log_side_by_side_one_looks_again(self, by: str) -> None:
        """Whoever reads first, and whoever writes first."""
        story = Story().settled()
        story.gapped()
        story.calls_a_look = 0
        story.found_a_gap()
        story.run(2)
        item = story.mail()
        story.calls_a_look = 1000
        turns = [lambda: story.post(story.world.post()), story.look]
        first, second = turns if by == "responder" else reversed(turns)
        story.ledger.between_reading_and_writing(second)
        first()
        story.run(120)
        assert story.row.oldest_open_gap_at is None
        assert story.told("push", "sync")["created", item] == 1

    @pytest.mark.parametrize("profile", PROFILES)
    def test_a_backlog_of_several_posts_is_not_told_twice(self, profile: str) -> None:
        """The keeper looks in between; a POST of which all was told is a link of the chain like any other."""
        story = Story(profile, events_per_post=1).settled()
        story.gapped()
        story.calls_a_look = 0
        story.found_a_gap()
        story.run(2)
        items = [story.mail() for _ in range(5)]
        story.calls_a_look = 1000
        story.look()
        assert story.told() == once(*(("created", each) for each in items))
        for _ in range(5):
            story.world.now += MINUTE.total_seconds()
            story.post(story.world.post())
            story.look()
        story.run(120)
        told = story.told("push", "sync")
        assert [told["created", each] for each in items] == [1] * 5
        assert len(story.gaps()) == 1

    @pytest.mark.parametrize("action", ["move", "copy"])
    def test_a_move_or_copy_that_push_tells_late_is_not_told_twice(self, action: str) -> None:
        """To the sync something was created, and something else may have been deleted."""
        story = Story()
        old = story.mail()
        story.settled()
        story.gapped()
        story.calls_a_look = 0
        story.found_a_gap()
        story.run(2)
        new = story.item(old, action, folder="drafts")
        story.calls_a_look = 1000
        story.look()
        assert story.told()["created", new] == 1
        story.run(120)
        assert [own_id for kind, own_id in story.told("push") if kind in {"moved", "copied"}] == []
        assert len(story.gaps()) == 1


class TestNotRecovered:
    """Where a sync can't tell all of it, the gap stays open and that is said."""

    @pytest.mark.parametrize("profile", PROFILES)
    @pytest.mark.parametrize("folders", [ALL, NAMED])
    def test_forgotten_states_tell_nothing_as_new(self, profile: str, folders: tuple[str, ...]) -> None:
        """Everything would look created. Later gaps are recovered again."""
        story = Story(profile, folders=folders, trusted=profile == "exchange")
        for _ in range(3):
            story.mail()
        story.settled()
        story.die()
        story.mail()
        story.faults(forget_sync_states=True)
        story.come_back()
        story.recovered()
        (gap,) = story.gaps()
        assert story.told() == Counter()
        assert story.closings() == [(GapReason.NOT_RECOVERED, [gap["id"]], 0)]
        story.run(120)
        story.die()
        new = story.mail()
        story.come_back()
        story.recovered()
        assert story.told() == once(("created", new))
        assert story.closings()[1:] == [(None, [story.gaps()[-1]["id"]], 1)]

    def test_states_forgotten_under_way_leave_the_gap_open_and_tell_what_was_known(self) -> None:
        """The folder before was told of; the one under way starts over."""
        story = Story().settled()
        story.die()
        new = story.mail()
        unseen = story.mail(folder="drafts")
        story.come_back()
        story.server.meddling[story.server.syncs + 2] = lambda: story.faults(forget_sync_states=True)
        story.recovered()
        assert story.told() == once(("created", new))
        assert ("created", unseen) not in story.told("push", "sync")
        assert story.closings() == [(GapReason.NOT_RECOVERED, [story.gaps()[0]["id"]], 1)]

    @pytest.mark.parametrize("folders", [ALL, NAMED])
    def test_a_gap_before_the_first_baseline_stays_open(self, folders: tuple[str, ...]) -> None:
        """The run is a baseline, at least."""
        story = Story(folders=folders)
        story.mail()
        story.run(2)
        assert story.row.state is State.ACTIVE
        story.gapped(story.mail)
        story.recovered()
        assert story.told() == Counter()
        assert story.closings() == [(GapReason.NOT_RECOVERED, [story.gaps()[0]["id"]], 0)]
        assert story.row.baseline_round > 0

    def test_a_gap_that_begins_before_the_baseline_stays_open(self) -> None:
        """The baseline was taken under way, and adopted by nobody: it proves nothing of the time before."""
        story = Story()
        story.run_until(lambda: story.server.syncs == len(NAMED))
        story.gapped(story.mail)
        story.recovered()
        assert [reason for reason, _, _ in story.closings()] == [GapReason.NOT_RECOVERED]


class TestSeveralGaps:
    """Storms."""

    def test_a_second_gap_right_after_a_recovery_is_recovered_too(self) -> None:
        """Its range reaches back beyond the recovery, which has told all of that."""
        story = Story().settled()
        made: list[str] = []
        story.gapped(lambda: made.append(story.mail()))
        story.recovered()
        story.gapped(lambda: made.append(story.mail()))
        story.recovered()
        assert story.told() == once(*(("created", each) for each in made))
        assert story.closings() == [(None, [gap["id"]], 1) for gap in story.gaps()]

    def test_a_second_gap_during_a_recovery_is_recovered_too(self) -> None:
        """The first run ends, and another one follows."""
        story = Story(folders=ALL).settled()
        made: list[str] = []
        story.gapped(lambda: made.append(story.mail()))
        story.calls_a_look = 2
        story.found_a_gap()
        story.run(3)
        work = story.states.work(story.key)
        assert work is not None
        assert not work.is_done
        story.calls_a_look = 0
        story.gapped(lambda: made.append(story.mail()))
        story.calls_a_look = 1000
        story.run(_PATIENCE)
        assert story.row.oldest_open_gap_at is None
        assert story.told() == once(*(("created", each) for each in made))
        closed = [own_id for reason, ids, _ in story.closings() for own_id in ids if reason is None]
        assert sorted(closed) == sorted(gap["id"] for gap in story.gaps())
        assert len(story.gaps()) == 2
        assert sum(recovered for _, _, recovered in story.closings()) == 2

    def test_a_gap_while_a_baseline_is_taken_is_recovered_from_the_last_one(self) -> None:
        """The run under way is given up for a recovery."""
        story = Story(folders=ALL).settled()
        story.run(REFRESH_MINUTES - 40)
        story.calls_a_look = 1
        before = story.server.syncs
        story.run_until(lambda: story.server.syncs > before + 2)
        work = story.states.work(story.key)
        assert work is not None
        assert work.purpose is Purpose.BASELINE
        story.calls_a_look = 0
        made: list[str] = []
        story.gapped(lambda: made.append(story.mail()))
        story.calls_a_look = 1000
        story.recovered()
        assert story.told() == once(("created", made[0]))
        assert story.is_closed_with(1)


class TestServer:
    """What the mail server says to a sync."""

    def test_a_busy_server_is_left_alone_and_asked_again_where_it_was(self) -> None:
        """As long as it says, twice as long each time."""
        story = Story(folders=ALL).settled()
        story.die()
        new = story.mail()
        story.come_back()
        busy: dict[str, Any] = {"refuse_sync": "ErrorServerBusy", "times": 3, "back_off_ms": 120_000}
        story.server.meddling[story.server.syncs + 4] = lambda: story.faults(**busy)
        asked = len(story.answers())
        story.recovered()
        answers = story.answers()[asked:]
        assert [code for _, code in answers].count("ErrorServerBusy") == 3
        assert len(answers) == FOLDERS_OF_ALL + 1 + 3
        refused = [at for at, code in answers if code != "NoError"]
        assert all(later - earlier >= 2 for earlier, later in pairwise(refused))
        assert story.told() == once(("created", new))
        assert story.is_closed_with(1)

    def test_a_server_that_stays_busy_is_asked_at_longer_intervals(self) -> None:
        """Up to a quarter of an hour; the gap stays open, and nothing is said of it."""
        story = Story().settled()
        story.gapped(story.mail)
        story.faults(refuse_sync="ErrorServerBusy", times=1000)
        asked = len(story.answers())
        story.found_a_gap()
        story.run(300)
        times = [at for at, _ in story.answers()[asked:]]
        waits = [later - earlier for earlier, later in pairwise(times)]
        assert waits == sorted(waits)
        assert 10 <= waits[-1] <= 15
        assert story.closings() == []
        story.faults()
        story.run_until(lambda: story.row.oldest_open_gap_at is None)
        assert story.is_closed_with(1)

    @pytest.mark.parametrize("fate", ["refuse", "forget"])
    def test_a_sync_without_an_answer_is_asked_again(self, fate: str) -> None:
        """It is not known whether the server got it; to ask twice does no harm."""
        story = Story().settled()
        story.die()
        new = story.mail()
        story.come_back()
        story.found_a_gap()
        calls = story.server.calls
        setattr(story.server.calls, fate, [calls.calls + 1, calls.calls + 2])
        story.run_until(lambda: story.row.oldest_open_gap_at is None)
        assert calls.calls > 2
        assert story.told() == once(("created", new))
        assert story.is_closed_with(1)


class TestBudget:
    """A budget of requests a look."""

    @pytest.mark.parametrize("calls", [1, 5])
    @pytest.mark.parametrize("folders", [ALL, NAMED])
    def test_a_run_goes_on_where_the_last_look_ended(self, calls: int, folders: tuple[str, ...]) -> None:
        """No request is made twice, and no look makes more than it may."""
        story = Story(folders=folders).settled()
        whole = story.server.syncs
        story.die()
        new = story.mail()
        story.come_back()
        story.calls_a_look = calls
        story.recovered()
        assert story.server.syncs == 2 * whole
        most = max(Counter(at for at, _ in story.answers()[whole:]).values())
        assert most == min(calls, whole)
        assert story.told() == once(("created", new))
        assert story.is_closed_with(1)

    def test_without_any_nothing_is_asked_and_renewals_go_on(self) -> None:
        """Silence is noticed as ever."""
        story = Story().settled()
        asked = story.server.syncs
        story.calls_a_look = 0
        story.gapped()
        story.found_a_gap()
        story.run(DAY)
        story.faults(restart=True)
        before = len(story.answers("Subscribe"))
        story.run(45)
        assert story.server.syncs == asked
        assert len(story.answers("Subscribe")) > before
        assert story.row.state is State.ACTIVE


def look_once(keeper: Keeper, subscription: str) -> None:
    """Look, with one request of a sync at most."""
    calls = count(1)
    keeper.look(subscription, lambda: next(calls) <= 1)


def _after_a_gap(story: Story, arm: Callable[[], None]) -> Counter[Told]:
    """Return what is to be told of a gap with something of everything in it, which is recovered once `arm` was called.

    The gap is closed then.
    """
    items = [story.mail() for _ in range(4)]
    story.settled()
    story.die()
    expected = once(
        ("created", story.mail()),
        ("created", story.mail(folder="drafts")),
        ("deleted", items[1]),
        ("deleted", items[2]),
        ("modified", items[0]),
    )
    story.item(items[0], "modify")
    story.item(items[1], "delete")
    expected["created", story.item(items[2], "move", folder="drafts")] += 1
    story.come_back()
    arm()
    story.recovered()
    story.run(60)
    return expected


class TestKilled:
    """The keeper dies at any point, and the next one goes on."""

    @pytest.mark.parametrize("fate", ["refuse", "forget"])
    @pytest.mark.parametrize("number", range(1, 5))
    @pytest.mark.parametrize("folders", [ALL, NAMED])
    def test_between_two_steps_nothing_is_lost_or_told_twice(
        self, fate: str, number: int, folders: tuple[str, ...]
    ) -> None:
        """Before a step is stored, or after it, and nobody learns of it."""
        story = Story(folders=folders)

        def arm() -> None:
            setattr(story.steps, fate, [story.steps.calls + number])

        expected = _after_a_gap(story, arm)
        assert story.killed == 1
        assert story.told("push", "sync") == expected
        assert story.is_closed_with(len(expected))

    @pytest.mark.parametrize("fate", ["refuse", "forget"])
    @pytest.mark.parametrize("number", range(1, 12))
    def test_between_two_writes_of_the_row_nothing_is_lost_or_told_twice(self, fate: str, number: int) -> None:
        """The keeper's or the responder's: the server then sends again."""
        story = Story()

        def arm() -> None:
            setattr(story.writes, fate, [story.writes.calls + number])

        expected = _after_a_gap(story, arm)
        assert story.told("push", "sync") == expected
        assert story.is_closed_with(len(expected))

    def test_at_every_other_step_nothing_is_lost_or_told_twice(self) -> None:
        """A very bad day: no step goes well at the first try."""
        story = Story(folders=ALL)

        def arm() -> None:
            story.steps.refuse = range(story.steps.calls + 1, 1000, 2)

        expected = _after_a_gap(story, arm)
        assert story.killed > FOLDERS_OF_ALL
        assert story.told("push", "sync") == expected
        assert story.is_closed_with(len(expected))


class TestOverlap:
    """Two keepers at one run: the version of the run is their lock."""

    @pytest.mark.parametrize("number", [1, 2, 3, FOLDERS_OF_ALL + 1])
    def test_a_second_keeper_beside_a_request_tells_nothing_twice(self, number: int) -> None:
        """It looks while the first one waits for an answer, and gets as far as it can."""
        story = Story(folders=ALL)
        looks: list[object] = []

        def arm() -> None:
            other = story.new_keeper()
            story.server.meddling[story.server.syncs + number] = lambda: looks.append(other.look(story.key))

        expected = _after_a_gap(story, arm)
        assert len(looks) == 1
        assert story.told("push", "sync") == expected
        assert story.is_closed_with(len(expected))

    def test_a_second_keeper_beside_every_request_tells_nothing_twice(self) -> None:
        """Each of the two makes one request of the other's worthless."""
        story = Story(folders=ALL)

        def arm() -> None:
            other = story.new_keeper()
            for number in range(1, 100, 2):
                story.server.meddling[story.server.syncs + number] = lambda: look_once(other, story.key)

        expected = _after_a_gap(story, arm)
        assert story.told("push", "sync") == expected
        assert story.is_closed_with(len(expected))

    def test_a_subscription_that_is_lost_during_a_run_is_renewed_and_recovered(self) -> None:
        """The error notification comes while a page is on its way."""
        story = Story(folders=ALL).settled()
        story.die()
        new = story.mail()
        story.come_back()

        def lose() -> None:
            story.faults(error_notification="ErrorReadEventsFailed")
            story.deliver()

        story.server.meddling[story.server.syncs + 2] = lose
        story.found_a_gap()
        story.run(_PATIENCE)
        assert story.row.oldest_open_gap_at is None
        assert story.told() == once(("created", new))
        assert len(story.gaps()) >= 2
        closed = [own_id for reason, ids, _ in story.closings() for own_id in ids if reason is None]
        assert sorted(closed) == sorted(gap["id"] for gap in story.gaps())


class TestRow:
    """The hot row."""

    def test_it_stays_under_a_kilobyte_with_everything_set(self) -> None:
        """A heartbeat costs one write unit, also while a recovery is open."""
        story = Story(event_types=EVENT_TYPES).settled()
        story.gapped(story.mail)
        story.found_a_gap()
        moments = [field.name for field in fields(Subscription) if field.type == datetime | None]
        more: dict[str, Any] = dict.fromkeys(moments, story.clock())
        row = replace(
            story.row,
            **more,
            superseded_until=(story.clock(),) * 2,
            pending_generation=100,
            awaiting_first_push=True,
            suspected_gap_reason=GapReason.SUBSCRIPTION_LOST,
            previous_watermark=story.row.watermark,
        )
        # A heartbeat is written to an active row, and one that lives has no error.
        assert {field.name for field in fields(row) if getattr(row, field.name) is None} == {"lost_code", "last_error"}
        assert item_bytes(item_of(row)) < 1024
