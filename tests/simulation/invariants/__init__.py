"""What must hold, whatever happens: one class for each invariant, with hooks for all that can be seen from outside."""

from typing import Final

from tests.simulation.invariants.base import Invariant
from tests.simulation.invariants.gaps import CalmWhenNothingBreaks, ClosedGapsArePublished, NothingLostInSilence
from tests.simulation.invariants.keeper_runs import BoundedKeeperRuns
from tests.simulation.invariants.live_subscriptions import AtMostThreeLive, OneLiveInTheEnd, UnsubscribeOnlyWhatIsOver
from tests.simulation.invariants.log import (
    OnceInTheLogInOrder,
    OnceOnTheQueueInOrder,
    StoredBeforeOk,
    SyncYieldsToPush,
    WatermarkGoesForward,
)
from tests.simulation.invariants.reachability import OneGapWhileUnreachable, UnreachableIsShown
from tests.simulation.invariants.renewals import NoRenewalWhileAlive, RenewedInTime
from tests.simulation.invariants.subscribes import OneSubscribeAtATime, UnconfirmedSubscribeIsGivenTime

ALL: Final[tuple[type[Invariant], ...]] = (
    StoredBeforeOk,
    OnceInTheLogInOrder,
    SyncYieldsToPush,
    OnceOnTheQueueInOrder,
    WatermarkGoesForward,
    UnsubscribeOnlyWhatIsOver,
    AtMostThreeLive,
    OneSubscribeAtATime,
    NoRenewalWhileAlive,
    UnconfirmedSubscribeIsGivenTime,
    RenewedInTime,
    BoundedKeeperRuns,
    OneLiveInTheEnd,
    NothingLostInSilence,
    ClosedGapsArePublished,
    CalmWhenNothingBreaks,
    UnreachableIsShown,
    OneGapWhileUnreachable,
)
