"""Rules made wrong, each for an invariant to catch: so that we know that it can fail."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Final
from unittest.mock import patch

from ewspush.domain import forwarding
from ewspush.domain.known import LoggedObjects
from ewspush.domain.receiving import rules as receiving
from ewspush.domain.recent import RecentEvents
from ewspush.domain.recovering import rules as recovering
from ewspush.domain.recovering.service import Recoverer
from ewspush.domain.renewing import rules as renewing
from ewspush.domain.renewing.rules import Policy
from ewspush.domain.updates import AtWatermark, NoActivitySince, SameRevision
from ewspush.handlers import forwarder, responder
from ewspush.handlers.keeper import KeeperRun
from tests.simulation import wrong


@dataclass(frozen=True, slots=True)
class Mutant:
    """One rule, `name` of `target`, made `wrong`: a function of the rule."""

    what: str
    caught_by: str
    target: object
    name: str
    wrong: Callable[[Any], Any]


MUTANTS: Final[dict[str, Mutant]] = {
    "ack-before-write": Mutant(
        "OK is answered where the write failed", "StoredBeforeOk", responder, "process_push", wrong.acknowledged_anyway
    ),
    "chain-ignored": Mutant(
        "the ordinary write does not look at the watermark",
        "OnceInTheLogInOrder",
        AtWatermark,
        "fields",
        wrong.unchained,
    ),
    "duplicates-logged": Mutant(
        "what is in the log is logged again", "OnceInTheLogInOrder", RecentEvents, "has_told", wrong.forgetful
    ),
    "judged-blindly": Mutant(
        "what was judged is written whatever came between",
        "OnceInTheLogInOrder",
        SameRevision,
        "fields",
        wrong.unguarded,
    ),
    "recovers-pushed": Mutant(
        "a recovery tells what push has told", "OnceInTheLogInOrder", LoggedObjects, "untold", wrong.all_untold
    ),
    "closes-early": Mutant(
        "a gap is closed before push went on", "OnceInTheLogInOrder", Recoverer, "_is_proven", wrong.caught_up_already
    ),
    "no-deduplication": Mutant(
        "a message has another id with each try",
        "OnceOnTheQueueInOrder",
        forwarder,
        "messages_of",
        wrong.undeduplicated,
    ),
    "forwarder-skips": Mutant(
        "a message that was not taken is passed over", "OnceOnTheQueueInOrder", forwarder, "forward", wrong.unstoppable
    ),
    "forwarder-groups": Mutant(
        "a request has several messages of a mailbox",
        "OnceOnTheQueueInOrder",
        forwarding._Request,  # noqa: SLF001  # the rule to break
        "has_room_for",
        wrong.roomy,
    ),
    "watermark-backwards": Mutant(
        "the watermark of an old POST is stored", "WatermarkGoesForward", receiving, "_changes", wrong.remembered_last
    ),
    "active-unsubscribed": Mutant(
        "Unsubscribe while the next generation is only hoped for",
        "UnsubscribeOnlyWhatIsOver",
        receiving,
        "unsubscribe_if_over",
        wrong.superseded_by_hope,
    ),
    "superseded-ok": Mutant(
        "a superseded callback is answered OK", "OneLiveInTheEnd", receiving, "unsubscribe_if_over", wrong.never_ended
    ),
    "no-grace": Mutant(
        "a Subscribe that nobody answered is sent again at once", "UnheardIsGivenTime", Policy, "grace", wrong.graceless
    ),
    "no-grace-many": Mutant("the same, seen by how many live", "AtMostThreeLive", Policy, "grace", wrong.graceless),
    "lock-ignored": Mutant(
        "a keeper begins whatever another one did", "OneSubscribeAtATime", NoActivitySince, "fields", wrong.unguarded
    ),
    "renews-while-alive": Mutant(
        "silence counts from one StatusFrequency", "NoRenewalWhileAlive", renewing, "due_at", wrong.impatient
    ),
    "calm-renewals": Mutant(
        "silence counts from less than that", "CalmWhenNothingBreaks", renewing, "_SILENT_FREQUENCIES", wrong.hasty
    ),
    "silence-late": Mutant("silence is noticed late", "RenewedInTime", renewing, "_SILENT_FREQUENCIES", wrong.patient),
    "due-unbounded": Mutant("a tick looks at everything", "BoundedTicks", KeeperRun, "_due", wrong.everything_due),
    "last-words-ignored": Mutant(
        "the server's last words change nothing", "StoredBeforeOk", receiving, "_loss", wrong.nothing_lost
    ),
    "unproven-resume": Mutant(
        "no gap where a resume was not proven", "NothingLostInSilence", renewing, "_doubts", wrong.undoubted
    ),
    "refused-watermark": Mutant(
        "no gap where the watermark was refused",
        "NothingLostInSilence",
        renewing,
        "_without_watermark",
        wrong.refused_silently,
    ),
    "gap-from-last-post": Mutant(
        "a gap begins with the last POST", "NothingLostInSilence", renewing, "_doubts", wrong.doubted_late
    ),
    "closes-without-state": Mutant(
        "a gap is closed though a sync state was lost",
        "ClosedGapsAreTold",
        recovering,
        "started_over",
        wrong.started_over_silently,
    ),
}
"""By name; `python -m tests.simulation --mutant NAME` plays with one."""


@contextmanager
def alive(name: str | None) -> Iterator[None]:
    """Make a rule wrong for a while; None leaves them as they are."""
    with broken(MUTANTS[name]) if name is not None else nullcontext():
        yield


def broken(mutant: Mutant) -> Any:
    """Return the context in which a rule is wrong."""
    rule = getattr(mutant.target, mutant.name)
    return patch.object(mutant.target, mutant.name, mutant.wrong(rule))
