"""A client of the Sync, Get and Find operations: requests, and parsed Sync responses."""

from dataclasses import dataclass, field

from lxml import etree

from tests.unit.mailsim.world import World, request

NetChange = tuple[str, str]
"""Kind and id."""


def shape(name: str, base: str = "IdOnly", *fields: str) -> str:
    """Return an ItemShape or a FolderShape."""
    uris = "".join(f'<t:FieldURI FieldURI="{each}"/>' for each in fields)
    more = f"<t:AdditionalProperties>{uris}</t:AdditionalProperties>" if uris else ""
    return f"<m:{name}><t:BaseShape>{base}</t:BaseShape>{more}</m:{name}>"


def folder_ids(name: str, *folders: str) -> str:
    """Return an element with folder ids; a name that does not look like an id is a distinguished one."""
    kinds = ("FolderId" if folder.startswith("AA") else "DistinguishedFolderId" for folder in folders)
    ids = "".join(f'<t:{kind} Id="{folder}"/>' for kind, folder in zip(kinds, folders, strict=True))
    return f"<m:{name}>{ids}</m:{name}>"


def sync_state(text: str | None) -> str:
    """Return the SyncState element, or nothing without a state."""
    return f"<m:SyncState>{text}</m:SyncState>" if text is not None else ""


def sync_items(
    folder: str = "inbox", state: str | None = None, most: object = 512, more: str = "", *fields: str
) -> bytes:
    """Return a SyncFolderItems request."""
    parts = shape("ItemShape", "IdOnly", *fields) + folder_ids("SyncFolderId", folder) + sync_state(state) + more
    return request(f"<m:SyncFolderItems>{parts}<m:MaxChangesReturned>{most}</m:MaxChangesReturned></m:SyncFolderItems>")


def sync_hierarchy(root: str | None = None, state: str | None = None) -> bytes:
    """Return a SyncFolderHierarchy request."""
    parts = shape("FolderShape") + (folder_ids("SyncFolderId", root) if root is not None else "") + sync_state(state)
    return request(f"<m:SyncFolderHierarchy>{parts}</m:SyncFolderHierarchy>")


def get_item(*item_ids: str, base: str = "Default") -> bytes:
    """Return a GetItem request."""
    ids = "".join(f'<t:ItemId Id="{each}"/>' for each in item_ids)
    return request(f"<m:GetItem>{shape('ItemShape', base)}<m:ItemIds>{ids}</m:ItemIds></m:GetItem>")


def get_folder(*folders: str, base: str = "Default") -> bytes:
    """Return a GetFolder request."""
    return request(f"<m:GetFolder>{shape('FolderShape', base)}{folder_ids('FolderIds', *folders)}</m:GetFolder>")


def find_folder(folder: str, traversal: str, view: str = "") -> bytes:
    """Return a FindFolder request."""
    parts = shape("FolderShape", "Default") + view + folder_ids("ParentFolderIds", folder)
    return request(f'<m:FindFolder Traversal="{traversal}">{parts}</m:FindFolder>')


@dataclass
class SyncResponse:
    """A response to SyncFolderItems or SyncFolderHierarchy."""

    state: str
    is_last: bool
    changes: list[NetChange]
    read_flags: dict[str, bool] = field(default_factory=dict)
    """IsRead of the ReadFlagChanges, by item id."""


def parse_sync_response(answer: bytes) -> SyncResponse:
    """Return a parsed Sync response."""
    message = etree.fromstring(answer)
    state, changes = message.findtext(".//{*}SyncState"), message.find(".//{*}Changes")
    last = [element.text for element in message.iter("{*}IncludesLastItemInRange", "{*}IncludesLastFolderInRange")]
    assert state is not None
    assert changes is not None, answer
    own_ids = [next(change.iter("{*}ItemId", "{*}FolderId")).get("Id", "") for change in changes]
    kinds = [etree.QName(change).localname for change in changes]
    flags = zip(own_ids, (change.findtext("{*}IsRead") for change in changes), strict=True)
    read_flags = {own_id: flag == "true" for own_id, flag in flags if flag is not None}
    return SyncResponse(state, last == ["true"], list(zip(kinds, own_ids, strict=True)), read_flags)


@dataclass
class SyncClient:
    """A client that synchronizes the items of one folder, and keeps its state."""

    world: World
    folder: str = "inbox"
    state: str | None = None

    def page(self, most: int = 512) -> SyncResponse:
        """Request one page."""
        status, answer = self.world.ask(sync_items(self.folder, self.state, most))
        assert status == 200
        response = parse_sync_response(answer)
        self.state = response.state
        return response

    def changes(self, most: int = 512) -> list[NetChange]:
        """Request pages until the last one, and return all changes."""
        found: list[NetChange] = []
        while True:
            page = self.page(most)
            found += page.changes
            if page.is_last:
                return found


def synchronized(world: World, folder: str = "inbox") -> SyncClient:
    """Return a client that is up to date."""
    client = SyncClient(world, folder)
    client.changes()
    return client
