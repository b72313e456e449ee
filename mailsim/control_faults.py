"""The control API's calls on faults, see docs/mailsim.md."""

from typing import Any, Final, cast

from mailsim.core import Core
from mailsim.errors import ControlError, EwsError
from mailsim.faults import Faults, Refusal

Json = dict[str, Any]

FAULT_CODES: Final = frozenset(
    {
        *("ErrorServerBusy", "ErrorInvalidServerVersion", "ErrorSchemaValidation", "ErrorInvalidRequest"),
        *("ErrorImpersonateUserDenied", "ErrorImpersonationDenied", "ErrorImpersonationFailed"),
        *("ErrorNonExistentMailbox", "ErrorAccountDisabled", "ErrorPasswordExpired", "ErrorInternalServerError"),
    },
)
"""Codes that are answered as a SOAP fault unless `as` is given: public traces show them as faults."""

_COUNTS: Final = ("drop_acks", "duplicate", "lose_subscribe_answers")
_LISTED_IF_SET: Final = ("skip_notifications",)
"""Counts that the answer contains only while they last; it always contains the others."""
_REFUSALS: Final = ("refuse_subscribe", "refuse_sync")
_AT_ONCE: Final = ("forget_watermarks", "forget_sync_states", "restart", "error_notification")
_KEYS: Final = frozenset(
    {"cut", *_COUNTS, *_LISTED_IF_SET, *_REFUSALS, *_AT_ONCE, "times", "back_off_ms", "as", "mailbox"}
)


def set_faults(core: Core, given: Json) -> Json:
    """Set the given faults, or clear all if none is given, and return the faults that last. Raises `ControlError`."""
    unknown = given.keys() - _KEYS
    if unknown:
        raise ControlError(400, f"unknown fault: {', '.join(sorted(unknown))}")
    if not given:
        core.faults = Faults()
    _set_lasting(core.faults, given)
    _cause_at_once(core, given)
    return lasting_faults(core)


def lasting_faults(core: Core) -> Json:
    """Return the faults that last."""
    faults = core.faults
    counts = {name: getattr(faults, name) for name in _COUNTS}
    counts |= {name: left for name in _LISTED_IF_SET if (left := getattr(faults, name))}
    subscribe, sync = faults.refuse_subscribe, faults.refuse_sync
    refusals = {"refuse_subscribe": subscribe.error.code, "times": subscribe.times} if subscribe else {}
    refusals |= {"refuse_sync": sync.error.code, "sync_times": sync.times} if sync else {}
    return {"cut": faults.callbacks_unreachable, **counts, **refusals}


def _set_lasting(faults: Faults, given: Json) -> None:
    faults.callbacks_unreachable = bool(given.get("cut", faults.callbacks_unreachable))
    for name in (*_COUNTS, *_LISTED_IF_SET):
        setattr(faults, name, int(given.get(name, getattr(faults, name))))
    for name in _REFUSALS:
        if name in given:
            setattr(faults, name, _refusal(str(given[name]), given))


def _cause_at_once(core: Core, given: Json) -> None:
    if given.get("forget_watermarks"):
        core.forget_watermarks()
    if given.get("forget_sync_states"):
        core.forget_sync_states()
    if given.get("restart"):
        core.restart()
    if "error_notification" in given:
        core.notify_error(str(given["error_notification"]), given.get("mailbox"))


def _refusal(code: str, given: Json) -> Refusal:
    as_fault = given.get("as", "fault" if code in FAULT_CODES else "response") == "fault"
    text, back_off_ms = "The server refuses this request for now.", cast("int | None", given.get("back_off_ms"))
    return Refusal(EwsError(code, text, fault=as_fault, back_off_ms=back_off_ms), int(given.get("times", 1)))
