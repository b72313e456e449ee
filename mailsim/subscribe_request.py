"""Subscribe requests for push notifications (types.xsd, PushSubscriptionRequestType)."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from mailsim.errors import EwsError
from mailsim.mailbox_events import EventType
from mailsim.request_parts import parse_folder_refs, parts_by_name
from mailsim.schema.simple_types import BOOLEANS
from mailsim.soap import Element, M, child_elements, text_of

MAX_URL_CHARACTERS: Final = 2082
"""Exchange, ResponseCode page: ErrorInvalidPushSubscriptionUrl."""


@dataclass(frozen=True, slots=True)
class SubscribeRequest:
    """One Subscribe. `folders` are ids or distinguished names; None is all folders."""

    folders: tuple[str, ...] | None
    mailboxes: frozenset[str]
    """The owners of the folders where the request names them, in lower case."""
    event_types: frozenset[EventType]
    watermark: str | None
    status_frequency_minutes: int
    url: str


def parse_subscribe(operation: Element) -> SubscribeRequest:
    """Return the request of a Subscribe operation that is valid by the schema. Raises `EwsError`."""
    (request,) = child_elements(operation)
    if request.tag != f"{M}PushSubscriptionRequest":
        raise EwsError("ErrorInvalidOperation", "This server supports push subscriptions only.", fault=True)
    parts = parts_by_name(request)
    folders, mailboxes = _parse_folders(request, parts.get("FolderIds"))
    watermark = parts.get("Watermark")
    parsed = SubscribeRequest(
        folders,
        mailboxes,
        frozenset(EventType(text_of(part)) for part in child_elements(parts["EventTypes"])),
        text_of(watermark).strip() if watermark is not None else None,
        int(text_of(parts["StatusFrequency"])),
        text_of(parts["URL"]).strip(),
    )
    _check_url(parsed.url)
    return parsed


def _parse_folders(request: Element, folder_ids: Element | None) -> tuple[tuple[str, ...] | None, frozenset[str]]:
    is_for_all = BOOLEANS[request.get("SubscribeToAllFolders", "false").strip()]
    refs = parse_folder_refs(folder_ids) if folder_ids is not None else []
    if is_for_all == bool(refs):
        raise EwsError("ErrorInvalidSubscriptionRequest", "Either folders or all folders are expected.")
    return tuple(ref.name for ref in refs) or None, frozenset(ref.mailbox for ref in refs if ref.mailbox is not None)


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        is_valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_valid = False
    if not is_valid or len(url) > MAX_URL_CHARACTERS:
        raise EwsError("ErrorInvalidPushSubscriptionUrl", "The push subscription URL is invalid.")
