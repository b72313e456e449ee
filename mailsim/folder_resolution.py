"""The folder that a request refers to."""

from mailsim.errors import EwsError
from mailsim.mailbox import Mailbox
from mailsim.request_parts import FolderRef
from mailsim.store import Entry

_NOT_FOUND = "The specified folder could not be found in the store."


def resolve_folder(mailbox: Mailbox, ref: FolderRef, missing_code: str = "ErrorFolderNotFound") -> Entry:
    """Return the folder. Raises `EwsError`: `missing_code` for an unknown folder, ErrorAccessDenied for another's."""
    if ref.mailbox not in {None, mailbox.email}:
        raise EwsError("ErrorAccessDenied", "That mailbox belongs to another user.")
    found = mailbox.folder_id(ref.name)
    entry = mailbox.entries.get(found) if found is not None else None
    if entry is None or (entry.id == ref.name) is ref.is_distinguished:
        raise EwsError(missing_code, _NOT_FOUND)
    return entry


def resolve_subscribed_folder(mailbox: Mailbox, name: str) -> str:
    """Return the id of a folder in a Subscribe, given by id or distinguished name. Raises `EwsError`."""
    found = mailbox.folder_id(name)
    if found is None:
        raise EwsError("ErrorFolderNotFound", _NOT_FOUND)
    return found
