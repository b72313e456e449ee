"""What people do in their mailboxes, drawn at random: tens of actions a day, in bursts, most of them around faults."""

from collections.abc import Iterator, Sequence
from random import Random
from typing import Final

from tests.simulation.fault_plan import minutes_after_lapse
from tests.simulation.mailbox_actions import Kind, MailboxAction
from tests.simulation.steps import Step

FOLDERS: Final = ("inbox", "drafts", "deleteditems", "sentitems", "calendar")
_KINDS: Final[tuple[Kind, ...]] = ("mail", "mail", "mail", "modify", "read", "move", "copy", "delete", "folder")


def draw(random: Random, minutes: float, frequencies: Sequence[int], moments: Sequence[float]) -> Iterator[Step]:
    """Yield steps for mailboxes with these StatusFrequencies. `moments` (in minutes) are when much happens."""
    for mailbox, frequency in enumerate(frequencies):
        for _ in range(random.choice((2, 8, 20))):
            at = random.uniform(0, minutes)
            if random.random() < 0.7:
                at = max(random.choice(moments) + minutes_after_lapse(random, frequency), 0.0)
            for _ in range(random.choice((1, 1, 1, 2, 4))):
                count = 1 if random.random() < 0.9 else random.randrange(2, 8)
                kind, folder = random.choice(_KINDS), random.choice(FOLDERS)
                yield Step(at, MailboxAction(mailbox, kind, folder, count, pick=int(at * 1000)))
                at += random.choice((0.0, 0.01, random.uniform(0, 3)))
