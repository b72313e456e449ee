"""The control API's faults of a sync besides refusals, see docs/mailsim.md."""

from typing import Any, Final

from mailsim.batch_stop import BATCH_STOPPED, BatchStop
from mailsim.control_refusals import existing_folder
from mailsim.core import Core
from mailsim.errors import ControlError, EwsError
from mailsim.faults import SyncFaults

Json = dict[str, Any]

SYNC_FAULT_KEYS: Final = frozenset({"endless_pages", "stop_batches"})
_STOP_KEYS: Final = frozenset({"after", "code", "class", "times", "back_off_ms"})


def set_sync_faults(core: Core, given: Json) -> None:
    """Set the given faults. Raises `ControlError`; `KeyError` for a missing value."""
    if "endless_pages" in given:
        core.faults.sync.endless_folders = _folders(core, given["endless_pages"])
    if "stop_batches" in given:
        core.faults.sync.batch_stop = _batch_stop(given["stop_batches"])


def lasting_sync_faults(faults: SyncFaults) -> Json:
    """Return the faults that last."""
    lasting: Json = {"endless_pages": sorted(faults.endless_folders)} if faults.endless_folders else {}
    if (stop := faults.batch_stop) is not None:
        values = {"after": stop.after, "code": stop.error.code, "class": stop.response_class, "times": stop.times}
        lasting["stop_batches"] = values
    return lasting


def _folders(core: Core, given: str | list[str] | None) -> frozenset[str]:
    """Return the folders given as one or as a list."""
    folders = [given] if isinstance(given, str) else given or []
    return frozenset(existing_folder(core, each) for each in folders)


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
