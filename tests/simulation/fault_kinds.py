"""The kinds of faults, and how the fields of each are drawn for a mailbox (by number)."""

from random import Random
from typing import Final

from tests.simulation import failpoint_kinds
from tests.simulation.failpoint_kinds import Draw
from tests.simulation.failpoints import CallSite, Phase
from tests.simulation.fault_injection.aws import DelayedStream, Outage, RedeliveredRecords, RejectedMessages
from tests.simulation.fault_injection.mail_server import (
    ErrorNotification,
    ForgetSyncStates,
    ForgetWatermarks,
    RefuseSubscribe,
    RefuseSync,
    Restart,
)
from tests.simulation.fault_injection.network import (
    CallbacksUnreachable,
    DuplicatePosts,
    LatePosts,
    LostAcks,
    LostSubscribeAnswers,
    RefusedBacklogs,
    SubscribeTimeouts,
)
from tests.simulation.fault_injection.operations import ApplySubscription, ChangePassword, DisableMailbox
from tests.simulation.fault_injection.processes import ChangeDuringSync, MissedKeeperRuns, ShortKeeperRuns
from tests.simulation.mailbox_actions import Kind, MailboxAction
from tests.simulation.steps import Fault

ERROR_NOTIFICATION_CODES: Final = (
    *("ErrorReadEventsFailed", "ErrorExpiredSubscription", "ErrorInvalidWatermark", "ErrorServerBusy"),
)
MAX_POST_DELAY_MINUTES: Final = 0.65
"""A server gives up after its time limit, and what it sent arrives soon after."""

_REFUSALS: Final = (
    *("ErrorServerBusy", "ErrorServerBusy", "ErrorInternalServerError", "ErrorExceededSubscriptionCount"),
    *("ErrorMailboxMoveInProgress", "ErrorInvalidWatermark", "ErrorAccessDenied", "ErrorNonExistentMailbox"),
    *("ErrorTimeoutExpired", "ErrorSchemaValidation", "ErrorSomethingNew"),
)
_SYNC_REFUSALS: Final = _REFUSALS[:4]


def _short(random: Random) -> float:
    return random.choice((0.5, 2, 10, 40)) * random.uniform(0.5, 1.5)


def _long(random: Random) -> float:
    return random.choice((10, 60, 300)) * random.uniform(0.5, 1.5)


def _lost_acks(random: Random, _: int) -> Fault:
    return LostAcks(random.choice((1, 2, 5, 9)))


def _duplicate_posts(random: Random, _: int) -> Fault:
    return DuplicatePosts(random.choice((1, 3, 9)))


def _late_posts(random: Random, _: int) -> Fault:
    return LatePosts(random.choice((1, 2, 5)), random.uniform(0.01, MAX_POST_DELAY_MINUTES))


def _lost_subscribe_answers(random: Random, _: int) -> Fault:
    return LostSubscribeAnswers(random.choice((1, 1, 2, 3)))


def _subscribe_timeouts(random: Random, _: int) -> Fault:
    return SubscribeTimeouts(random.choice((1, 1, 2, 4)))


def _table_outage(random: Random, _: int) -> Fault:
    return Outage(minutes=_short(random), ports=random.choice((("ledger",), ("states",), ("ledger", "states"))))


def _refuse_subscribe(random: Random, _: int) -> Fault:
    times, back_off_minutes = random.choice((1, 2, 7)), random.choice((0, 0, 0.5, 10))
    return RefuseSubscribe(random.choice(_REFUSALS), times, back_off_minutes)


def _refuse_sync(random: Random, _: int) -> Fault:
    times, back_off_minutes = random.choice((1, 2, 7)), random.choice((0, 0.5))
    return RefuseSync(random.choice(_SYNC_REFUSALS), times, back_off_minutes)


_SYNC_SITES: Final[tuple[tuple[str, Phase], ...]] = (
    ("server.sync_items", "after"),
    ("ledger.recent", "after"),
    ("ledger.commit.step", "before"),
)


def change_during_sync(random: Random, mailbox: int) -> Fault:
    """Return that the newest items of a mailbox, or some of its items, change during the next steps of a sync."""
    call, phase = random.choice(_SYNC_SITES)
    kind: Kind = random.choice(("delete", "move", "modify"))
    pick = random.choice((-1, -1, random.randrange(50)))
    action = MailboxAction(mailbox, kind, random.choice(("inbox", "drafts")), random.choice((1, 2, 4)), pick)
    return ChangeDuringSync(CallSite("keeper", call, phase), action, random.choice((1, 3, 12)))


IN_TRANSIT: Final[tuple[Draw, ...]] = (
    _subscribe_timeouts,
    _lost_subscribe_answers,
    _duplicate_posts,
    _late_posts,
    _lost_acks,
)
"""What happens to requests and answers on their way."""

KINDS: Final[tuple[Draw, ...]] = (
    lambda random, mailbox: ApplySubscription(mailbox, random.choice((False, False, True))),
    lambda random, _: CallbacksUnreachable(_short(random)),
    lambda random, mailbox: DisableMailbox(mailbox, _long(random)),
    _lost_acks,
    _duplicate_posts,
    failpoint_kinds.KINDS["lost answer"],
    lambda _random, _: ForgetSyncStates(),
    lambda _random, _: ForgetWatermarks(),
    failpoint_kinds.KINDS["kill"],
    lambda random, mailbox: ErrorNotification(mailbox, random.choice(ERROR_NOTIFICATION_CODES)),
    _late_posts,
    _lost_subscribe_answers,
    lambda random, _: MissedKeeperRuns(_short(random)),
    _subscribe_timeouts,
    failpoint_kinds.KINDS["overlapping deliveries"],
    failpoint_kinds.KINDS["overlapping keeper run"],
    failpoint_kinds.KINDS["pause"],
    lambda random, _: Outage(("queue",), _long(random)),
    lambda random, _: RejectedMessages(random.randrange(1, 6)),
    failpoint_kinds.KINDS["failing calls"],
    _refuse_subscribe,
    _refuse_sync,
    lambda _random, _: Restart(),
    lambda random, mailbox: ChangePassword(mailbox, _long(random)),
    lambda random, _: ShortKeeperRuns(random.randrange(1, 4)),
    _table_outage,
    lambda random, _: RedeliveredRecords(random.randrange(1, 12)),
    lambda random, _: DelayedStream(_long(random)),
    failpoint_kinds.KINDS["repeated write"],
    change_during_sync,
    lambda random, _: CallbacksUnreachable(_long(random)),
    lambda random, _: RefusedBacklogs(random.choice((0, 1, 2, 5)), _long(random)),
)
