"""What people do in their mailboxes: tens of times a day, in bursts, and more often around the moments of trouble."""

from collections.abc import Iterator, Sequence
from random import Random
from typing import Final

from tests.simulation.breakage import Drawn, after

_ACTIONS: Final = ("mail", "mail", "mail", "modify", "read", "move", "copy", "delete", "folder")
KINDS: Final = frozenset(_ACTIONS)
FOLDERS: Final = ("inbox", "drafts", "deleteditems", "sentitems", "calendar")


def drawn(chance: Random, minutes: float, frequencies: Sequence[int], moments: Sequence[float]) -> Iterator[Drawn]:
    """Yield the fields of steps. `moments` (in minutes) are when much happens."""
    for mailbox, frequency in enumerate(frequencies):
        for _ in range(chance.choice((2, 8, 20))):
            at = chance.uniform(0, minutes)
            if chance.random() < 0.7:
                at = max(chance.choice(moments) + after(chance, frequency), 0.0)
            for _ in range(chance.choice((1, 1, 1, 2, 4))):
                count = 1 if chance.random() < 0.9 else chance.randrange(2, 8)
                yield at, chance.choice(_ACTIONS), mailbox, count, 0.0, chance.choice(FOLDERS)
                at += chance.choice((0.0, 0.01, chance.uniform(0, 3)))
