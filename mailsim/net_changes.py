"""The net changes since a client's last synchronization: at most one for each item or folder."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from mailsim.store import EntryChange
from mailsim.sync_state import SyncState

NetChangeKind = Literal["Create", "Update", "Delete", "ReadFlagChange"]


@dataclass(frozen=True, slots=True)
class NetChange:
    """The net change of one item or folder."""

    kind: NetChangeKind
    id: str
    unread: bool = False


@dataclass(frozen=True, slots=True)
class ItemsPage:
    """Net changes of items, the state after them, and whether no more changes exist."""

    changes: list[NetChange]
    state: SyncState
    is_last: bool


def next_items_page(history: Sequence[EntryChange], state: SyncState, limit: int) -> ItemsPage:
    """Return the next net changes of items, at most `limit`; newest first, as since Exchange 2010 SP2."""
    end = state.end or len(history)
    changes = net_item_changes(history[state.start : end])
    returned = state.returned + limit
    if returned < len(changes):
        return ItemsPage(changes[state.returned : returned], SyncState(state.start, end, returned), is_last=False)
    return ItemsPage(changes[state.returned :], SyncState(end), is_last=end == len(history))


def endless_page(state: SyncState) -> ItemsPage:
    """Return a page without changes that is not the last one; its state differs, and knows no more than `state`."""
    return ItemsPage([], replace(state, empty_pages=state.empty_pages + 1), is_last=False)


def net_item_changes(history: Sequence[EntryChange]) -> list[NetChange]:
    """Return one net change for each item that `history` leaves in another state; newest first."""
    by_item: dict[str, list[EntryChange]] = {}
    for change in history:
        by_item.setdefault(change.id, []).append(change)
    net = (_net_change(changes) for changes in reversed(by_item.values()))
    return [change for change in net if change is not None]


def net_folder_changes(
    history: Sequence[EntryChange], start: int, root: str, hidden: frozenset[str]
) -> list[NetChange]:
    """Return the net changes of the folders below `root` since `history[start]`; each created after its parent."""
    old, new = _below(_parents(history[:start]), root, hidden), _below(_parents(history), root, hidden)
    changed = {change.id for change in history[start:]}
    present = (NetChange("Update" if each in old else "Create", each) for each in new)
    net = [each for each in present if each.kind == "Create" or each.id in changed]
    return [*net, *(NetChange("Delete", each) for each in old if each not in new)]


def _net_change(changes: Sequence[EntryChange]) -> NetChange | None:
    """Return the net change of one item. An item that left and came back (with a stable id) has changed."""
    last = changes[-1]
    was_here, is_here = changes[0].kind != "created", last.kind != "removed"
    match was_here, is_here:
        case False, False:
            return None
        case False, True:
            return NetChange("Create", last.id)
        case True, False:
            return NetChange("Delete", last.id)
    is_read_only = {change.kind for change in changes} == {"read"}
    return NetChange("ReadFlagChange" if is_read_only else "Update", last.id, last.unread)


def _parents(history: Sequence[EntryChange]) -> dict[str, str]:
    """Return the parent of each folder at the end of `history`."""
    parents: dict[str, str] = {}
    for change in history:
        if change.kind == "removed":
            del parents[change.id]
        else:
            parents[change.id] = change.parent_id
    return parents


def _below(parents: dict[str, str], root: str, hidden: frozenset[str]) -> dict[str, None]:
    """Return all folders below `root` except hidden ones, each after its parent."""
    children: dict[str, list[str]] = {}
    for each, parent in parents.items():
        if each not in hidden:
            children.setdefault(parent, []).append(each)
    found, queue = dict[str, None](), [root]
    for folder in queue:
        queue += children.get(folder, [])
        found |= dict.fromkeys(children.get(folder, []))
    return found
