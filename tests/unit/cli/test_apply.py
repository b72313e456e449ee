"""Carrying a plan out while keepers and notifications write too."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from botocore.exceptions import EndpointConnectionError

from cli.apply import TRIES, carried_out, follow
from cli.plan import Step, planned, retire_step
from ewspush.domain.desired import DesiredSubscription, new_subscription, retirement
from ewspush.domain.subscription import State, Subscription
from ewspush.domain.updates import ConditionalUpdate, WriteResult
from tests.stories import MAILBOX, NOON, subscription
from tests.twins.faults import FaultPlan
from tests.twins.ledger import MemoryLedger

WISH = DesiredSubscription(MAILBOX, folders=("inbox",))
BOB = DesiredSubscription("bob@example.com")
KEY = WISH.subscription


class CrowdedLedger(MemoryLedger):
    """Somebody else changes a row before each of the first writes."""

    def __init__(self, *rows: Subscription, times: int, meanwhile: Callable[[Subscription], Subscription]) -> None:
        """Take how often, and what is done to the row."""
        super().__init__(*rows)
        self._times = times
        self._meanwhile = meanwhile

    def write(self, entry: ConditionalUpdate) -> WriteResult:
        """See `SubscriptionLedger.write`."""
        if self._times:
            self._times -= 1
            self.rows[entry.subscription] = self._meanwhile(self.rows[entry.subscription])
        return super().write(entry)


class NoConnectionError(EndpointConnectionError):
    """What botocore raises when nobody is there."""

    def __init__(self, _: object) -> None:
        """Take what a fault plan says."""
        super().__init__(endpoint_url="https://example.com")


def step(wish: DesiredSubscription, *rows: Subscription) -> Step:
    """Return the only step of a plan."""
    (only,) = planned([wish], rows, NOON).steps
    return only


def renewed(row: Subscription) -> Subscription:
    """Return the row after the keeper was there."""
    return replace(row, generation=row.generation + 1, watermark=f"w{row.generation}", revision=row.revision + 1)


def test_a_new_one_is_added_and_due() -> None:
    """As the rules of registration have it."""
    ledger = MemoryLedger()
    assert follow(step(BOB), ledger, lambda: NOON)
    assert ledger.rows == {BOB.subscription: new_subscription(BOB, NOON)}


def test_a_change_keeps_what_the_keeper_wrote_meanwhile() -> None:
    """It is decided anew on the row as it is."""
    ledger = CrowdedLedger(subscription(), times=TRIES - 1, meanwhile=renewed)
    assert follow(step(WISH, subscription()), ledger, lambda: NOON)
    row = ledger.rows[KEY]
    assert (row.folders, row.generation, row.watermark) == (("inbox",), TRIES, f"w{TRIES - 1}")


def test_a_row_that_changes_all_the_time_is_given_up() -> None:
    """And left as it was."""
    ledger = CrowdedLedger(subscription(), times=TRIES, meanwhile=renewed)
    (done,) = carried_out([step(WISH, subscription())], ledger, lambda: NOON)
    assert done.error == "it was changed by others again and again: apply once more"
    assert ledger.rows[KEY].folders == ()


def test_one_that_another_apply_added_first_is_made_to_follow() -> None:
    """The plan saw no row, the table has one."""
    ledger = MemoryLedger(subscription())
    assert follow(step(WISH), ledger, lambda: NOON)
    assert ledger.rows[KEY].folders == ("inbox",)


def test_one_that_is_as_wished_by_now_is_not_written() -> None:
    """Two who apply the same file do the work once."""
    ledger = MemoryLedger(new_subscription(WISH, NOON))
    assert follow(step(WISH), ledger, lambda: NOON)
    assert ledger.requests == ["read"]


def test_one_that_vanished_is_added() -> None:
    """Somebody deleted the row."""
    ledger = MemoryLedger()
    assert follow(step(WISH, subscription()), ledger, lambda: NOON)
    assert ledger.rows[KEY].folders == ("inbox",)


def test_a_retired_one_ends_whatever_happened_meanwhile() -> None:
    """With the generation that the keeper wrote."""
    ledger = CrowdedLedger(subscription(), times=1, meanwhile=renewed)
    assert follow(retire_step(subscription()), ledger, lambda: NOON)
    assert (ledger.rows[KEY].state, ledger.rows[KEY].generation) == (State.RETIRED, 2)


@pytest.mark.parametrize("is_gone", [True, False])
def test_one_that_ended_already_is_not_ended_again(is_gone: bool) -> None:
    """Retired by somebody else, or deleted."""
    gone: Subscription = replace(subscription(), **retirement(subscription()))  # type: ignore[arg-type]  # by name
    ledger = MemoryLedger(*([] if is_gone else [gone]))
    assert follow(retire_step(subscription()), ledger, lambda: NOON)
    assert ledger.rows == ({} if is_gone else {KEY: gone})


def test_a_failure_leaves_the_others_alone() -> None:
    """Each step has its own outcome."""
    bob = replace(BOB, folders=("inbox",))
    rows = [subscription(), new_subscription(BOB, NOON)]
    ledger = MemoryLedger(*rows, writes=FaultPlan(refuse=[1], error=NoConnectionError))
    done = list(carried_out(planned([WISH, bob], rows, NOON).steps, ledger, lambda: NOON))
    assert sorted(one.error is None for one in done) == [False, True]
    assert sorted(row.folders for row in ledger.rows.values()) == [(), ("inbox",)]
    (error,) = filter(None, (one.error for one in done))
    assert error.startswith('Could not connect to the endpoint URL: "https://example.com"')


def test_what_is_retired_comes_last() -> None:
    """Interrupted half-way, nobody has less than before."""
    rows = [subscription()]
    steps = planned([BOB], rows, NOON).steps
    done = carried_out([steps[1], steps[0]], MemoryLedger(*rows), lambda: NOON)
    assert [one.step.mailbox for one in done] == [BOB.mailbox, MAILBOX]
