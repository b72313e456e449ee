"""Applying a plan while keepers and notifications write too."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from botocore.exceptions import EndpointConnectionError

from cli.apply import MAX_ATTEMPTS, apply_step, apply_steps
from cli.plan import Step, make_plan, retire_step
from ewspush.domain.desired import DesiredSubscription, new_subscription, retirement
from ewspush.domain.subscription import State, Subscription
from ewspush.domain.sync_run import SyncStep
from ewspush.domain.updates import ConditionalUpdate, WriteResult
from tests.builders import MAILBOX, NOON, TIMING, subscription
from tests.twins.faults import FaultPlan
from tests.twins.ledger import MemoryLedger

ALICE = DesiredSubscription(MAILBOX, folders=("inbox",))
BOB = DesiredSubscription("bob@example.com")
KEY = ALICE.key


class ContendedLedger(MemoryLedger):
    """Another writer changes the subscription before each of the first `times` writes."""

    def __init__(self, *current: Subscription, times: int, meanwhile: Callable[[Subscription], Subscription]) -> None:
        super().__init__(*current)
        self._times = times
        self._meanwhile = meanwhile

    def commit(self, update: ConditionalUpdate | None, step: SyncStep | None = None) -> WriteResult:
        if self._times and update is not None:
            self._times -= 1
            self.rows[update.key] = self._meanwhile(self.rows[update.key])
        return super().commit(update, step)


class NoConnectionError(EndpointConnectionError):
    """Raised by botocore when an endpoint does not answer."""

    def __init__(self, _: object) -> None:
        super().__init__(endpoint_url="https://example.com")


def only_step(desired: DesiredSubscription, *current: Subscription) -> Step:
    """Return the only step of a plan."""
    (only,) = make_plan([desired], current, TIMING, NOON).steps
    return only


def renewed(before: Subscription) -> Subscription:
    """Return the subscription after the keeper renewed it."""
    generation = before.generation
    return replace(before, generation=generation + 1, watermark=f"w{generation}", revision=before.revision + 1)


def test_a_new_subscription_is_added_and_due() -> None:
    """The rules of `desired` say what it holds."""
    ledger = MemoryLedger()
    assert apply_step(only_step(BOB), ledger, lambda: NOON, TIMING)
    assert ledger.rows == {BOB.key: new_subscription(BOB, NOON)}


def test_a_change_keeps_what_the_keeper_wrote_meanwhile() -> None:
    """The changes are computed again from the subscription as it is now."""
    ledger = ContendedLedger(subscription(), times=MAX_ATTEMPTS - 1, meanwhile=renewed)
    assert apply_step(only_step(ALICE, subscription()), ledger, lambda: NOON, TIMING)
    stored = ledger.rows[KEY]
    assert (stored.folders, stored.generation, stored.watermark) == (("inbox",), MAX_ATTEMPTS, f"w{MAX_ATTEMPTS - 1}")


def test_a_subscription_that_changes_during_every_attempt_fails() -> None:
    """The step writes nothing."""
    ledger = ContendedLedger(subscription(), times=MAX_ATTEMPTS, meanwhile=renewed)
    (result,) = apply_steps([only_step(ALICE, subscription())], ledger, lambda: NOON, TIMING)
    assert result.error == "other writers changed it during 5 attempts; run the command again"
    assert ledger.rows[KEY].folders == ()


def test_a_subscription_that_another_apply_added_first_is_changed() -> None:
    """The plan saw none, the table has one."""
    ledger = MemoryLedger(subscription())
    assert apply_step(only_step(ALICE), ledger, lambda: NOON, TIMING)
    assert ledger.rows[KEY].folders == ("inbox",)


def test_a_subscription_that_matches_by_now_is_not_written() -> None:
    """Two operators who apply the same file cause one write."""
    ledger = MemoryLedger(new_subscription(ALICE, NOON))
    assert apply_step(only_step(ALICE), ledger, lambda: NOON, TIMING)
    assert ledger.requests == ["read"]


def test_a_deleted_subscription_is_added() -> None:
    """The plan saw it, the table has none."""
    ledger = MemoryLedger()
    assert apply_step(only_step(ALICE, subscription()), ledger, lambda: NOON, TIMING)
    assert ledger.rows[KEY].folders == ("inbox",)


def test_a_subscription_that_was_renewed_meanwhile_is_retired() -> None:
    """It keeps the generation that the keeper wrote."""
    ledger = ContendedLedger(subscription(), times=1, meanwhile=renewed)
    assert apply_step(retire_step(subscription()), ledger, lambda: NOON, TIMING)
    assert (ledger.rows[KEY].state, ledger.rows[KEY].generation) == (State.RETIRED, 2)


@pytest.mark.parametrize("is_deleted", [True, False])
def test_a_subscription_that_is_retired_or_deleted_stays_so(is_deleted: bool) -> None:
    """Retiring it writes nothing."""
    retired: Subscription = replace(subscription(), **retirement(subscription()))
    ledger = MemoryLedger(*([] if is_deleted else [retired]))
    assert apply_step(retire_step(subscription()), ledger, lambda: NOON, TIMING)
    assert ledger.rows == ({} if is_deleted else {KEY: retired})


def test_a_failed_step_does_not_stop_the_others() -> None:
    """Each step has its own result."""
    bob = replace(BOB, folders=("inbox",))
    current = [subscription(), new_subscription(BOB, NOON)]
    ledger = MemoryLedger(*current, writes=FaultPlan(refuse=[1], error=NoConnectionError))
    results = list(apply_steps(make_plan([ALICE, bob], current, TIMING, NOON).steps, ledger, lambda: NOON, TIMING))
    assert sorted(result.error is None for result in results) == [False, True]
    assert sorted(stored.folders for stored in ledger.rows.values()) == [(), ("inbox",)]
    (error,) = filter(None, (result.error for result in results))
    assert error.startswith('Could not connect to the endpoint URL: "https://example.com"')


def test_retirements_come_last() -> None:
    """An interruption leaves no mailbox with fewer subscriptions than before."""
    current = [subscription()]
    steps = make_plan([BOB], current, TIMING, NOON).steps
    results = apply_steps([steps[1], steps[0]], MemoryLedger(*current), lambda: NOON, TIMING)
    assert [result.step.mailbox for result in results] == [BOB.mailbox, MAILBOX]
