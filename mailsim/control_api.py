"""The control API: calls that act as users, cause faults and show the server's state, see docs/mailsim.md.

JSON in and out. Like the core it has neither sockets nor a clock.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, Final

from mailsim.control_faults import lasting_faults, set_faults
from mailsim.core import Core
from mailsim.delegation import set_full_access
from mailsim.errors import ControlError
from mailsim.setting_values import SettingError
from mailsim.store import EntryKind

Json = dict[str, Any]

_KINDS: Final[dict[str, EntryKind]] = {"items": "item", "folders": "folder"}


class ControlApi:
    """The control calls on one server."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def handle(self, method: str, path: list[str], given: Json, now: float) -> tuple[int, object]:
        """Return the HTTP status and the answer. `path` follows /control/; `given` is the body or the query."""
        try:
            return 200, self._answer(method, path, given, now)
        except ControlError as error:
            return error.status, {"error": str(error)}
        except SettingError as error:
            return 400, {"error": str(error)}
        except KeyError as error:
            return 400, {"error": f"{error.args[0]} is missing"}
        except (AttributeError, TypeError, ValueError) as error:  # a value of the wrong type
            return 400, {"error": f"invalid value: {error}"}

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
                return set_faults(self._core, given)
            case "POST", ["mailboxes", email, *rest]:
                return self._mailbox(email, rest, given, now)
        raise ControlError(404, f"unknown call: {method} /control/{'/'.join(path)}")

    def _readers(self, given: Json) -> Mapping[str, Callable[[], object]]:
        return {
            "users": self._users,
            "subscriptions": self._subscriptions,
            "deliveries": lambda: [asdict(each) for each in self._core.deliveries],
            "requests": lambda: [asdict(each) for each in self._core.request_log],
            "changes": lambda: self._changes(given["mailbox"]),
            "settings": lambda: asdict(self._core.profile),
            "faults": lambda: lasting_faults(self._core),
        }

    def _mailbox(self, email: str, rest: list[str], given: Json, now: float) -> Json:
        match rest:
            case ["messages"]:
                item, events = self._core.actions(email).deliver(given.get("folder", "inbox"), str(given["subject"]))
                self._core.record(email, events, now)
                return {"item_id": item.id}
            case ["folders"]:
                parent = given.get("parent", "msgfolderroot")
                folder, events = self._core.actions(email).create_folder(parent, given["name"])
                self._core.record(email, events, now)
                return {"folder_id": folder.id}
            case [kinds, entry_id, action] if kinds in _KINDS:
                return self._act(email, (_KINDS[kinds], entry_id), action, given, now)
            case ["password"]:
                user = self._core.directory.find(email)
                user.password = str(given["password"])
                return {"email": user.email}
            case ["delegates"]:
                granted = bool(given.get("full_access", True))
                delegates = set_full_access(self._core.directory, email, given["email"], granted=granted)
                return {"email": self._core.directory.find(email).email, "delegates": delegates}
            case ["disable" | "enable" | "remove" as action]:
                user = getattr(self._core, action)(email, now)
                return {"email": user.email, "state": user.state}
        raise ControlError(404, f"unknown call: {'/'.join(rest)}")

    def _act(self, email: str, target: tuple[EntryKind, str], action: str, given: Json, now: float) -> Json:
        actions, (kind, entry_id) = self._core.actions(email), target
        entry = actions.mailbox.find(entry_id, kind)
        if action in {"move", "delete"} and actions.mailbox.is_distinguished(entry):
            raise ControlError(400, f"{entry.name} is a distinguished folder: it can't be moved or deleted")
        match action:
            case "move":
                events = actions.move(entry, given["folder"])
            case "copy":
                entry, events = actions.copy(entry, given["folder"])
            case "modify":
                events = actions.modify(entry)
            case "read" if entry.kind == "item":
                events = actions.set_unread(entry, unread=not given.get("read", True))
            case "delete":
                events = actions.delete(entry)
            case _:
                raise ControlError(404, f"unknown action: {action}")
        self._core.record(email, events, now)
        return {f"{kind}_id": entry.id}

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
                "url": each.request.url,
                "status_frequency": each.request.status_frequency_minutes,
                "watermark": self._core.watermark_of(each),
                "state": each.state,
            }
            for each in self._core.subscriptions.values()
        ]

    def _changes(self, email: str) -> list[Json]:
        return [
            {
                "type": logged.event.type,
                "object": logged.event.object,
                "id": logged.event.id,
                "watermark": watermark,
                "at": logged.at,
                "parent_folder_id": logged.event.parent_id,
                "old_id": logged.event.old_id,
            }
            for logged, watermark in self._core.changes(email)
        ]
