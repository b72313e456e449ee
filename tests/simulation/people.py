"""Carries out what people do in their mailboxes, through the actions of mailsim's core."""

from mailsim.core import Core
from mailsim.directory import UserState
from mailsim.mailbox_events import MailboxEvent
from mailsim.store import Entry
from tests.simulation.plan import Step


class People:
    """Those whose mailboxes are on a server."""

    def __init__(self, core: Core) -> None:
        """Act on `core`."""
        self._core = core

    def act(self, email: str, step: Step, now: float) -> None:
        """Do what a step says, as often as it says, if the mailbox can be reached."""
        if self._core.directory.find(email).state is not UserState.ENABLED:
            return
        for number in range(step.count):
            told = self._told(email, step, number)
            self._core.record(email, told, now)

    def _told(self, email: str, step: Step, number: int) -> list[MailboxEvent]:  # noqa: PLR0911  # an action a line
        actions = self._core.actions(email)
        item = self._item(email, step, number)
        if step.kind == "folder":
            return actions.create_folder("msgfolderroot", f"folder {number}")[1]
        if item is None or step.kind == "mail":
            return actions.deliver(step.name, "hello")[1]
        match step.kind:
            case "modify":
                return actions.modify(item)
            case "read":
                return actions.set_unread(item, unread=not item.unread)
            case "move":
                return actions.move(item, step.name)
            case "copy":
                return actions.copy(item, step.name)[1]
        return actions.delete(item)

    def _item(self, email: str, step: Step, number: int) -> Entry | None:
        """Return one of the items, another one for another moment."""
        mailbox = self._core.directory.find(email).mailbox
        items = [
            each for each in mailbox.entries.values() if each.kind == "item" and each.parent_id not in mailbox.hidden
        ]
        return items[(int(step.at * 1000) + number) % len(items)] if items else None
