"""What has changed since a client last asked: the net of all steps, however many there were."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mailsim.store import Step
from mailsim.sync_state import SyncState

ChangeKind = Literal["Create", "Update", "Delete", "ReadFlagChange"]


@dataclass(frozen=True, slots=True)
class NetChange:
    """What is to be told of one item or folder."""

    kind: ChangeKind
    id: str
    unread: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Some changes, the state after them, and whether there are no more."""

    changes: list[NetChange]
    state: SyncState
    last: bool


def page_of(steps: Sequence[Step], state: SyncState, limit: int) -> Page:
    """Return the next changes among items, newest first as since Exchange 2010 SP2, at most `limit`."""
    end = state.end or len(steps)
    changes = net_changes(steps[state.start : end])
    given = state.given + limit
    if given < len(changes):
        return Page(changes[state.given : given], SyncState(state.start, end, given), last=False)
    return Page(changes[state.given :], SyncState(end), end == len(steps))


def net_changes(steps: Sequence[Step]) -> list[NetChange]:
    """Return one change for each item that a client does not know as it is; the newest first."""
    met: dict[str, list[Step]] = {}
    for step in steps:
        met.setdefault(step.id, []).append(step)
    changes = (_net_change(own) for own in reversed(met.values()))
    return [change for change in changes if change is not None]


def tree_changes(steps: Sequence[Step], start: int, root: str, hidden: frozenset[str]) -> list[NetChange]:
    """Return the changes among the folders below `root` after `start` steps; each after the folder it is made in."""
    old, new = _below(_parents(steps[:start]), root, hidden), _below(_parents(steps), root, hidden)
    touched = {step.id for step in steps[start:]}
    there = (NetChange("Update" if each in old else "Create", each) for each in new)
    told = [each for each in there if each.kind == "Create" or each.id in touched]
    return [*told, *(NetChange("Delete", each) for each in old if each not in new)]


def _net_change(own: Sequence[Step]) -> NetChange | None:
    """Return what the steps of one item come to; ids are never used again."""
    kinds, last = {step.kind for step in own}, own[-1]
    match "made" in kinds, "gone" in kinds:
        case True, True:
            return None
        case True, False:
            return NetChange("Create", last.id)
        case False, True:
            return NetChange("Delete", last.id)
    return NetChange("Update" if "changed" in kinds else "ReadFlagChange", last.id, last.unread)


def _parents(steps: Sequence[Step]) -> dict[str, str]:
    """Return the folder that each folder lay in after some steps."""
    parents: dict[str, str] = {}
    for step in steps:
        if step.kind == "gone":
            del parents[step.id]
        else:
            parents[step.id] = step.parent_id
    return parents


def _below(parents: dict[str, str], root: str, hidden: frozenset[str]) -> dict[str, None]:
    """Return all folders below `root`, each after the one it lies in; those hidden are passed over."""
    inside: dict[str, list[str]] = {}
    for each, parent in parents.items():
        if each not in hidden:
            inside.setdefault(parent, []).append(each)
    found, waiting = dict[str, None](), [root]
    for folder in waiting:
        waiting += inside.get(folder, [])
        found |= dict.fromkeys(inside.get(folder, []))
    return found
