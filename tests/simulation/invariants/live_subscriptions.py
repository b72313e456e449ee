"""Which subscriptions are live at the server, and which are ended."""

from typing import TYPE_CHECKING

from ewspush.domain.desired import MAX_PER_MAILBOX
from ewspush.domain.subscription import State, Subscription
from ewspush.protocol.subscribe import SubscribeRequest
from tests.simulation.invariants.base import Invariant, PostRecord

if TYPE_CHECKING:
    from tests.simulation.system import System


class UnsubscribeOnlyWhatIsOver(Invariant):
    """Unsubscribe answers only a retired generation, or one superseded by a generation that the server has made."""

    def __init__(self, system: "System") -> None:
        super().__init__(system)
        self._retired: dict[str, int] = {}

    def on_apply(self, row: Subscription) -> None:
        if row.state is State.RETIRED:  # that generation is over, also when the subscription is desired again
            self._retired[row.key] = row.generation

    def on_post(self, post: PostRecord) -> None:
        row = self.system.ledger.rows[post.key]
        if post.answer != "Unsubscribe" or post.generation <= self._retired.get(row.key, 0):
            return
        if post.generation >= row.generation:
            self.fail(f"to generation {post.generation} while the row has {row.generation}")
        urls = (each.request.url for each in self.system.core.subscriptions.values())
        if not any(f"/{row.key}/{row.generation}/" in url for url in urls):
            self.fail(f"generation {row.generation} superseded {post.generation} and was never made")


class AtMostThreeLive(Invariant):
    """A mailbox never has more than three live subscriptions, whatever its server would allow."""

    def after_subscribe(self, row: Subscription, request: SubscribeRequest, answer: object) -> None:  # noqa: ARG002  # the hook's
        live = len(self.system.server.live(row.mailbox))
        if live > MAX_PER_MAILBOX:
            self.fail(f"{live} of {row.mailbox}")


class OneLiveInTheEnd(Invariant):
    """In the end each desired subscription is active, without a suspected gap, and the only live one of its mailbox."""

    def at_end(self) -> None:
        stream, log = self.system.stream, self.system.ledger.log
        for row in self.system.ledger.rows.values():
            live = self.system.server.live(row.mailbox)
            if not self.system.is_at_rest() or len(live) != 1:
                self.fail(f"{len(live)} live, {row}, {stream.position} of {len(log)} records forwarded")
            if f"/{row.generation}/" not in live[0].request.url:
                self.fail(f"the live one is not generation {row.generation}")
