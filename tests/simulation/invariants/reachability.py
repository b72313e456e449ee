"""What gets no push is not shown as healthy, and what is unreachable has one gap."""

from typing import TYPE_CHECKING, Final

from ewspush.domain.events import GapEvent, LoggedNotification
from ewspush.domain.subscription import GapReason, State, Subscription
from ewspush.domain.updates import ConditionalUpdate
from tests.simulation.invariants.base import Invariant, PostRecord, RunRecord

if TYPE_CHECKING:
    from tests.simulation.system import System

_SLACK_SECONDS: Final = 180.0
"""Two keeper runs, and what takes time in them."""
_SILENT_GENERATIONS: Final = 2


class UnreachableIsShown(Invariant):
    """After two generations without a push within twice StatusFrequency each, a subscription is unreachable."""

    def __init__(self, system: "System") -> None:
        super().__init__(system)
        self._made_at: dict[str, list[float]] = {}
        """When the server made the generations since the last push, as the row has it."""

    def on_write(self, before: Subscription, after: Subscription, update: ConditionalUpdate) -> None:  # noqa: ARG002  # the hook's
        if after.last_seen_at != before.last_seen_at:
            self._made_at.pop(after.key, None)
        elif after.generation > before.generation:
            self._made_at.setdefault(after.key, []).append(self.system.time.now)

    def on_apply(self, row: Subscription) -> None:
        self._made_at.pop(row.key, None)

    def on_post(self, post: PostRecord) -> None:
        if post.answer == "OK":
            self._made_at.pop(post.key, None)

    def on_keeper_run(self, run: RunRecord) -> None:
        if run.is_disturbed:
            return
        for row in self.system.ledger.rows.values():
            made_at = self._made_at.get(row.key, [])
            if len(made_at) < _SILENT_GENERATIONS or row.state is not State.ACTIVE or row.unreachable_since is not None:
                continue
            grace = 120 * row.status_frequency_minutes
            due_at = max(made_at[_SILENT_GENERATIONS - 1] + grace, self.system.no_keeper_until() + grace)
            if self.system.time.now > due_at + _SLACK_SECONDS:
                self.fail(f"{row.mailbox} is active, and no push arrived since {len(made_at)} generations")


class OneGapWhileUnreachable(Invariant):
    """Between two pushes there is at most one gap event of a subscription that is unreachable."""

    def __init__(self, system: "System") -> None:
        super().__init__(system)
        self._has_gap: set[str] = set()

    def on_apply(self, row: Subscription) -> None:
        if row.state is State.RETIRED:
            self._has_gap.discard(row.key)

    def on_log(self, notification: LoggedNotification) -> None:
        for event in notification.events:
            if isinstance(event, GapEvent) and event.reason is GapReason.UNREACHABLE:
                if notification.key in self._has_gap:
                    self.fail(f"another gap of {notification.mailbox} since {event.start}")
                self._has_gap.add(notification.key)

    def on_post(self, post: PostRecord) -> None:
        if post.answer == "OK":
            self._has_gap.discard(post.key)
