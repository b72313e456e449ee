"""Carrying a plan out: each write expects the row as it was read, and is decided anew where it was not."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from cli.aws_errors import explained
from cli.plan import Step
from cli.targets import WORKERS
from ewspush.domain.desired import changes_toward, new_subscription, retirement
from ewspush.domain.ports import Clock, SubscriptionLedger
from ewspush.domain.subscription import State, Subscription
from ewspush.domain.updates import ConditionalUpdate, SameRevision

TRIES: Final = 5
"""A keeper or a notification is in the way now and then, not five times running."""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a step; `error` is None where the subscription is as it should be."""

    step: Step
    error: str | None = None


def carried_out(steps: Sequence[Step], ledger: SubscriptionLedger, clock: Clock) -> Iterator[Done]:
    """Carry `steps` out, several at a time, and yield each when it is done; one that fails leaves the others alone.

    What is retired comes last: interrupted half-way, no mailbox is left with less than before.
    """
    with ThreadPoolExecutor(WORKERS) as workers:
        for part in _parts(steps):
            futures = {workers.submit(follow, step, ledger, clock): step for step in part}
            try:
                yield from (_done(futures[future], future) for future in as_completed(futures))
            finally:  # interrupted: what has not begun is left undone
                for future in futures:
                    future.cancel()


def follow(step: Step, ledger: SubscriptionLedger, clock: Clock) -> bool:
    """Carry one step out; return whether the row is as it should be, False where it changes all the time."""
    row = step.row
    for _ in range(TRIES):
        if row is None:
            if step.wish is None or ledger.add(new_subscription(step.wish, clock())):
                return True
            row = ledger.read(step.subscription)
            continue
        changes = _changes(step, row, clock)
        if not changes:
            return True
        outcome = ledger.write(ConditionalUpdate(row.subscription, SameRevision(row), changes))
        if outcome.stored:
            return True
        row = outcome.row
    return False


def _changes(step: Step, row: Subscription, clock: Clock) -> dict[str, object]:
    if step.wish is not None:
        return dict(changes_toward(row, step.wish, clock()))
    return {} if row.state is State.RETIRED else dict(retirement(row))


def _parts(steps: Sequence[Step]) -> tuple[list[Step], list[Step]]:
    return [step for step in steps if step.wish is not None], [step for step in steps if step.wish is None]


def _done(step: Step, future: Future[bool]) -> Done:
    try:
        followed = future.result()
    except (BotoCoreError, ClientError) as error:
        return Done(step, explained(error))
    return Done(step, None if followed else "it was changed by others again and again: apply once more")
