"""Subscribe as it comes in: the schema's order and namespaces are checked (types.xsd, PushSubscriptionRequestType)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from mailsim import schema
from mailsim.errors import EwsError, schema_error
from mailsim.mailbox_events import EventType
from mailsim.profiles import Profile
from mailsim.soap import Element, M, NotSoapError, S, T, elements, envelope_of, operation_of, text_of

MAX_URL_CHARACTERS: Final = 2082
"""Exchange, ResponseCode page: ErrorInvalidPushSubscriptionUrl."""

MAX_STATUS_FREQUENCY_MINUTES: Final = 1440
"""types.xsd, SubscriptionStatusFrequencyType; WorkMail guide."""

_ORDER: Final = ("FolderIds", "EventTypes", "Watermark", "StatusFrequency", "URL", "CallerData")
_REQUIRED: Final = ("EventTypes", "StatusFrequency", "URL")
_EVENT_TYPES: Final = frozenset(map(str, EventType))
_BOOLEANS: Final = {"true": True, "1": True, "false": False, "0": False}


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
    """One EWS request, as far as it can be read: who is impersonated (in lower case), and its operation."""

    operation: Element | None = None
    impersonated: str | None = None
    error: EwsError | None = None
    """Why it can't be carried out; always told as a fault."""

    @property
    def name(self) -> str | None:
        """Return the name of the operation."""
        return str(self.operation.tag).partition("}")[2] if self.operation is not None else None

    def checked(self) -> Element:
        """Return the operation. Raises `EwsError`."""
        if self.operation is None or self.error is not None:
            raise self.error or EwsError("ErrorInvalidRequest", fault=True)
        return self.operation

    @property
    def has_watermark(self) -> bool:
        """Whether it is to resume from a watermark."""
        return self.operation is not None and self.operation.find(f".//{T}Watermark") is not None


def read(profile: Profile, body: bytes) -> Request:
    """Return what can be read of a request."""
    try:
        envelope = envelope_of(body)
        operation = operation_of(envelope)
    except NotSoapError as error:
        return Request(error=EwsError("ErrorInvalidRequest", f"The request is invalid: {error}", fault=True))
    header, impersonated = envelope.find(f"{S}Header"), None
    try:
        impersonated = _impersonated(header)
        _check_version(profile, header)
    except EwsError as error:
        return Request(operation, impersonated, error)
    return Request(operation, impersonated)


def subscribe(profile: Profile, operation: Element) -> Subscribe:
    """Return what a Subscribe operation asks for. Raises `EwsError`."""
    children = elements(operation)
    if operation.tag != f"{M}Subscribe" or [child.tag for child in children] != [f"{M}PushSubscriptionRequest"]:
        raise EwsError("ErrorInvalidRequest", "This server knows push subscriptions and reading only.", fault=True)
    found = _children(profile, children[0])
    folders, mailboxes = _folders(children[0], found.get("FolderIds"))
    asked = Subscribe(
        folders,
        mailboxes,
        _event_types(found["EventTypes"]),
        _watermark(found.get("Watermark")),
        schema.integer("StatusFrequency", text_of(found["StatusFrequency"]), 1, MAX_STATUS_FREQUENCY_MINUTES),
        text_of(found["URL"]).strip(),
    )
    _check_url(asked.url)
    return asked


def _check_version(profile: Profile, header: Element | None) -> None:
    version = header.find(f"{T}RequestServerVersion") if header is not None else None
    if version is not None and version.get("Version") not in profile.accepted_versions:
        raise EwsError(profile.unknown_version_error, "The specified server version is invalid.", fault=True)


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
    return schema.ordered(parts, T, _ORDER, _REQUIRED)


def _folders(request: Element, folder_ids: Element | None) -> tuple[tuple[str, ...] | None, frozenset[str]]:
    text = request.get("SubscribeToAllFolders", "false").strip()
    if text not in _BOOLEANS:
        raise schema_error("SubscribeToAllFolders is not a boolean")
    named = elements(folder_ids) if folder_ids is not None else []
    if folder_ids is not None and not named:
        raise schema_error("FolderIds is empty")
    refs = [schema.folder_ref(part) for part in named]
    ids = tuple(ref.name for ref in refs)
    if _BOOLEANS[text] == bool(ids):
        raise EwsError("ErrorInvalidSubscriptionRequest", "Either folders or all folders.")
    return (ids or None), frozenset(ref.mailbox for ref in refs if ref.mailbox is not None)


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


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        right = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        right = False
    if not right or len(url) > MAX_URL_CHARACTERS:
        raise EwsError("ErrorInvalidPushSubscriptionUrl", "The push subscription URL is invalid.")
