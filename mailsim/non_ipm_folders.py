"""The folders of a mailbox outside of the IPM subtree, as Exchange has them beside msgfolderroot."""

from typing import Final

from mailsim.errors import EwsError
from mailsim.mailbox import Mailbox
from mailsim.store import Entry

RECOVERABLE_ITEMS: Final = ("recoverableitemsversions", "recoverableitemspurges")
"""Beside the deletions, which every mailbox has from the beginning."""
SETTINGS: Final = ("Common Views", "Shortcuts", "Views")
REFUSING: Final = ("Deferred Action", "Freebusy Data", "Spooler Queue")
"""SyncFolderItems of these is refused; which folders do that on Exchange is not published."""


def add_non_ipm_folders(mailbox: Mailbox) -> None:
    """Add the folders, unless the mailbox has them."""
    if mailbox.folder_id(REFUSING[0]) is None:
        mailbox.add_hidden_folders((*RECOVERABLE_ITEMS, *SETTINGS, *REFUSING))


def check_synchronizable(mailbox: Mailbox, folder: Entry) -> None:
    """Raise `EwsError` for a folder whose items can't be synchronized."""
    if not mailbox.names_of(folder).isdisjoint(REFUSING):
        raise EwsError("ErrorAccessDenied", "Access is denied. Non IPM folder.")
