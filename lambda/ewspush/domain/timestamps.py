"""Times as they are stored and handed on: RFC 3339, UTC, `Z`."""

from datetime import UTC, datetime, timedelta
from typing import Final

MAX_BACK_OFF: Final = timedelta(hours=1)
"""A server that wants to be left alone for longer is asked again after this: it would leave a mailbox deaf."""


def backoff(milliseconds: int | None) -> timedelta:
    """Return how long a server is to be left alone."""
    return min(timedelta(milliseconds=min(milliseconds or 0, 10**9)), MAX_BACK_OFF)


def iso(moment: datetime) -> str:
    """Return `moment` (aware) with milliseconds, a form that sorts: 2026-03-04T09:15:35.120Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_iso(text: str) -> datetime:
    """Return the moment that `iso` wrote."""
    return datetime.fromisoformat(text)


def rfc3339(timestamp: str | None) -> str | None:
    """Return an xs:dateTime as CloudEvents wants its `time`; None where it is no date at all.

    The wire has fractions of any length, offsets, no zone (taken as UTC), and 24:00:00 for the end of a day.
    """
    if timestamp is None:
        return None
    midnight = "T24:00:00" in timestamp
    try:
        moment = datetime.fromisoformat(timestamp.replace("T24:00:00", "T00:00:00"))
        moment += timedelta(days=1) if midnight else timedelta()
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment.isoformat().replace("+00:00", "Z")
