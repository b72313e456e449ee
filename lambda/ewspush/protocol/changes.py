"""What a sync says of items and folders: ids, and what became of them (types.xsd, SyncFolder*Changes types)."""

from enum import StrEnum
from typing import NamedTuple


class ChangeKind(StrEnum):
    """What has become of an item or folder; steps in between are not returned.

    An item that was moved is deleted in one folder and created in the other.
    """

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"
    READ_FLAG_CHANGED = "read_flag_changed"


class ItemChange(NamedTuple):
    """What has become of an item. `last_modified_at` is an xs:dateTime; one deleted has none, and no `parent_id`.

    `is_read` is known where the flag is all that changed.
    """

    kind: ChangeKind
    id: str
    change_key: str | None = None
    last_modified_at: str | None = None
    is_read: bool | None = None
    parent_id: str | None = None


class FolderChange(NamedTuple):
    """What has become of a folder. One deleted has no parent, and whether it was a search folder is not known."""

    kind: ChangeKind
    id: str
    change_key: str | None = None
    parent_id: str | None = None
    is_search: bool = False
