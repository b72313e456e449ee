"""The control API's faults that refuse requests, see docs/mailsim.md."""

from typing import Any, Final, cast

from mailsim.core import Core
from mailsim.errors import ControlError, EwsError
from mailsim.faults import HIERARCHY, Faults, Refusal
from mailsim.mailbox import DISTINGUISHED

Json = dict[str, Any]

FAULT_CODES: Final = frozenset(
    {
        *("ErrorServerBusy", "ErrorInvalidServerVersion", "ErrorSchemaValidation", "ErrorInvalidRequest"),
        *("ErrorImpersonateUserDenied", "ErrorImpersonationDenied", "ErrorImpersonationFailed"),
        *("ErrorNonExistentMailbox", "ErrorAccountDisabled", "ErrorPasswordExpired", "ErrorInternalServerError"),
    },
)
"""Codes that are answered as a SOAP fault unless `as` is given: public traces show them as faults."""

REFUSAL_KEYS: Final = frozenset({"refuse_subscribe", "refuse_sync", "folder", "times", "back_off_ms", "as"})


def set_refusals(core: Core, given: Json) -> None:
    """Set the given refusals. Raises `ControlError`; `KeyError` for a folder without `refuse_sync`."""
    if "folder" in given:
        folder = HIERARCHY if given["folder"] == HIERARCHY else existing_folder(core, given["folder"])
        core.faults.sync.refusals[folder] = _refusal(given["refuse_sync"], given)
    elif "refuse_sync" in given:
        core.faults.refuse_sync = _refusal(given["refuse_sync"], given)
    if "refuse_subscribe" in given:
        core.faults.refuse_subscribe = _refusal(given["refuse_subscribe"], given)


def lasting_refusals(faults: Faults) -> Json:
    """Return the refusals that last."""
    subscribe, sync = faults.refuse_subscribe, faults.refuse_sync
    refusals: Json = {"refuse_subscribe": subscribe.error.code, "times": subscribe.times} if subscribe else {}
    refusals |= {"refuse_sync": sync.error.code, "sync_times": sync.times} if sync else {}
    folders = {
        name: {"refuse_sync": each.error.code, "times": each.times} for name, each in faults.sync.refusals.items()
    }
    return refusals | ({"folders": folders} if folders else {})


def existing_folder(core: Core, name: object) -> str:
    """Return a folder's id or distinguished name. Raises `ControlError` where no mailbox has it."""
    users = core.directory.users.values()
    if name in DISTINGUISHED or any(each.mailbox.folder_id(str(name)) for each in users):
        return str(name)
    raise ControlError(404, f"folder {name} does not exist")


def _refusal(code: object, given: Json) -> Refusal:
    as_fault = given.get("as", "fault" if code in FAULT_CODES else "response") == "fault"
    text, back_off_ms = "The server refuses this request for now.", cast("int | None", given.get("back_off_ms"))
    return Refusal(EwsError(str(code), text, fault=as_fault, back_off_ms=back_off_ms), int(given.get("times", 1)))
