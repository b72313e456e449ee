"""Answers to EWS requests: response messages, and SOAP faults."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

from mailsim.errors import EwsError
from mailsim.profiles import Profile
from mailsim.soap import ERRORS, MESSAGES, SOAP, TYPES, texted

NO_ERROR: Final = "NoError"

_DECLARATION: Final = '<?xml version="1.0" encoding="utf-8"?>'
_EVEN_THEN: Final = {
    "GetItem": "<m:Items/>",
    "SyncFolderItems": "<m:SyncState/><m:IncludesLastItemInRange>true</m:IncludesLastItemInRange>",
    "SyncFolderHierarchy": "<m:SyncState/><m:IncludesLastFolderInRange>true</m:IncludesLastFolderInRange>",
}
"""What a response message of class Error holds, too: the schema demands the first, Exchange's samples the others."""
_BUILD: Final = ("MajorVersion", "MinorVersion", "MajorBuildNumber", "MinorBuildNumber")


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer; a status of None is none at all. `code` is what the log of requests says."""

    status: int | None
    body: bytes
    code: str = NO_ERROR


UNAUTHORIZED: Final = Answer(401, b"", "401")
LOST: Final = Answer(None, b"", "lost")


@dataclass(frozen=True, slots=True)
class Message:
    """One response message: what it holds after its response code."""

    content: str
    error: EwsError | None = None


def response(profile: Profile, operation: str, messages: Sequence[Message]) -> Answer:
    """Return the answer to a request of which each part has its response message."""
    build = " ".join(f'{name}="{number}"' for name, number in zip(_BUILD, profile.server_build, strict=True))
    body = (
        f'{_DECLARATION}<soap:Envelope xmlns:soap="{SOAP}" xmlns:t="{TYPES}" xmlns:m="{MESSAGES}"><soap:Header>'
        f'<t:ServerVersionInfo {build} Version="{profile.server_version}"/></soap:Header><soap:Body>'
        f"<m:{operation}Response><m:ResponseMessages>"
        f"{''.join(_message(operation, message) for message in messages)}"
        f"</m:ResponseMessages></m:{operation}Response></soap:Body></soap:Envelope>"
    )
    errors = [message.error.code for message in messages if message.error is not None]
    return Answer(200, body.encode(), errors[0] if errors else NO_ERROR)


def refused(profile: Profile, operation: str, error: EwsError) -> Answer:
    """Return the answer that tells of an error in all that was asked."""
    content = _EVEN_THEN.get(operation, "")
    return fault(error) if error.fault else response(profile, operation, [Message(content, error)])


def fault(error: EwsError) -> Answer:
    """Return the SOAP fault; its MessageXml is in the types namespace."""
    texts = f"{texted('e:ResponseCode', error.code)}{texted('e:Message', str(error))}{_back_off('t', error)}"
    body = (
        f'{_DECLARATION}<soap:Envelope xmlns:soap="{SOAP}"><soap:Body><soap:Fault>'
        f'<faultcode xmlns:a="{TYPES}">a:{escape(error.code)}</faultcode>'
        f'<faultstring xml:lang="en-US">{escape(str(error))}</faultstring>'
        f'<detail xmlns:e="{ERRORS}" xmlns:t="{TYPES}">{texts}</detail>'
        "</soap:Fault></soap:Body></soap:Envelope>"
    )
    return Answer(500, body.encode(), error.code)


def error_texts(text: str, code: str, message_xml: str) -> str:
    """Return what a response message of class Error starts with."""
    texts = texted("m:MessageText", text) + texted("m:ResponseCode", code)
    return f"{texts}{texted('m:DescriptiveLinkKey', '0')}{message_xml}"


def _message(operation: str, message: Message) -> str:
    name, error = f"m:{operation}ResponseMessage", message.error
    if error is None:
        return f'<{name} ResponseClass="Success">{texted("m:ResponseCode", NO_ERROR)}{message.content}</{name}>'
    texts = error_texts(str(error), error.code, _back_off("m", error))
    return f'<{name} ResponseClass="Error">{texts}{message.content}</{name}>'


def _back_off(prefix: str, error: EwsError) -> str:
    if error.back_off_ms is None:
        return ""
    value = f'<t:Value Name="BackOffMilliseconds">{error.back_off_ms}</t:Value>'
    return f"<{prefix}:MessageXml>{value}</{prefix}:MessageXml>"
