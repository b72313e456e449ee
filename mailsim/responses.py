"""Responses to EWS requests: response messages and SOAP faults."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal
from xml.sax.saxutils import escape

from mailsim.errors import EwsError, SchemaError
from mailsim.profiles import Profile
from mailsim.soap import ERRORS, MESSAGES, SOAP, TYPES, text_element

NO_ERROR: Final = "NoError"

_DECLARATION: Final = '<?xml version="1.0" encoding="utf-8"?>'
_CONTENT_OF_ERRORS: Final = {
    "GetItem": "<m:Items/>",
    "SyncFolderItems": "<m:SyncState/><m:IncludesLastItemInRange>true</m:IncludesLastItemInRange>",
    "SyncFolderHierarchy": "<m:SyncState/><m:IncludesLastFolderInRange>true</m:IncludesLastFolderInRange>",
}
"""The content of a message of class Error: the schema demands the first, Exchange's samples have the others."""
_BUILD: Final = ("MajorVersion", "MinorVersion", "MajorBuildNumber", "MinorBuildNumber")


@dataclass(frozen=True, slots=True)
class EwsResponse:
    """An HTTP response; a status of None is no response. `code` goes to the request log."""

    status: int | None
    body: bytes
    code: str = NO_ERROR
    content_type: str = "text/xml; charset=utf-8"


UNAUTHORIZED: Final = EwsResponse(401, b"", "401")
LOST: Final = EwsResponse(None, b"", "lost")
SIGN_IN_PAGE: Final = EwsResponse(
    200,
    b'<!DOCTYPE html>\n<html><head><meta charset="utf-8"><title>Sign in</title></head><body><h1>Sign in</h1>'
    b'<form method="post" action="/auth"><input name="username"><br><input name="password" type="password">'
    b"<button>Sign&nbsp;in</button></form></body></html>\n",
    "html",
    "text/html; charset=utf-8",
)
"""What a proxy in front of a server answers to a client that it does not know."""
FAULT_STATUS: Final = 500
"""SOAP 1.1 section 6.2; some servers send 200."""


ResponseClass = Literal["Error", "Warning"]
"""The class of a response message with an error."""


@dataclass(frozen=True, slots=True)
class ResponseMessage:
    """One response message: its content after the response code."""

    content: str
    error: EwsError | None = None
    error_class: ResponseClass = "Error"


def build_response(profile: Profile, operation: str, messages: Sequence[ResponseMessage]) -> EwsResponse:
    """Return the response to an operation, with a response message for each part of the request."""
    build = " ".join(f'{name}="{number}"' for name, number in zip(_BUILD, profile.server_build, strict=True))
    body = (
        f'{_DECLARATION}<soap:Envelope xmlns:soap="{SOAP}" xmlns:t="{TYPES}" xmlns:m="{MESSAGES}"><soap:Header>'
        f'<t:ServerVersionInfo {build} Version="{profile.server_version}"/></soap:Header><soap:Body>'
        f"<m:{operation}Response><m:ResponseMessages>"
        f"{''.join(_response_message(operation, message) for message in messages)}"
        f"</m:ResponseMessages></m:{operation}Response></soap:Body></soap:Envelope>"
    )
    errors = [message.error.code for message in messages if message.error is not None]
    return EwsResponse(200, body.encode(), errors[0] if errors else NO_ERROR)


def build_error_response(profile: Profile, operation: str, error: EwsError) -> EwsResponse:
    """Return the response to a request that failed as a whole: a SOAP fault, or one response message."""
    content = _CONTENT_OF_ERRORS.get(operation, "")
    return build_fault(error) if error.fault else build_response(profile, operation, [ResponseMessage(content, error)])


def build_fault(error: EwsError) -> EwsResponse:
    """Return the SOAP fault; its MessageXml is in the types namespace."""
    text = error.general_text if isinstance(error, SchemaError) else str(error)
    detail = text_element("e:ResponseCode", error.code) + text_element("e:Message", text) + _message_xml("t", error)
    body = (
        f'{_DECLARATION}<soap:Envelope xmlns:soap="{SOAP}"><soap:Body><soap:Fault>'
        f'<faultcode xmlns:a="{TYPES}">a:{escape(error.code)}</faultcode>'
        f'<faultstring xml:lang="en-US">{escape(str(error))}</faultstring>'
        f'<detail xmlns:e="{ERRORS}" xmlns:t="{TYPES}">{detail}</detail>'
        "</soap:Fault></soap:Body></soap:Envelope>"
    )
    return EwsResponse(FAULT_STATUS, body.encode(), error.code)


def error_elements(text: str, code: str, message_xml: str) -> str:
    """Return the first elements of a response message of class Error."""
    elements = text_element("m:MessageText", text) + text_element("m:ResponseCode", code)
    return f"{elements}{text_element('m:DescriptiveLinkKey', '0')}{message_xml}"


def _response_message(operation: str, message: ResponseMessage) -> str:
    name, error = f"m:{operation}ResponseMessage", message.error
    if error is None:
        code = text_element("m:ResponseCode", NO_ERROR)
        return f'<{name} ResponseClass="Success">{code}{message.content}</{name}>'
    elements = error_elements(str(error), error.code, _message_xml("m", error))
    return f'<{name} ResponseClass="{message.error_class}">{elements}{message.content}</{name}>'


def _message_xml(prefix: str, error: EwsError) -> str:
    details = error.details if isinstance(error, SchemaError) else {}
    values = "".join(text_element(f"t:{name}", value) for name, value in details.items())
    if error.back_off_ms is not None:
        values += f'<t:Value Name="BackOffMilliseconds">{error.back_off_ms}</t:Value>'
    return f"<{prefix}:MessageXml>{values}</{prefix}:MessageXml>" if values else ""
