"""The control API: mail arrives, things break, and what is true can be asked for. JSON in and out, see docs/mailsim.md.

Like the core it knows neither sockets nor a clock.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, Final, Literal, cast

from mailsim.core import Core
from mailsim.errors import ControlError, EwsError
from mailsim.faults import Faults, Refusal
from mailsim.profiles import SettingError

Json = dict[str, Any]
Kind = Literal["item", "folder"]

FAULT_CODES: Final = frozenset(
    {
        *("ErrorServerBusy", "ErrorInvalidServerVersion", "ErrorSchemaValidation", "ErrorInvalidRequest"),
        *("ErrorImpersonateUserDenied", "ErrorImpersonationDenied", "ErrorImpersonationFailed"),
        *("ErrorNonExistentMailbox", "ErrorAccountDisabled", "ErrorPasswordExpired", "ErrorInternalServerError"),
    },
)
"""Refusals told as a SOAP fault unless the caller says otherwise: public traces show such codes so."""

_KINDS: Final[dict[str, Kind]] = {"items": "item", "folders": "folder"}
_FAULT_KEYS: Final = frozenset(
    {
        *("cut", "drop_acks", "duplicate", "refuse_subscribe", "refuse_sync", "times", "back_off_ms", "as"),
        *(
            "lose_subscribe_answers",
            "forget_watermarks",
            "forget_sync_states",
            "restart",
            "error_notification",
            "mailbox",
        ),
    },
)


class Control:
    """The calls on one server."""

    def __init__(self, core: Core) -> None:
        """Control `core`."""
        self._core = core

    def handle(self, method: str, path: list[str], given: Json, now: float) -> tuple[int, object]:
        """Return the HTTP status and the answer. `path` is what follows /control/, `given` the body or the query."""
        try:
            return 200, self._answer(method, path, given, now)
        except ControlError as error:
            return error.status, {"error": str(error)}
        except SettingError as error:
            return 400, {"error": str(error)}
        except KeyError as error:
            return 400, {"error": f"{error.args[0]} is missing"}
        except (AttributeError, TypeError, ValueError) as error:  # a value of the wrong type
            return 400, {"error": f"can't be read: {error}"}

    def _answer(self, method: str, path: list[str], given: Json, now: float) -> object:
        match method, path:
            case "GET", [name] if name in (readers := self._readers(given)):
                return readers[name]()
            case "POST", ["users"]:
                return self._add_user(given, now)
            case "POST", ["settings"]:
                self._core.change_settings(given)
                return asdict(self._core.profile)
            case "POST", ["faults"]:
                return self._faults(given)
            case "POST", ["mailboxes", email, *rest]:
                return self._mailbox(email, rest, given, now)
        raise ControlError(404, f"no such call: {method} /control/{'/'.join(path)}")

    def _readers(self, given: Json) -> Mapping[str, Callable[[], object]]:
        return {
            "users": self._users,
            "subscriptions": self._subscriptions,
            "deliveries": lambda: [asdict(each) for each in self._core.deliveries],
            "requests": lambda: [asdict(each) for each in self._core.asked],
            "changes": lambda: self._changes(given["mailbox"]),
            "settings": lambda: asdict(self._core.profile),
            "faults": self._told_faults,
        }

    def _mailbox(self, email: str, rest: list[str], given: Json, now: float) -> Json:
        match rest:
            case ["messages"]:
                made, told = self._core.actor(email).deliver(given.get("folder", "inbox"), str(given["subject"]))
                self._core.record(email, told, now)
                return {"item_id": made.id}
            case ["folders"]:
                made, told = self._core.actor(email).make_folder(given.get("parent", "msgfolderroot"), given["name"])
                self._core.record(email, told, now)
                return {"folder_id": made.id}
            case [kinds, entry_id, action] if kinds in _KINDS:
                return self._act(email, (_KINDS[kinds], entry_id), action, given, now)
            case ["password"]:
                user = self._core.directory.find(email)
                user.password = str(given["password"])
                return {"email": user.email}
            case ["disable" | "enable" | "remove" as action]:
                user = getattr(self._core, action)(email, now)
                return {"email": user.email, "state": user.state}
        raise ControlError(404, f"no such call: {'/'.join(rest)}")

    def _act(self, email: str, what: tuple[Kind, str], action: str, given: Json, now: float) -> Json:
        actor = self._core.actor(email)
        entry = actor.mailbox.find(what[1], what[0])
        if action in {"move", "delete"} and actor.mailbox.is_fixed(entry):
            raise ControlError(400, f"{entry.name} stays where it is")
        match action:
            case "move":
                told = actor.move(entry, given["folder"])
            case "copy":
                entry, told = actor.copy(entry, given["folder"])
            case "modify":
                told = actor.modify(entry)
            case "read" if entry.kind == "item":
                told = actor.mark(entry, unread=not given.get("read", True))
            case "delete":
                told = actor.delete(entry)
            case _:
                raise ControlError(404, f"no such action: {action}")
        self._core.record(email, told, now)
        return {f"{what[0]}_id": entry.id}

    def _add_user(self, given: Json, now: float) -> Json:
        impersonates = bool(given.get("impersonates", False))
        user = self._core.directory.add(given["email"], given["password"], now, impersonates=impersonates)
        return {"email": user.email}

    def _users(self) -> list[Json]:
        users = self._core.directory.users.values()
        return [{"email": user.email, "state": user.state, "user_id": user.id} for user in users]

    def _subscriptions(self) -> list[Json]:
        return [
            {
                "subscription_id": each.id,
                "mailbox": each.mailbox,
                "url": each.asked.url,
                "status_frequency": each.asked.status_frequency_minutes,
                "watermark": self._core.watermark_of(each),
                "state": each.state,
            }
            for each in self._core.subscriptions.values()
        ]

    def _changes(self, email: str) -> list[Json]:
        return [
            {
                "type": change.told.type,
                "object": change.told.object,
                "id": change.told.id,
                "watermark": watermark,
                "at": change.at,
                "parent_folder_id": change.told.parent_id,
                "old_id": change.told.old_id,
            }
            for change, watermark in self._core.changes(email)
        ]

    def _faults(self, given: Json) -> Json:
        """Set what is given, or clear everything where nothing is."""
        unknown = given.keys() - _FAULT_KEYS
        if unknown:
            raise ControlError(400, f"no such fault: {', '.join(sorted(unknown))}")
        if not given:
            self._core.faults = Faults()
        self._lasting(given)
        self._at_once(given)
        return self._told_faults()

    def _lasting(self, given: Json) -> None:
        faults = self._core.faults
        faults.cut = bool(given.get("cut", faults.cut))
        faults.drop_acks = int(given.get("drop_acks", faults.drop_acks))
        faults.duplicate = int(given.get("duplicate", faults.duplicate))
        faults.lose_subscribe_answers = int(given.get("lose_subscribe_answers", faults.lose_subscribe_answers))
        for name in ("refuse_subscribe", "refuse_sync"):
            if name in given:
                setattr(faults, name, _refusal(str(given[name]), given))

    def _at_once(self, given: Json) -> None:
        if given.get("forget_watermarks"):
            self._core.forget_watermarks()
        if given.get("forget_sync_states"):
            self._core.forget_sync_states()
        if given.get("restart"):
            self._core.restart()
        if "error_notification" in given:
            self._core.notify_error(str(given["error_notification"]), given.get("mailbox"))

    def _told_faults(self) -> Json:
        faults = self._core.faults
        counts = {name: getattr(faults, name) for name in ("drop_acks", "duplicate", "lose_subscribe_answers")}
        subscribe, sync = faults.refuse_subscribe, faults.refuse_sync
        refusals = {"refuse_subscribe": subscribe.error.code, "times": subscribe.times} if subscribe else {}
        refusals |= {"refuse_sync": sync.error.code, "sync_times": sync.times} if sync else {}
        return {"cut": faults.cut, **counts, **refusals}


def _refusal(code: str, given: Json) -> Refusal:
    as_fault = given.get("as", "fault" if code in FAULT_CODES else "response") == "fault"
    text, back_off_ms = "The server refuses this request for now.", cast("int | None", given.get("back_off_ms"))
    return Refusal(EwsError(code, text, fault=as_fault, back_off_ms=back_off_ms), int(given.get("times", 1)))
