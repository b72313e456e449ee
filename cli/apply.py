"""Writes the steps of a plan, each on the condition that its subscription is as it was read."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from cli.aws_errors import describe
from cli.plan import Step
from cli.targets import MAX_CONCURRENT_WRITES
from ewspush.domain.desired import changes_toward, new_subscription, retirement
from ewspush.domain.ports import Clock, SubscriptionLedger
from ewspush.domain.subscription import State, Subscription, SubscriptionChanges
from ewspush.domain.timing import Timing
from ewspush.domain.updates import ConditionalUpdate, SameRevision

MAX_ATTEMPTS: Final = 5
"""A keeper or a notification may write in between, but rarely several times in a row."""


@dataclass(frozen=True, slots=True)
class StepResult:
    """The outcome of a step; `error` is None if the subscription now is as the step wants it."""

    step: Step
    error: str | None = None


def apply_steps(
    steps: Sequence[Step], ledger: SubscriptionLedger, clock: Clock, timing: Timing
) -> Iterator[StepResult]:
    """Apply `steps`, several at a time, and yield each result; a step that fails does not stop the others.

    Retirements come last, so that an interruption leaves no mailbox with fewer subscriptions than before.
    """
    changes = [step for step in steps if step.desired is not None]
    retirements = [step for step in steps if step.desired is None]
    with ThreadPoolExecutor(MAX_CONCURRENT_WRITES) as workers:
        for group in (changes, retirements):
            futures = {workers.submit(apply_step, step, ledger, clock, timing): step for step in group}
            try:
                yield from (_result(futures[future], future) for future in as_completed(futures))
            finally:  # after an interruption, no further step starts
                for future in futures:
                    future.cancel()


def apply_step(step: Step, ledger: SubscriptionLedger, clock: Clock, timing: Timing) -> bool:
    """Apply one step; return False if another writer changed the subscription during every attempt."""
    current = step.current
    for _ in range(MAX_ATTEMPTS):
        if current is None:
            if step.desired is None or ledger.add(new_subscription(step.desired, clock())):
                return True
            current = ledger.read(step.key)
            continue
        changes = _changes(step, current, clock, timing)
        if not changes:
            return True
        result = ledger.commit(ConditionalUpdate(step.key, SameRevision(current), changes))
        if result.stored:
            return True
        current = result.subscription
    return False


def _changes(step: Step, current: Subscription, clock: Clock, timing: Timing) -> SubscriptionChanges:
    if step.desired is not None:
        return changes_toward(current, step.desired, timing, clock())
    return {} if current.state is State.RETIRED else retirement(current)


def _result(step: Step, future: Future[bool]) -> StepResult:
    try:
        is_applied = future.result()
    except (BotoCoreError, ClientError) as error:
        return StepResult(step, describe(error))
    return StepResult(
        step, None if is_applied else f"other writers changed it during {MAX_ATTEMPTS} attempts; run the command again"
    )
