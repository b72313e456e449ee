"""EWS requests: the operation, the impersonated user and the server version of a SOAP envelope."""

from dataclasses import dataclass

from mailsim.errors import EwsError
from mailsim.profiles import Profile
from mailsim.soap import Element, NotSoapError, S, T, body_content, child_elements, parse_envelope, text_of


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
    """Return the request; an unreadable one has an error."""
    try:
        envelope = parse_envelope(body)
        operation = body_content(envelope)
    except NotSoapError as error:
        return EwsRequest(error=EwsError("ErrorInvalidRequest", f"The request is invalid: {error}", fault=True))
    header, impersonated = envelope.find(f"{S}Header"), None
    try:
        impersonated = _parse_impersonation(header)
        _check_version(profile, header)
    except EwsError as error:
        return EwsRequest(operation, impersonated, error)
    return EwsRequest(operation, impersonated)


def _check_version(profile: Profile, header: Element | None) -> None:
    version = header.find(f"{T}RequestServerVersion") if header is not None else None
    if version is not None and version.get("Version") not in profile.accepted_versions:
        raise EwsError(profile.unknown_version_error, "The specified server version is invalid.", fault=True)


def _parse_impersonation(header: Element | None) -> str | None:
    sid = header.find(f"{T}ExchangeImpersonation/{T}ConnectingSID") if header is not None else None
    if sid is None:
        return None
    children = child_elements(sid)
    addresses = [text_of(each).strip().lower() for each in children if str(each.tag).endswith("SmtpAddress")]
    if len(addresses) != 1:
        raise EwsError("ErrorInvalidExchangeImpersonationHeaderData", "One SMTP address is expected.", fault=True)
    return addresses[0]
