"""What is going to happen: drawn from one seed before it begins, a list of steps that can be left out one by one."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from tests.simulation import breakage, habits

_FREQUENCIES: Final = (1, 2, 5, 15, 60)
_WEIGHTS: Final = (1, 2, 10, 32, 55)
"""Heartbeats are most of the work, so the small frequencies are drawn rarely."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens `at` minutes from the beginning; what the other fields mean depends on its kind."""

    at: float
    kind: str
    mailbox: int = 0
    count: int = 1
    minutes: float = 0.0
    name: str = ""

    def __str__(self) -> str:
        """Return it as a line of a trace."""
        minutes = f" {self.minutes:g} min" if self.minutes else ""
        return f"{self.kind} {self.name} x{self.count}{minutes} (mailbox {self.mailbox})"


@dataclass(frozen=True, slots=True)
class Setup:
    """How the server and our side are, from the beginning to the end. `server` are settings of a profile of mailsim."""

    profile: str
    server: tuple[tuple[str, object], ...]
    frequencies: tuple[int, ...]
    folders: tuple[tuple[str, ...], ...]
    resume_is_trusted: bool
    recovers: bool
    keepers: int
    skew_seconds: float
    batch: int


@dataclass(frozen=True, slots=True)
class Plan:
    """A story, with the seed of what is left to chance while it is told."""

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
        return all(step.kind in habits.KINDS for step in self.steps)


def drawn(seed: int, hours: float = 24) -> Plan:
    """Return the plan of a seed: the same at any time, on any machine."""
    chance = Random(f"plan {seed}")  # noqa: S311  # a story that can be repeated
    setup = _setup(chance, seed)
    minutes = hours * 60
    frequencies = setup.frequencies
    moments = [chance.uniform(1, minutes) for _ in range(chance.randrange(1, 5))]
    steps = [Step(*each) for each in habits.drawn(chance, minutes, frequencies, moments)]
    steps += [Step(*each) for each in breakage.drawn(chance, minutes, frequencies, moments)]
    steps += [Step(*each) for each in breakage.dead_lettered(Random(f"retire {seed}"), minutes, frequencies)]  # noqa: S311
    early = (step for step in steps if step.at <= minutes)
    return Plan(seed, hours, setup, tuple(sorted(early, key=lambda step: step.at)))


def _setup(chance: Random, seed: int) -> Setup:
    profile = chance.choice(("workmail", "exchange"))
    server = _server(chance)
    mailboxes = chance.choice((1, 1, 1, 1, 1, 2, 3))
    return Setup(
        profile=profile,
        server=tuple(server.items()),
        frequencies=tuple(chance.choices(_FREQUENCIES, _WEIGHTS, k=mailboxes)),
        folders=tuple(_folders(Random(f"folders {seed} {number}")) for number in range(mailboxes)),  # noqa: S311  # likewise
        resume_is_trusted=server.get("resume") != "ignored" and chance.random() < 0.5,
        recovers=chance.random() < 0.8,
        keepers=chance.choice((1, 1, 2)),
        skew_seconds=chance.choice((0.0, chance.uniform(-3, 3))),
        batch=chance.choice((1, 3, 10, 100)),
    )


def _folders(chance: Random) -> tuple[str, ...]:
    """Return the folders that are subscribed to; none is all of them."""
    return (
        () if chance.random() < 0.75 else chance.choice((("inbox",), ("inbox", "drafts", "calendar"), habits.FOLDERS))
    )


def _server(chance: Random) -> dict[str, object]:
    """Return both answers to each unknown, most of the time few of them unlike the profile's."""
    unknowns: dict[str, tuple[object, ...]] = {
        "resume": ("honoured", "refused", "ignored"),
        "heartbeat_watermark": ("zero", "current"),
        "subscribe_watermark": ("zero", "current"),
        "resend": ("identical", "rebuilt"),
        "watermark_per": ("event", "action"),
        "first_post": ("at_once", "after_status_frequency"),
        "disabled_answer": ("401", "ErrorNonExistentMailbox", "ErrorAccountDisabled"),
        "disable_ends_subscriptions": (True, False),
        "delete_seen_as": ("deleted", "moved"),
        "events_per_post": (1, 2, 100),
        "retry_limit": ("interval", "total"),
        "first_retry_seconds": (1, 10, 30),
        "malformed_declaration": (True, False),
        "quota_error": ("response", "fault"),
        "quota": (3, 3, 5000),
        "watermark_bytes": (8, 29),
    }
    share = chance.choice((0.0, 0.2, 0.5))
    server = {name: chance.choice(values) for name, values in unknowns.items() if chance.random() < share}
    if "zero" in server.values():
        server["watermark_bytes"] = 8  # a zero watermark is WorkMail's; in the longer form it would not look like one
    return server
