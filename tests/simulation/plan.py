"""What is going to happen: drawn from one seed before it begins, a list of steps that can be left out one by one."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from tests.simulation import fault_plan, workload
from tests.simulation.setup import Setup, draw_setup
from tests.simulation.steps import Fault, Step


@dataclass(frozen=True, slots=True)
class Plan:
    """A scenario, with the seed of what is drawn while it is played."""

    seed: int
    hours: float
    setup: Setup
    steps: tuple[Step, ...]

    def only(self, kept: Sequence[int]) -> "Plan":
        """Return the plan with these of its steps (by number)."""
        return Plan(self.seed, self.hours, self.setup, tuple(self.steps[each] for each in kept))

    @property
    def is_calm(self) -> bool:
        """Whether nothing breaks."""
        return not any(isinstance(step.action, Fault) for step in self.steps)


def draw_plan(seed: int, hours: float = 24) -> Plan:
    """Return the plan of a seed: the same at any time, on any machine."""
    random = Random(f"plan {seed}")  # noqa: S311  # reproducible, no secret
    setup = draw_setup(random, seed)
    minutes, frequencies = hours * 60, setup.frequencies
    moments = [random.uniform(1, minutes) for _ in range(random.randrange(1, 5))]
    steps = [
        *workload.draw(random, minutes, frequencies, moments),
        *fault_plan.draw(random, minutes, frequencies, moments),
        *fault_plan.draw_retirement(Random(f"retire {seed}"), minutes, frequencies),  # noqa: S311  # likewise
    ]
    in_time = (step for step in steps if step.at <= minutes)
    return Plan(seed, hours, setup, tuple(sorted(in_time, key=lambda step: step.at)))
