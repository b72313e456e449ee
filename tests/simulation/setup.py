"""How the server and our side are configured, drawn from a seed."""

from dataclasses import dataclass
from random import Random
from typing import Final

from ewspush.domain.events import MAX_ENTRY_EVENTS
from tests.simulation.workload import FOLDERS

_FREQUENCIES: Final = (1, 2, 5, 15, 60)
_WEIGHTS: Final = (1, 2, 10, 32, 55)
"""Heartbeats are most of the work, so the small frequencies are drawn rarely."""

_UNKNOWNS: Final[dict[str, tuple[object, ...]]] = {
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
"""Settings of mailsim for what is not published about the servers, with the possible answers."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What stays the same throughout a scenario. `server` are settings of a profile of mailsim.

    `frequencies` (StatusFrequency, in minutes) and `folders` (none is all) are those of each mailbox.
    """

    profile: str
    server: tuple[tuple[str, object], ...]
    frequencies: tuple[int, ...]
    folders: tuple[tuple[str, ...], ...]
    resume_is_trusted: bool
    recovers: bool
    keepers: int
    skew_seconds: float
    batch: int
    """Records that the stream delivers at once."""
    entry_events: int
    """That an entry of the log takes: few, so that many POSTs take several."""


def draw_setup(random: Random, seed: int) -> Setup:
    """Return the setup of a seed."""
    profile = random.choice(("workmail", "exchange"))
    server = _server(random)
    mailboxes = random.choice((1, 1, 1, 1, 1, 2, 3))
    return Setup(
        profile=profile,
        server=tuple(server.items()),
        frequencies=tuple(random.choices(_FREQUENCIES, _WEIGHTS, k=mailboxes)),
        folders=tuple(_folders(Random(f"folders {seed} {number}")) for number in range(mailboxes)),  # noqa: S311  # reproducible
        resume_is_trusted=random.random() < 0.5,
        recovers=random.random() < 0.8,
        keepers=random.choice((1, 1, 2)),
        skew_seconds=random.choice((0.0, random.uniform(-3, 3))),
        batch=random.choice((1, 3, 10, 100)),
        entry_events=Random(f"entry {seed}").choice((2, 3, 5, MAX_ENTRY_EVENTS)),  # noqa: S311  # reproducible
    )


def _folders(random: Random) -> tuple[str, ...]:
    return () if random.random() < 0.75 else random.choice((("inbox",), ("inbox", "drafts", "calendar"), FOLDERS))


def _server(random: Random) -> dict[str, object]:
    """Return answers to some of the unknowns, most of the time few."""
    share = random.choice((0.0, 0.2, 0.5))
    server = {name: random.choice(values) for name, values in _UNKNOWNS.items() if random.random() < share}
    if "zero" in server.values():
        server["watermark_bytes"] = 8  # a zero watermark is WorkMail's; in the longer form it would not look like one
    return server
