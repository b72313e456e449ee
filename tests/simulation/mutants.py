"""Mutants: one rule broken, for one invariant to catch; they show that each invariant can fail."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Final
from unittest.mock import patch

from ewspush.domain import forwarding, keeper, timing
from ewspush.domain.published import LoggedObjects, RecentEvents
from ewspush.domain.receiving import rules as receiving
from ewspush.domain.receiving import service as receiving_service
from ewspush.domain.recovering import rules as recovering
from ewspush.domain.recovering.log_view import LogView
from ewspush.domain.renewing import rules as renewing
from ewspush.domain.timing import Timing
from ewspush.domain.updates import AtWatermark, NoActivitySince, SameRevision
from ewspush.handlers import forwarder, responder
from ewspush.handlers.keeper import KeeperRun
from tests.simulation import mutations


@dataclass(frozen=True, slots=True)
class Mutant:
    """The rule `name` of `target`, replaced by what `mutate` makes of it."""

    what: str
    caught_by: str
    target: object
    name: str
    mutate: Callable[[Any], Any]


MUTANTS: Final[dict[str, Mutant]] = {
    "ack-before-write": Mutant(
        "OK is answered where the write failed",
        "StoredBeforeOk",
        responder,
        "process_push",
        mutations.acknowledge_after_failure,
    ),
    "error-notification-ignored": Mutant(
        "an error notification changes nothing", "StoredBeforeOk", receiving, "_loss", mutations.always({})
    ),
    "chain-ignored": Mutant(
        "the write of a POST ignores the stored watermark",
        "OnceInTheLogInOrder",
        AtWatermark,
        "required",
        mutations.expect_generation_only,
    ),
    "duplicates-logged": Mutant(
        "logged events are logged again", "OnceInTheLogInOrder", RecentEvents, "of", mutations.forget_ids
    ),
    "revision-ignored": Mutant(
        "a decision is written although the row changed since it was read",
        "OnceInTheLogInOrder",
        SameRevision,
        "required",
        mutations.expect_nothing,
    ),
    "sync-republishes-push": Mutant(
        "a recovery publishes what push has published",
        "SyncYieldsToPush",
        LoggedObjects,
        "unpublished_part",
        mutations.return_whole_change,
    ),
    "page-overrides-push": Mutant(
        "a page publishes what push has changed since it was asked for",
        "SyncYieldsToPush",
        LogView,
        "refresh",
        mutations.hide_pushed_objects,
    ),
    "no-deduplication": Mutant(
        "a message has another id with each try",
        "OnceOnTheQueueInOrder",
        forwarder,
        "messages_of",
        mutations.new_id_for_each_try,
    ),
    "rejected-message-skipped": Mutant(
        "a message that was not accepted is skipped",
        "OnceOnTheQueueInOrder",
        forwarder,
        "forward",
        mutations.resume_after_batch,
    ),
    "mailbox-twice-in-batch": Mutant(
        "an SQS batch has several messages of a mailbox",
        "OnceOnTheQueueInOrder",
        forwarding._Request,  # noqa: SLF001  # the rule to break
        "has_room_for",
        mutations.allow_same_mailbox,
    ),
    "watermark-backwards": Mutant(
        "the watermark of an old POST is stored",
        "WatermarkGoesForward",
        receiving,
        "_changes",
        mutations.store_any_watermark,
    ),
    "watermark-before-events": Mutant(
        "the first link of a long POST stores the watermark of the last one",
        "NothingLostInSilence",
        receiving_service,
        "cut_before",
        mutations.move_past_what_is_logged,
    ),
    "unconfirmed-supersedes": Mutant(
        "Unsubscribe although the next generation is not confirmed",
        "UnsubscribeOnlyWhatIsOver",
        receiving_service,
        "unsubscribe_if_over",
        mutations.unsubscribe_before_confirmed,
    ),
    "superseded-acknowledged": Mutant(
        "a superseded callback is answered OK",
        "OneLiveInTheEnd",
        receiving_service,
        "unsubscribe_if_over",
        mutations.acknowledge_superseded,
    ),
    "no-grace": Mutant(
        "a Subscribe without an answer is repeated at once",
        "UnconfirmedSubscribeIsGivenTime",
        Timing,
        "grace",
        mutations.one_second,
    ),
    "no-grace-many-live": Mutant(
        "the same, seen by the number of live subscriptions", "AtMostThreeLive", Timing, "grace", mutations.one_second
    ),
    "lock-ignored": Mutant(
        "a keeper begins whatever another one did",
        "OneSubscribeAtATime",
        NoActivitySince,
        "required",
        mutations.expect_nothing,
    ),
    "renews-while-alive": Mutant(
        "silence counts from one StatusFrequency", "NoRenewalWhileAlive", keeper, "due_at", mutations.halve_silence
    ),
    "renews-before-heartbeat": Mutant(
        "silence counts from less than one StatusFrequency",
        "CalmWhenNothingBreaks",
        timing,
        "_SILENT_FREQUENCIES",
        mutations.times(0.45),
    ),
    "silence-noticed-late": Mutant(
        "silence counts from six times StatusFrequency",
        "RenewedInTime",
        timing,
        "_SILENT_FREQUENCIES",
        mutations.times(3),
    ),
    "due-index-ignored": Mutant(
        "a keeper run checks everything", "BoundedKeeperRuns", KeeperRun, "_due", mutations.check_everything
    ),
    "resume-trusted": Mutant(
        "no gap where a resume was not proven",
        "NothingLostInSilence",
        renewing,
        "suspicion_on_attempt",
        mutations.trust_resume,
    ),
    "refused-watermark-without-gap": Mutant(
        "no gap where the watermark was refused",
        "NothingLostInSilence",
        renewing,
        "suspicion_on_refused_watermark",
        mutations.drop_suspected_gap,
    ),
    "gap-from-last-push": Mutant(
        "a gap begins with the last POST",
        "NothingLostInSilence",
        renewing,
        "suspicion_on_attempt",
        mutations.start_gap_at_last_push,
    ),
    "gap-closed-without-state": Mutant(
        "a gap is closed although a sync state was lost",
        "ClosedGapsArePublished",
        recovering,
        "_restarted",
        mutations.restart_as_recovered,
    ),
    "silence-without-end": Mutant(
        "silent generations are not counted", "UnreachableIsShown", keeper, "is_silent_again", mutations.always(False)
    ),
    "gap-for-each-generation": Mutant(
        "each silent generation opens a gap",
        "OneGapWhileUnreachable",
        keeper,
        "on_unreachable",
        mutations.forget_reached,
    ),
}
"""By name; `python -m tests.simulation --mutant NAME` plays with one."""


@contextmanager
def mutated(name: str | None) -> Iterator[None]:
    """Replace the rule of a mutant for a while; None replaces none."""
    with _replaced(MUTANTS[name]) if name is not None else nullcontext():
        yield


def _replaced(mutant: Mutant) -> Any:
    rule = getattr(mutant.target, mutant.name)
    return patch.object(mutant.target, mutant.name, mutant.mutate(rule))
