"""The control API's calls on faults, see docs/mailsim.md."""

from http import HTTPStatus
from typing import Any, Final

from mailsim.control_refusals import REFUSAL_KEYS, lasting_refusals, set_refusals
from mailsim.control_sync_faults import SYNC_FAULT_KEYS, lasting_sync_faults, set_sync_faults
from mailsim.core import Core
from mailsim.errors import ControlError
from mailsim.faults import Faults
from mailsim.responses import FAULT_STATUS

Json = dict[str, Any]

_COUNTS: Final = ("drop_acks", "duplicate", "lose_subscribe_answers")
_LISTED_IF_SET: Final = ("skip_notifications", "html_sign_in")
"""Counts that the answer contains only while they last; it always contains the others."""
_AT_ONCE: Final = ("forget_watermarks", "reset_watermarks", "forget_sync_states", "restart", "error_notification")
FAULT_KEYS: Final = (
    frozenset({"cut", "fault_status", *_COUNTS, *_LISTED_IF_SET, *_AT_ONCE, "mailbox"}) | REFUSAL_KEYS | SYNC_FAULT_KEYS
)


def set_faults(core: Core, given: Json) -> Json:
    """Set the given faults, or clear all if none is given, and return the faults that last. Raises `ControlError`."""
    unknown = given.keys() - FAULT_KEYS
    if unknown:
        raise ControlError(400, f"unknown fault: {', '.join(sorted(unknown))}")
    if not given:
        core.faults = Faults()
    _set_lasting(core.faults, given)
    set_refusals(core, given)
    set_sync_faults(core, given)
    _cause_at_once(core, given)
    return lasting_faults(core)


def lasting_faults(core: Core) -> Json:
    """Return the faults that last."""
    faults = core.faults
    counts = {name: getattr(faults, name) for name in _COUNTS}
    counts |= {name: left for name in _LISTED_IF_SET if (left := getattr(faults, name))}
    status = {"fault_status": faults.fault_status} if faults.fault_status != FAULT_STATUS else {}
    cut = {"cut": faults.callbacks_unreachable}
    return cut | counts | status | lasting_refusals(faults) | lasting_sync_faults(faults.sync)


def _set_lasting(faults: Faults, given: Json) -> None:
    faults.callbacks_unreachable = bool(given.get("cut", faults.callbacks_unreachable))
    for name in (*_COUNTS, *_LISTED_IF_SET):
        setattr(faults, name, int(given.get(name, getattr(faults, name))))
    if "fault_status" in given:
        faults.fault_status = HTTPStatus(int(given["fault_status"]))


def _cause_at_once(core: Core, given: Json) -> None:
    if given.get("forget_watermarks"):
        core.forget_watermarks()
    if given.get("reset_watermarks"):
        core.reset_watermarks()
    if given.get("forget_sync_states"):
        core.forget_sync_states()
    if given.get("restart"):
        core.restart()
    if "error_notification" in given:
        core.notify_error(str(given["error_notification"]), given.get("mailbox"))
