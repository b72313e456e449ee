"""The promises as invariants; see `Invariant` for what each is told."""

from tests.simulation.gap_promises import CalmWhenNothingBreaks, ClosedGapsAreTold, NothingLostInSilence
from tests.simulation.invariants import Invariant
from tests.simulation.log_promises import (
    OnceInTheLogInOrder,
    OnceOnTheQueueInOrder,
    StoredBeforeOk,
    WatermarkGoesForward,
)
from tests.simulation.renewal_promises import (
    AtMostThreeLive,
    BoundedTicks,
    NoRenewalWhileAlive,
    OneLiveInTheEnd,
    OneSubscribeAtATime,
    RenewedInTime,
    UnheardIsGivenTime,
    UnsubscribeOnlyWhatIsOver,
)

ALL: tuple[type[Invariant], ...] = (
    StoredBeforeOk,
    OnceInTheLogInOrder,
    OnceOnTheQueueInOrder,
    WatermarkGoesForward,
    UnsubscribeOnlyWhatIsOver,
    AtMostThreeLive,
    OneSubscribeAtATime,
    NoRenewalWhileAlive,
    UnheardIsGivenTime,
    RenewedInTime,
    BoundedTicks,
    OneLiveInTheEnd,
    NothingLostInSilence,
    ClosedGapsAreTold,
    CalmWhenNothingBreaks,
)
