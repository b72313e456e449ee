"""Settings for the differences between servers and for unpublished behaviour, with the defaults of each profile.

"Guide" is the WorkMail administration guide's page on notifications.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, Self, get_origin, get_type_hints

from mailsim.setting_values import SettingError, setting_value

_UP_TO_2010: Final = ("Exchange2007", "Exchange2007_SP1", "Exchange2010", "Exchange2010_SP1", "Exchange2010_SP2")
_UP_TO_2016: Final = (*_UP_TO_2010, "Exchange2013", "Exchange2013_SP1", "Exchange2015", "Exchange2016")


@dataclass(frozen=True, slots=True)
class Profile:
    """The settings of one server. Times are protocol time, unless a name says otherwise."""

    name: Literal["workmail", "exchange"]
    server_version: str
    """In the header of every response and notification."""
    server_build: tuple[int, int, int, int]
    accepted_versions: tuple[str, ...]
    """Of RequestServerVersion; another name gets `unknown_version_error`."""
    unknown_version_error: str

    first_retry_seconds: float
    """After a failed POST. Exchange: 30 (StatusFrequency page). WorkMail: not published."""
    retry_factor: float
    retry_limit: Literal["interval", "total"]
    """StatusFrequency limits the next interval (Exchange, StatusFrequency page), or the time since the first failure
    ("retried for at most 5 minutes", Guide)."""
    resend: Literal["identical", "rebuilt"]
    """Whether a retry repeats the bytes, or includes newer events. Not published for either."""
    first_post: Literal["at_once", "after_status_frequency"]
    """The time of the first heartbeat. Exchange: users see one right after subscribing. WorkMail: not published."""

    watermark_bytes: Literal[8, 29]
    """8: a little-endian counter (Guide's samples); 29: `01000000`, database, int64, `01` (public Exchange traces)."""
    watermark_per: Literal["event", "action"]
    """Whether each event of a user action has its own watermark, or all share one. Not published for either."""
    subscribe_watermark: Literal["current", "zero"]
    """In the Subscribe response. Zero is the Guide's sample: five zero bytes, then a PreviousWatermark of eight."""
    heartbeat_watermark: Literal["current", "zero"]
    """In a StatusEvent. Zero is the Guide's sample, and does not move the chain of watermarks."""
    resume: Literal["honoured", "refused", "ignored"]
    """A Subscribe with a watermark replays the events after it, gets ErrorInvalidWatermark, or starts from now."""
    misplaced_watermark: Literal["refused", "ignored"]
    """A Watermark in the messages namespace (some clients write it) fails the schema, or is ignored."""
    retention_days: int
    """For events, and for the mailbox of a disabled user (Exchange, Watermark page; WorkMail API)."""

    quota: int
    """Live subscriptions of a mailbox. WorkMail: 3 (Guide). Exchange: EWSMaxSubscriptions, 5,000 since 2013."""
    quota_error: Literal["response", "fault"]
    """The form of ErrorExceededSubscriptionCount. WorkMail: not published."""
    subfolders: bool
    """Whether a subscription to a folder includes its subfolders. Not published for either."""
    events_per_post: int
    """More events follow at once, with MoreEvents set. Not published for either."""
    malformed_declaration: bool
    """Whether heartbeats start with the XML declaration printed in the Guide, which is not well-formed."""
    delete_seen_as: Literal["deleted", "moved"]
    """Exchange 2013+ shows a deletion as MovedEvent to subscriptions of named folders (page on deletion events)."""

    ack_timeout_seconds: float
    """In real seconds, unscaled: the network's time, not the protocol's. Not published for either."""
    ack_max_bytes: int
    """A longer acknowledgement is a failed delivery. Not published for either."""
    disabled_answer: str
    """The response for a disabled user: `401`, or the response code of a fault. Not published."""
    disable_ends_subscriptions: bool
    """Whether disabling a user silently ends the subscriptions. Not published."""

    posts: bool = True
    """Whether anything is ever posted. Without it a subscription ends silently after StatusFrequency."""
    event_watermark: Literal["own", "following"] = "own"
    """Whether an event carries its own watermark, or that which it follows: the PreviousWatermark of its POST."""
    clock_offset_seconds: float = 0
    """Real seconds, unscaled, by which the server's clock is ahead: in TimeStamp, LastModifiedTime and Date."""
    stable_item_ids: bool = False
    """Whether an item keeps its id on a move. On Exchange it does not (folders do); WorkMail: not published."""
    non_ipm_folders: bool = False
    """Whether SyncFolderHierarchy without a SyncFolderId includes the folders outside of the IPM subtree (Exchange)."""

    def with_settings(self, settings: Mapping[str, object]) -> Self:
        """Return a copy with some settings changed, given as values or as text. Raises `SettingError`."""
        return replace(self, **{name: _value_of(name, value) for name, value in settings.items()})


def _value_of(name: str, value: object) -> Any:  # noqa: ANN401  # the type is the setting's
    kind = get_type_hints(Profile).get(name)
    if kind is None or get_origin(kind) is tuple or name == "name":
        raise SettingError(f"unknown setting: {name}")
    return setting_value(name, kind, value)


WORKMAIL: Final = Profile(
    name="workmail",
    server_version="Exchange2010_SP2",
    server_build=(14, 2, 390, 3),
    accepted_versions=_UP_TO_2010,
    unknown_version_error="ErrorInvalidServerVersion",
    first_retry_seconds=10,
    retry_factor=2,
    retry_limit="total",
    resend="identical",
    first_post="after_status_frequency",
    watermark_bytes=8,
    watermark_per="event",
    subscribe_watermark="current",
    heartbeat_watermark="current",
    resume="honoured",
    misplaced_watermark="refused",
    retention_days=30,
    quota=3,
    quota_error="response",
    subfolders=False,
    events_per_post=100,
    malformed_declaration=False,
    delete_seen_as="deleted",
    ack_timeout_seconds=30,
    ack_max_bytes=1024,
    disabled_answer="ErrorNonExistentMailbox",
    disable_ends_subscriptions=True,
)

EXCHANGE: Final = replace(
    WORKMAIL,
    name="exchange",
    server_version="Exchange2016",
    server_build=(15, 1, 2507, 6),
    accepted_versions=_UP_TO_2016,
    unknown_version_error="ErrorInvalidRequest",  # the response to "Exchange2019"
    first_retry_seconds=30,
    retry_limit="interval",
    first_post="at_once",
    watermark_bytes=29,
    watermark_per="action",
    quota=5000,
    delete_seen_as="moved",
    disabled_answer="ErrorAccountDisabled",
)

PROFILES: Final[dict[str, Profile]] = {profile.name: profile for profile in (WORKMAIL, EXCHANGE)}
