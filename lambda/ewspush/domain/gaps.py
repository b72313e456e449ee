"""Until when all that happened in a mailbox has been told: where a gap begins, and what a sync may build on."""

from datetime import datetime, timedelta
from typing import Final

from ewspush.domain.subscription import Subscription

PROTOCOL_MINUTE: Final = timedelta(minutes=1)

_ATTEMPT_MINUTES: Final = 100 / 60
"""What an attempt takes that nobody answers, at most: .NET gives a web request up after 100 s by default. The limit of
the servers is not published."""

CLOCK_MARGIN: Final = timedelta(minutes=5)
"""By so much the server's clock may be wrong: what Kerberos allows the servers of a domain, by default."""

MAX_EVENT_AGE: Final = timedelta(days=30)
"""Exchange keeps events for so long (page on Watermark): nothing older can be told, whatever a clock says."""

_RETRY_FREQUENCIES: Final = 2


def complete_until(row: Subscription, minute: timedelta = PROTOCOL_MINUTE) -> datetime | None:
    """Return until when all was told, a moment that is never too late; None where nothing was heard yet.

    Events are told in their order, so nothing is missing before the last that was told. A heartbeat says that nothing
    waited when it was first sent; it can't be told from its copies, and what happens while a server sends a POST again
    is told only after that. `minute` is how long a protocol minute lasts.
    """
    if row.last_seen_at is None:
        return None
    margin = CLOCK_MARGIN / PROTOCOL_MINUTE * minute
    oldest, newest = row.last_seen_at - MAX_EVENT_AGE, row.last_seen_at + margin
    if row.last_event_at is not None and oldest <= row.last_event_at <= newest:
        return row.last_event_at - margin
    return row.last_seen_at - max_delivery_window(row.status_frequency_minutes, minute)


def max_delivery_window(status_frequency_minutes: int, minute: timedelta = PROTOCOL_MINUTE) -> timedelta:
    """Return how long a server may try to deliver one POST.

    Exchange, page on StatusFrequency: the first retry comes after 30 s, each wait is twice the last, and none is longer
    than StatusFrequency. So they add up to less than twice that; Amazon WorkMail gives up sooner. The attempts
    themselves take their time too.
    """
    attempts = (2 * status_frequency_minutes).bit_length() + 1
    return (_RETRY_FREQUENCIES * status_frequency_minutes + _ATTEMPT_MINUTES * attempts) * minute
