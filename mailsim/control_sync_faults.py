"""The control API's faults of a sync besides refusals, see docs/mailsim.md."""

from typing import Any, Final

from mailsim.batch_stop import BATCH_STOPPED, BatchStop
from mailsim.core import Core
from mailsim.errors import ControlError, EwsError
from mailsim.faults import SyncFaults

Json = dict[str, Any]

SYNC_FAULT_KEYS: Final = frozenset({"stop_batches"})
_STOP_KEYS: Final = frozenset({"after", "code", "class", "times", "back_off_ms"})


def set_sync_faults(core: Core, given: Json) -> None:
    """Set the given faults. Raises `ControlError`; `KeyError` for a missing value."""
    if "stop_batches" in given:
        core.faults.sync.batch_stop = _batch_stop(given["stop_batches"])


def lasting_sync_faults(faults: SyncFaults) -> Json:
    """Return the faults that last."""
    stop = faults.batch_stop
    if stop is None:
        return {}
    values = {"after": stop.after, "code": stop.error.code, "class": stop.response_class, "times": stop.times}
    return {"stop_batches": values}


def _batch_stop(given: Json | None) -> BatchStop | None:
    """Return when a GetItem stops; None for never."""
    if not given:
        return None
    if unknown := given.keys() - _STOP_KEYS:
        raise ControlError(400, f"unknown value of stop_batches: {', '.join(sorted(unknown))}")
    code, times = str(given["code"]), given.get("times")
    response_class = given.get("class", "Warning" if code == BATCH_STOPPED else "Error")
    if response_class not in {"Error", "Warning"}:
        raise ControlError(400, f"{response_class} is not a class of an error")
    error = EwsError(code, "The server stopped before this item.", back_off_ms=given.get("back_off_ms"))
    return BatchStop(int(given["after"]), error, response_class, None if times is None else int(times))
