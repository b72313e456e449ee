"""What is made to go wrong."""

from dataclasses import dataclass

from mailsim.errors import EwsError


@dataclass(slots=True)
class Faults:
    """Faults that last, or that are used up. A new one of these is none."""

    cut: bool = False
    """Callbacks are unreachable."""
    drop_acks: int = 0
    """Of so many POSTs the answer never comes back, though the receiver gave one."""
    duplicate: int = 0
    """So many POSTs are sent twice at once."""
    refusal: EwsError | None = None
    """What Subscribe answers,"""
    refusals: int = 0
    """so many times."""

    def refuse(self) -> None:
        """Raise the refusal of a Subscribe as long as there are some left."""
        if self.refusal is not None and self.refusals > 0:
            self.refusals -= 1
            raise self.refusal

    def drops_ack(self) -> bool:
        """Use up one lost answer, if there is one."""
        self.drop_acks, dropped = max(self.drop_acks - 1, 0), self.drop_acks > 0
        return dropped

    def duplicates(self) -> bool:
        """Use up one duplicate, if there is one."""
        self.duplicate, doubled = max(self.duplicate - 1, 0), self.duplicate > 0
        return doubled
