"""Times as they are stored and published: RFC 3339, UTC, `Z`."""

from datetime import UTC, datetime, timedelta


def iso(moment: datetime) -> str:
    """Return `moment` (aware) with milliseconds, a form that sorts: 2026-03-04T09:15:35.120Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_iso(text: str) -> datetime:
    """Return the moment that an RFC 3339 text names."""
    return datetime.fromisoformat(text)


def from_xsd(timestamp: str | None) -> datetime | None:
    """Return the moment of an xs:dateTime, in UTC; None where it is no date at all.

    The wire has fractions of any length, offsets, no zone (taken as UTC), and 24:00:00 for the end of a day.
    """
    if timestamp is None:
        return None
    midnight = "T24:00:00" in timestamp
    try:
        moment = datetime.fromisoformat(timestamp.replace("T24:00:00", "T00:00:00"))
        moment += timedelta(days=1) if midnight else timedelta()
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def rfc3339(moment: datetime) -> str:
    """Return `moment` (aware) with as many digits as it has, as CloudEvents wants its `time`: 2018-02-02T15:15:14Z."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
