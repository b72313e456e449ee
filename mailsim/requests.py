"""EWS requests: the operation, the impersonated user and the server version of a SOAP envelope."""

from dataclasses import dataclass
from typing import Final

from mailsim.errors import EwsError, SchemaError
from mailsim.profiles import Profile
from mailsim.schema import operations
from mailsim.soap import (
    Element,
    M,
    NotSoapError,
    S,
    T,
    body_content,
    child_elements,
    parse_envelope,
    position_of,
    text_of,
)

_ADDRESSES: Final = frozenset({f"{T}PrincipalName", f"{T}SmtpAddress", f"{T}PrimarySmtpAddress"})
"""A user's principal name is its address."""


@dataclass(frozen=True, slots=True)
class EwsRequest:
    """One EWS request as far as it can be parsed. `impersonated` is an address in lower case."""

    operation: Element | None = None
    impersonated: str | None = None
    error: EwsError | None = None
    """The reason to refuse the request; always answered as a fault."""

    @property
    def operation_name(self) -> str | None:
        """Return the name of the operation."""
        return str(self.operation.tag).partition("}")[2] if self.operation is not None else None

    @property
    def has_watermark(self) -> bool:
        """Whether it is to resume from a watermark."""
        return self.operation is not None and self.operation.find(f".//{T}Watermark") is not None

    def checked_operation(self) -> Element:
        """Return the operation. Raises `EwsError` where the request is refused."""
        if self.operation is None or self.error is not None:
            raise self.error or EwsError("ErrorInvalidRequest", fault=True)
        return self.operation


def parse_request(profile: Profile, body: bytes) -> EwsRequest:
    """Return the request; an unreadable or invalid one has an error."""
    try:
        envelope = parse_envelope(body)
        operation = body_content(envelope)
    except NotSoapError as error:
        return EwsRequest(error=EwsError("ErrorInvalidRequest", f"The request is invalid: {error}", fault=True))
    header = envelope.find(f"{S}Header")
    sid = header.find(f"{T}ExchangeImpersonation/{T}ConnectingSID/*") if header is not None else None
    impersonated = text_of(sid).strip().lower() if sid is not None else None
    try:
        _check_version(profile, header)
        _check_supported(operation)
        _check_schema(profile, body, header, operation)
        _check_impersonation(sid)
    except EwsError as error:
        return EwsRequest(operation, impersonated, error)
    return EwsRequest(operation, impersonated)


def _check_version(profile: Profile, header: Element | None) -> None:
    version = header.find(f"{T}RequestServerVersion") if header is not None else None
    if version is not None and version.get("Version") not in profile.accepted_versions:
        raise EwsError(profile.unknown_version_error, "The specified server version is invalid.", fault=True)


def _check_supported(operation: Element) -> None:
    if not operations.is_supported(operation):
        supported = ", ".join(operations.SUPPORTED)
        name = str(operation.tag).removeprefix(M)
        text = f"The operation {name} is not supported. This server supports {supported}."
        raise EwsError("ErrorInvalidOperation", text, fault=True)


def _check_schema(profile: Profile, body: bytes, header: Element | None, operation: Element) -> None:
    if profile.misplaced_watermark == "ignored":
        _remove_misplaced_watermark(operation)
    violation = operations.first_violation(header, operation)
    if violation is not None:
        raise SchemaError(violation.sentence, *position_of(body, violation.element))


def _remove_misplaced_watermark(operation: Element) -> None:
    for request in child_elements(operation) if operation.tag == f"{M}Subscribe" else []:
        for misplaced in request.findall(f"{M}Watermark"):
            request.remove(misplaced)


def _check_impersonation(sid: Element | None) -> None:
    if sid is not None and sid.tag not in _ADDRESSES:
        text = "PrincipalName, SmtpAddress or PrimarySmtpAddress is expected."
        raise EwsError("ErrorInvalidExchangeImpersonationHeaderData", text, fault=True)
