"""What all operations of EWS share: the envelope around a request, how it names a folder, and how an answer refuses.

SOAP 1.1 over one POST; header blocks and response messages as services.wsdl, messages.xsd and types.xsd have them.
"""

from dataclasses import dataclass
from itertools import islice
from typing import Final

from lxml import etree

from ewspush.errors import UnreadableNotificationError
from ewspush.protocol import hardened_xml, html_page
from ewspush.protocol.namespaces import MESSAGES, SOAP, TYPES, M, S, T
from ewspush.protocol.notification import ResponseClass
from ewspush.protocol.response_codes import HTML_PAGE, MAX_CODE_CHARACTERS, SOAP_FAULT

DISTINGUISHED_FOLDERS: Final = frozenset({
    "calendar", "contacts", "deleteditems", "drafts", "inbox", "journal", "notes", "outbox", "sentitems", "tasks",
    "msgfolderroot", "publicfoldersroot", "root", "junkemail", "searchfolders", "voicemail",
    "recoverableitemsroot", "recoverableitemsdeletions", "recoverableitemsversions", "recoverableitemspurges",
    "archiveroot", "archivemsgfolderroot", "archivedeleteditems", "archiverecoverableitemsroot",
    "archiverecoverableitemsdeletions", "archiverecoverableitemsversions", "archiverecoverableitemspurges",
})  # fmt: skip
"""DistinguishedFolderIdNameType of types.xsd, as far as Exchange 2010 goes; any other folder is named by its id."""

MAX_ANSWER_BYTES: Final = 4 * 1024 * 1024
"""Of the server that we asked. 512 changes take about 300 KB; a sync state has no limit and grows with its folder."""

MAX_TEXT_CHARACTERS: Final = 1000
"""Of what the server says. Exchange writes a sentence or two."""

_MAX_DIGITS: Final = 12
_FIRST_ERROR_STATUS: Final = 300
_FAULT_STATUS: Final = 500
"""Of every SOAP fault (SOAP 1.1, section 6.2); some servers answer 200."""

_MAX_FOREIGN_ELEMENTS: Final = 20
_FAULT_CODES: Final = ("{*}faultcode", "{*}Code/{*}Subcode/{*}Value", "{*}Code/{*}Value")
_INTERNAL_ERROR: Final = "ErrorInternalServerError"

_NAMESPACES: Final = {"s": SOAP, "m": MESSAGES, "t": TYPES}


@dataclass(frozen=True, slots=True)
class Refused:
    """The server has not done what was asked. `response_code` is its own, or stands for an answer that has none.

    `text` is the server's, in its language, the helpful words first. `back_off_ms` is how long it wants to be left
    alone.
    """

    response_code: str
    text: str | None = None
    back_off_ms: int | None = None


def soap_action(operation: str) -> str:
    """Return the SOAPAction of services.wsdl; servers go by the Body, proxies in between may go by this."""
    return f"{MESSAGES}/{operation}"


def new_operation(name: str) -> etree._Element:
    """Return the element of an operation, to be filled in the order of the schema."""
    return etree.Element(M + name, nsmap=_NAMESPACES)


def build_request(operation: etree._Element, server_version: str, impersonated: str | None) -> bytes:
    """Return the SOAP 1.1 request that asks for `operation`.

    `server_version` is a name of the schema, like Exchange2010_SP2. `impersonated` is the address whose mailbox is
    meant, None the account's own.
    """
    envelope = etree.Element(S + "Envelope", nsmap=_NAMESPACES)
    header = etree.SubElement(envelope, S + "Header")
    etree.SubElement(header, T + "RequestServerVersion", Version=server_version)
    if impersonated is not None:
        sid = etree.SubElement(etree.SubElement(header, T + "ExchangeImpersonation"), T + "ConnectingSID")
        add_text(sid, T + "SmtpAddress", impersonated)
    etree.SubElement(envelope, S + "Body").append(operation)
    return etree.tostring(envelope, encoding="utf-8", xml_declaration=True)


def add_text(parent: etree._Element, tag: str, text: str) -> None:
    """Add an element that holds `text`."""
    etree.SubElement(parent, tag).text = text


def add_folder(parent: etree._Element, folder: str) -> None:
    """Add the element that names a folder: by its distinguished name (inbox, calendar …), or else by its id."""
    kind = "DistinguishedFolderId" if folder in DISTINGUISHED_FOLDERS else "FolderId"
    etree.SubElement(parent, T + kind, Id=folder)


def response_message(status: int, body: bytes, operation: str) -> etree._Element | Refused:
    """Return the response message of an answer, Success or Warning, or why there is none.

    An error stands in the response message or in a SOAP fault, whatever the HTTP status. What is neither, like the page
    of a proxy, is refused with the HTTP status as its code.
    """
    messages = response_messages(status, body, operation)
    if isinstance(messages, Refused):
        return messages
    return refusal(messages[0], status) if is_error(messages[0]) else messages[0]


def response_messages(status: int, body: bytes, operation: str) -> list[etree._Element] | Refused:
    """Return all response messages of an answer, at least one, of whatever class; or why there is none.

    Some servers leave out the elements around a message, or its name where it reports an error.
    """
    try:
        root = hardened_xml.parse_answer(body, max_bytes=MAX_ANSWER_BYTES)
    except UnreadableNotificationError:
        return _no_answer(status, body)
    fault = root.find("{*}Body/{*}Fault")
    if fault is not None:
        return _fault(fault, status)
    name = f"{M}{operation}ResponseMessage"
    found = root.findall(f"{S}Body/{M}{operation}Response/{M}ResponseMessages/{name}") or list(root.iter(name))
    return (
        found
        or [each for each in root.iter() if is_error(each) or _has_error_code(each)][:1]
        or _foreign(status, body, root)
    )


def is_error(message: etree._Element) -> bool:
    """Whether a response message reports an error."""
    return message.get("ResponseClass") == ResponseClass.ERROR


def refusal(message: etree._Element, status: int) -> Refused:
    """Return what a response message says of an error, or lacks."""
    unnamed = ResponseClass.ERROR if is_error(message) else f"HTTP {status}"
    message_xml = message.find("{*}MessageXml")
    code = _specific(text_of(message.find("{*}ResponseCode")) or unnamed, message_xml)
    words = _words(*map(message.find, ("{*}MessageText", "{*}ErrorMessage")), *_details(message_xml))
    return Refused(code[:MAX_CODE_CHARACTERS], words, _back_off_ms(message_xml))


def back_off_ms(message: etree._Element) -> int | None:
    """Return how long a response message wants the server to be left alone; None where it does not say."""
    return _back_off_ms(message.find("{*}MessageXml"))


def text_of(element: etree._Element | None) -> str | None:
    """Return the stripped text; None where there is none."""
    text = element.text if element is not None else None
    return (text.strip() or None) if text is not None else None


def _has_error_code(element: etree._Element) -> bool:
    """Whether it says in a child that it is a refusal, whatever its name and class."""
    return (text_of(element.find("{*}ResponseCode")) or "").startswith("Error")


def _no_answer(status: int, body: bytes) -> Refused:
    """What is no XML: a page of HTML says whose it is, a line of text why; anything else may be a damaged answer."""
    is_page = html_page.is_html(body)
    code = HTML_PAGE if is_page and status < _FIRST_ERROR_STATUS else f"HTTP {status}"
    text = html_page.title_of(body) if is_page else html_page.plain_text_of(body)
    return Refused(code, text[:MAX_TEXT_CHARACTERS] if text is not None else None)


def _foreign(status: int, body: bytes, root: etree._Element) -> Refused:
    """What is XML and no answer to the request: a page of XHTML, or a proxy's error with its text."""
    if html_page.is_html(body) or etree.QName(root).localname == "Envelope":
        return _no_answer(status, body)
    return Refused(f"HTTP {status}", _words(*islice(root.iter(), _MAX_FOREIGN_ELEMENTS)))


def _fault(fault: etree._Element, status: int) -> Refused:
    """The code stands in the detail; a fault without one has at least a faultcode, qualified by a prefix.

    Its children are in no namespace by SOAP 1.1 (section 4.4), and inherit that of the envelope with some servers. SOAP
    1.2 has other names for them.
    """
    is_plain = status < _FIRST_ERROR_STATUS or status == _FAULT_STATUS
    named = [(text_of(fault.find(path)) or "").rpartition(":")[2] for path in _FAULT_CODES]
    unnamed = next((code for code in named if code.startswith("Error")), SOAP_FAULT if is_plain else f"HTTP {status}")
    detail = next((each for each in map(fault.find, ("{*}detail", "{*}Detail")) if each is not None), None)
    inside = detail if detail is not None else fault
    message_xml = inside.find("{*}MessageXml")
    code = _specific(text_of(inside.find("{*}ResponseCode")) or unnamed, message_xml)
    first = (fault.find("{*}faultstring"), fault.find("{*}Reason/{*}Text"))
    words = _words(*first, *_details(message_xml), inside.find("{*}Message"))
    return Refused(code[:MAX_CODE_CHARACTERS], words, _back_off_ms(message_xml))


def _specific(code: str, message_xml: etree._Element | None) -> str:
    """ErrorInternalServerError says nothing; where the server names the error that it met inside, that one counts."""
    inner = text_of(_value(message_xml, "InnerErrorResponseCode")) or ""
    return inner if code == _INTERNAL_ERROR and inner.startswith("Error") else code


def _details(message_xml: etree._Element | None) -> tuple[etree._Element | None, ...]:
    violation = message_xml.find("{*}Violation") if message_xml is not None else None
    return (violation, _value(message_xml, "InnerErrorMessageText"))


def _words(*elements: etree._Element | None) -> str | None:
    """Return what these elements say, in their order, and nothing twice."""
    said = ""
    for text in filter(None, map(text_of, elements)):
        words = " ".join(text.split())
        if words.rstrip(".").casefold() not in said.casefold():
            said = f"{said} {words}".lstrip()
    return said[:MAX_TEXT_CHARACTERS] or None


def _back_off_ms(message_xml: etree._Element | None) -> int | None:
    text = text_of(_value(message_xml, "BackOffMilliseconds"))
    return int(text[:_MAX_DIGITS]) if text is not None and text.isascii() and text.isdecimal() else None


def _value(message_xml: etree._Element | None, name: str) -> etree._Element | None:
    """Return the `Value` with this name."""
    values = message_xml.iterchildren("{*}Value") if message_xml is not None else ()
    return next((value for value in values if value.get("Name") == name), None)
