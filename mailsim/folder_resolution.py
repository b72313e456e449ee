"""Which folder a request means."""

from mailsim.errors import EwsError
from mailsim.mailbox import Mailbox
from mailsim.schema import FolderRef
from mailsim.store import Entry


def folder_meant(mailbox: Mailbox, ref: FolderRef, missing: str = "ErrorFolderNotFound") -> Entry:
    """Return the folder. Raises `EwsError`: with `missing` where there is none, or where it is another's."""
    if ref.mailbox not in {None, mailbox.email}:
        raise EwsError("ErrorAccessDenied", "That mailbox belongs to somebody else.")
    found = mailbox.folder(ref.name)
    entry = mailbox.entries.get(found) if found is not None else None
    if entry is None or (entry.id == ref.name) is ref.is_distinguished:
        raise EwsError(missing, "The specified folder could not be found in the store.")
    return entry
