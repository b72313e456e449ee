"""Subscribe requests, checked against the schema's order and namespaces (types.xsd, PushSubscriptionRequestType)."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from mailsim import schema
from mailsim.errors import EwsError, schema_error
from mailsim.mailbox_events import EventType
from mailsim.profiles import Profile
from mailsim.soap import Element, M, T, child_elements, text_of

MAX_URL_CHARACTERS: Final = 2082
"""Exchange, ResponseCode page: ErrorInvalidPushSubscriptionUrl."""

MAX_STATUS_FREQUENCY_MINUTES: Final = 1440
"""types.xsd, SubscriptionStatusFrequencyType; WorkMail guide."""

_ORDER: Final = ("FolderIds", "EventTypes", "Watermark", "StatusFrequency", "URL", "CallerData")
_REQUIRED: Final = ("EventTypes", "StatusFrequency", "URL")
_EVENT_TYPES: Final = frozenset(map(str, EventType))
_BOOLEANS: Final = {"true": True, "1": True, "false": False, "0": False}


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


def parse_subscribe(profile: Profile, operation: Element) -> SubscribeRequest:
    """Return the request of a Subscribe operation. Raises `EwsError`."""
    children = child_elements(operation)
    if operation.tag != f"{M}Subscribe" or [child.tag for child in children] != [f"{M}PushSubscriptionRequest"]:
        text = "This server supports push subscriptions, Sync, Get and FindFolder only."
        raise EwsError("ErrorInvalidRequest", text, fault=True)
    parts = _parts(profile, children[0])
    folders, mailboxes = _parse_folders(children[0], parts.get("FolderIds"))
    request = SubscribeRequest(
        folders,
        mailboxes,
        _parse_event_types(parts["EventTypes"]),
        _parse_watermark(parts.get("Watermark")),
        schema.parse_integer("StatusFrequency", text_of(parts["StatusFrequency"]), 1, MAX_STATUS_FREQUENCY_MINUTES),
        text_of(parts["URL"]).strip(),
    )
    _check_url(request.url)
    return request


def _parts(profile: Profile, request: Element) -> dict[str, Element]:
    """Return the parts by name: each in the types namespace, at most once, in the schema's order."""
    parts = child_elements(request)
    if profile.misplaced_watermark == "ignored":
        parts = [part for part in parts if part.tag != f"{M}Watermark"]
    return schema.parts_by_name(parts, T, _ORDER, _REQUIRED)


def _parse_folders(request: Element, folder_ids: Element | None) -> tuple[tuple[str, ...] | None, frozenset[str]]:
    text = request.get("SubscribeToAllFolders", "false").strip()
    if text not in _BOOLEANS:
        raise schema_error("SubscribeToAllFolders is not a boolean")
    named = child_elements(folder_ids) if folder_ids is not None else []
    if folder_ids is not None and not named:
        raise schema_error("FolderIds is empty")
    refs = [schema.parse_folder_ref(part) for part in named]
    ids = tuple(ref.name for ref in refs)
    if _BOOLEANS[text] == bool(ids):
        raise EwsError("ErrorInvalidSubscriptionRequest", "Either folders or all folders are expected.")
    return (ids or None), frozenset(ref.mailbox for ref in refs if ref.mailbox is not None)


def _parse_event_types(parent: Element) -> frozenset[EventType]:
    parts = child_elements(parent)
    texts = [text_of(part) for part in parts]
    if not parts or any(part.tag != f"{T}EventType" for part in parts):
        raise schema_error("EventTypes must contain one EventType or more")
    unknown = [text for text in texts if text not in _EVENT_TYPES]
    if unknown:
        raise schema_error(f"{unknown[0]} is not an event type of a subscription")
    return frozenset(map(EventType, texts))


def _parse_watermark(part: Element | None) -> str | None:
    if part is not None and not text_of(part):
        raise schema_error("Watermark is empty")
    return text_of(part).strip() if part is not None else None


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        is_valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_valid = False
    if not is_valid or len(url) > MAX_URL_CHARACTERS:
        raise EwsError("ErrorInvalidPushSubscriptionUrl", "The push subscription URL is invalid.")
