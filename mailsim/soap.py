"""Strict reading of SOAP 1.1: no document type, no processing instruction, no network access."""

import contextlib
from itertools import count
from typing import Final
from xml.parsers import expat
from xml.sax.saxutils import escape

from lxml import etree

SOAP: Final = "http://schemas.xmlsoap.org/soap/envelope/"
MESSAGES: Final = "http://schemas.microsoft.com/exchange/services/2006/messages"
TYPES: Final = "http://schemas.microsoft.com/exchange/services/2006/types"
ERRORS: Final = "http://schemas.microsoft.com/exchange/services/2006/errors"
S: Final = f"{{{SOAP}}}"
M: Final = f"{{{MESSAGES}}}"
T: Final = f"{{{TYPES}}}"

Element = etree._Element  # noqa: SLF001  # lxml's only name for the type


class NotSoapError(ValueError):
    """Raised for bytes that are not a SOAP 1.1 envelope with one Body and one element in it."""


def parse_envelope(document: bytes) -> Element:
    """Return the envelope. Raises `NotSoapError`, also for a DTD or an instruction (SOAP 1.1 section 3)."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(document, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise NotSoapError(str(error)) from None
    tree = root.getroottree()
    if root.tag != f"{S}Envelope" or tree.docinfo.doctype or tree.xpath("//processing-instruction()"):
        raise NotSoapError("not a SOAP 1.1 envelope")
    return root


def body_content(envelope: Element) -> Element:
    """Return the one element in the one Body. Raises `NotSoapError`."""
    bodies = envelope.findall(f"{S}Body")
    children = child_elements(bodies[0]) if len(bodies) == 1 else []
    if len(children) != 1:
        raise NotSoapError("the envelope needs one Body with one element")
    return children[0]


def position_of(document: bytes, element: Element) -> tuple[int, int]:
    """Return the line and the column of the name in an element's start tag, from 1 on, as .NET counts them."""
    before = next(number for number, each in enumerate(element.getroottree().iter("*")) if each is element)
    parser, number, found = expat.ParserCreate(), count(), (element.sourceline or 1, 1)

    def on_start(_name: str, _attributes: object) -> None:
        nonlocal found
        if next(number) == before:
            found = (parser.CurrentLineNumber, parser.CurrentColumnNumber + 2)

    parser.StartElementHandler = on_start
    with contextlib.suppress(expat.ExpatError):  # an encoding that lxml alone knows
        parser.Parse(document, True)  # noqa: FBT003  # expat's parameter
    return found


def child_elements(parent: Element) -> list[Element]:
    """Return the child elements, without comments."""
    return [child for child in parent if isinstance(child.tag, str)]


def text_of(element: Element) -> str:
    """Return the whole text of an element, white space included and comments left out."""
    return "".join(map(str, element.xpath("text()")))


def text_element(name: str, text: str) -> str:
    """Return an element with a text."""
    return f"<{name}>{escape(text)}</{name}>"
