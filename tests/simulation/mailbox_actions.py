"""What people do in their mailboxes, carried out through the actions of mailsim's core."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mailsim.changes import Told
from mailsim.directory import UserState
from mailsim.server import Core
from mailsim.store import Entry
from tests.simulation.steps import Action

if TYPE_CHECKING:
    from tests.simulation.system import System

Kind = Literal["mail", "modify", "read", "move", "copy", "delete", "folder"]


@dataclass(frozen=True, slots=True)
class MailboxAction(Action):
    """Something that is done `count` times; `pick` selects the first of the items that it is done to."""

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

    def _act(self, core: Core, email: str, number: int) -> list[Told]:  # noqa: PLR0911  # an action a line
        actor = core.actor(email)
        item = self._item(core, email, number)
        if self.kind == "folder":
            return actor.make_folder("msgfolderroot", f"folder {number}")[1]
        if item is None or self.kind == "mail":
            return actor.deliver(self.folder, "hello")[1]
        match self.kind:
            case "modify":
                return actor.modify(item)
            case "read":
                return actor.mark(item, unread=not item.unread)
            case "move":
                return actor.move(item, self.folder)
            case "copy":
                return actor.copy(item, self.folder)[1]
        return actor.delete(item)

    def _item(self, core: Core, email: str, number: int) -> Entry | None:
        mailbox = core.directory.find(email).mailbox
        items = [
            each for each in mailbox.entries.values() if each.kind == "item" and each.parent_id not in mailbox.hidden
        ]
        return items[(self.pick + number) % len(items)] if items else None
