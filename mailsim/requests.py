"""Subscribe as it comes in: the schema's order and namespaces are checked (types.xsd, PushSubscriptionRequestType)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from mailsim.changes import EventType
from mailsim.errors import EwsError, schema_error
from mailsim.profiles import Profile
from mailsim.xml import Element, M, NotSoapError, S, T, elements, envelope_of, operation_of, text_of

MAX_URL_CHARACTERS: Final = 2082
"""Exchange, ResponseCode page: ErrorInvalidPushSubscriptionUrl."""

MAX_STATUS_FREQUENCY_MINUTES: Final = 1440
"""types.xsd, SubscriptionStatusFrequencyType; WorkMail guide."""

_ORDER: Final = ("FolderIds", "EventTypes", "Watermark", "StatusFrequency", "URL", "CallerData")
_REQUIRED: Final = ("EventTypes", "StatusFrequency", "URL")
_EVENT_TYPES: Final = frozenset(map(str, EventType))
_BOOLEANS: Final = {"true": True, "1": True, "false": False, "0": False}
_NAMES: Final = """
    calendar contacts deleteditems drafts inbox journal notes outbox sentitems tasks msgfolderroot publicfoldersroot
    root junkemail searchfolders voicemail recoverableitemsroot recoverableitemsdeletions recoverableitemsversions
    recoverableitemspurges archiveroot archivemsgfolderroot archivedeleteditems archiverecoverableitemsroot
    archiverecoverableitemsdeletions archiverecoverableitemsversions archiverecoverableitemspurges syncissues conflicts
    localfailures serverfailures recipientcache quickcontacts conversationhistory todosearch
"""
_DISTINGUISHED: Final = frozenset(_NAMES.split())
"""types.xsd, DistinguishedFolderIdNameType, as far as Exchange 2013; a server of today knows some more."""


@dataclass(frozen=True, slots=True)
class Subscribe:
    """What a client asks for. `folders` are ids or distinguished names; None is all folders."""

    folders: tuple[str, ...] | None
    mailboxes: frozenset[str]
    """Whose folders they are, where the request says so, in lower case."""
    event_types: frozenset[EventType]
    watermark: str | None
    status_frequency_minutes: int
    url: str


@dataclass(frozen=True, slots=True)
class Request:
    """One EWS request: who is impersonated (in lower case), and its operation."""

    impersonated: str | None
    operation: Element


def read(profile: Profile, body: bytes) -> Request:
    """Return the request. Raises `EwsError`, always told as a fault."""
    try:
        envelope = envelope_of(body)
        operation = operation_of(envelope)
    except NotSoapError as error:
        raise EwsError("ErrorInvalidRequest", f"The request is invalid: {error}", fault=True) from None
    header = envelope.find(f"{S}Header")
    version = header.find(f"{T}RequestServerVersion") if header is not None else None
    if version is not None and version.get("Version") not in profile.accepted_versions:
        raise EwsError(profile.unknown_version_error, "The specified server version is invalid.", fault=True)
    return Request(_impersonated(header), operation)


def subscribe(profile: Profile, operation: Element) -> Subscribe:
    """Return what a Subscribe operation asks for. Raises `EwsError`."""
    children = elements(operation)
    if operation.tag != f"{M}Subscribe" or [child.tag for child in children] != [f"{M}PushSubscriptionRequest"]:
        raise EwsError("ErrorInvalidRequest", "This server knows push subscriptions only.", fault=True)
    found = _children(profile, children[0])
    folders, mailboxes = _folders(children[0], found.get("FolderIds"))
    asked = Subscribe(
        folders,
        mailboxes,
        _event_types(found["EventTypes"]),
        _watermark(found.get("Watermark")),
        _status_frequency(text_of(found["StatusFrequency"])),
        text_of(found["URL"]).strip(),
    )
    _check_url(asked.url)
    return asked


def _impersonated(header: Element | None) -> str | None:
    sid = header.find(f"{T}ExchangeImpersonation/{T}ConnectingSID") if header is not None else None
    if sid is None:
        return None
    addresses = [text_of(each).strip().lower() for each in elements(sid) if str(each.tag).endswith("SmtpAddress")]
    if len(addresses) != 1:
        raise EwsError("ErrorInvalidExchangeImpersonationHeaderData", "One SMTP address is expected.", fault=True)
    return addresses[0]


def _children(profile: Profile, request: Element) -> dict[str, Element]:
    """Return the parts by name: each in the types namespace, at most once, in the schema's order."""
    parts = elements(request)
    if profile.misplaced_watermark == "ignored":
        parts = [part for part in parts if part.tag != f"{M}Watermark"]
    known = {f"{T}{name}": place for place, name in enumerate(_ORDER)}
    places = [known.get(str(part.tag), -1) for part in parts]
    for part, place, previous in zip(parts, places, [-1, *places], strict=False):
        if place <= previous:
            raise schema_error(f"element {part.tag!s} is not expected")
    found = {_ORDER[place]: part for part, place in zip(parts, places, strict=True)}
    missing = [name for name in _REQUIRED if name not in found]
    if missing:
        raise schema_error(f"{missing[0]} is missing")
    return found


def _folders(request: Element, folder_ids: Element | None) -> tuple[tuple[str, ...] | None, frozenset[str]]:
    text = request.get("SubscribeToAllFolders", "false").strip()
    if text not in _BOOLEANS:
        raise schema_error("SubscribeToAllFolders is not a boolean")
    named = elements(folder_ids) if folder_ids is not None else []
    if folder_ids is not None and not named:
        raise schema_error("FolderIds is empty")
    ids = tuple(map(_folder_id, named))
    addresses = (text_of(each).strip().lower() for part in named for each in part.iter(f"{T}EmailAddress"))
    if _BOOLEANS[text] == bool(ids):
        raise EwsError("ErrorInvalidSubscriptionRequest", "Either folders or all folders.")
    return (ids or None), frozenset(addresses)


def _folder_id(part: Element) -> str:
    value = part.get("Id")
    if value is None or part.tag not in {f"{T}FolderId", f"{T}DistinguishedFolderId"}:
        raise schema_error(f"element {part.tag!s} is no folder id")
    if part.tag == f"{T}DistinguishedFolderId" and value not in _DISTINGUISHED:
        raise schema_error(f"{value} is no distinguished folder")
    return value


def _event_types(parent: Element) -> frozenset[EventType]:
    parts: Sequence[Element] = elements(parent)
    texts = [text_of(part) for part in parts]
    if not parts or any(part.tag != f"{T}EventType" for part in parts):
        raise schema_error("EventTypes holds one EventType or more")
    unknown = [text for text in texts if text not in _EVENT_TYPES]
    if unknown:
        raise schema_error(f"{unknown[0]} can't be subscribed to")
    return frozenset(map(EventType, texts))


def _watermark(part: Element | None) -> str | None:
    if part is not None and not text_of(part):
        raise schema_error("Watermark is empty")
    return text_of(part).strip() if part is not None else None


def _status_frequency(text: str) -> int:
    minutes = int(text) if re.fullmatch(r"\s*\+?[0-9]{1,9}\s*", text) else 0
    if not 1 <= minutes <= MAX_STATUS_FREQUENCY_MINUTES:
        raise schema_error(f"StatusFrequency is not from 1 to {MAX_STATUS_FREQUENCY_MINUTES}")
    return minutes


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        right = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        right = False
    if not right or len(url) > MAX_URL_CHARACTERS:
        raise EwsError("ErrorInvalidPushSubscriptionUrl", "The push subscription URL is invalid.")
