"""What people do in their mailboxes, carried out through the actions of mailsim's core."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mailsim.core import Core
from mailsim.directory import UserState
from mailsim.mailbox_events import MailboxEvent
from mailsim.store import Entry
from tests.simulation.steps import Action

if TYPE_CHECKING:
    from tests.simulation.system import System

Kind = Literal["mail", "modify", "read", "move", "copy", "delete", "folder"]


@dataclass(frozen=True, slots=True)
class MailboxAction(Action):
    """Something that is done `count` times; `pick` selects the first of the items that it is done to, -1 the newest."""

    mailbox: int
    kind: Kind
    folder: str
    count: int = 1
    pick: int = 0

    def begin(self, system: "System") -> None:
        email = system.desired[self.mailbox].mailbox
        if system.core.directory.find(email).state is not UserState.ENABLED:
            return
        for number in range(self.count):
            system.core.record(email, self._act(system.core, email, number), system.time.now)

    def _act(self, core: Core, email: str, number: int) -> list[MailboxEvent]:  # noqa: PLR0911  # an action a line
        actions = core.actions(email)
        item = self._item(core, email, number)
        if self.kind == "folder":
            return actions.create_folder("msgfolderroot", f"folder {number}")[1]
        if item is None or self.kind == "mail":
            return actions.deliver(self.folder, "hello")[1]
        match self.kind:
            case "modify":
                return actions.modify(item)
            case "read":
                return actions.set_unread(item, unread=not item.unread)
            case "move":
                return actions.move(item, self.folder)
            case "copy":
                return actions.copy(item, self.folder)[1]
        return actions.delete(item)

    def _item(self, core: Core, email: str, number: int) -> Entry | None:
        mailbox = core.directory.find(email).mailbox
        items = [
            each for each in mailbox.entries.values() if each.kind == "item" and each.parent_id not in mailbox.hidden
        ]
        step = -number if self.pick < 0 else number
        return items[(self.pick + step) % len(items)] if items else None
