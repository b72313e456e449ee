"""Bodies generated from a grammar: what servers write, with unusual names, texts and repetitions now and then."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Final
from xml.sax.saxutils import quoteattr

from ewspush.protocol.namespaces import MESSAGES, SOAP, TYPES
from ewspush.protocol.notification import KNOWN_EVENTS

DECLARED: Final = (
    f'xmlns:s="{SOAP}" xmlns:m="{MESSAGES}" xmlns:t="{TYPES}" xmlns:q="urn:harbour"'
    ' xmlns:e="http://schemas.microsoft.com/exchange/services/2006/errors"'
)

_EVENTS: Final = (*(f"t:{name}" for name in KNOWN_EVENTS), "t:ArchivedEvent", "t:Event", "t:Odd", "q:OddEvent")
_IDS: Final = tuple(
    f"t:{name}" for name in ("ItemId", "FolderId", "ParentFolderId", "OldItemId", "OldFolderId", "OldParentFolderId")
)
_STATUS: Final = ("m:MessageText", "m:ResponseCode", "m:DescriptiveLinkKey", "m:MessageXml")
_CHANGES: Final = ("t:Create", "t:Update", "t:Delete", "t:ReadFlagChange", "t:Merge")
_OBJECTS: Final = ("t:Message", "t:Folder", "t:SearchFolder", "t:CalendarItem")


def _messages(operation: str, message: str) -> dict[str, tuple[str, ...]]:
    """Return two rules; the part of a name after the bar only tells rules of the same element apart."""
    group = f"m:ResponseMessages|{message}"
    return {operation: (group,), group: (message,)}


CHILDREN: Final[Mapping[str, Sequence[str]]] = {
    "s:Header": ("t:RequestServerVersion", "t:ServerVersionInfo", "q:Seal"),
    "s:Fault": ("faultcode", "faultstring", "detail"),
    "detail": ("e:ResponseCode", "e:Message", "t:MessageXml"),
    "m:MessageXml": ("t:Value", "t:Value"),
    "t:MessageXml": ("t:Value",),
    **_messages("m:SendNotification", "m:SendNotificationResponseMessage"),
    "m:SendNotificationResponseMessage": (*_STATUS, "m:Notification"),
    "m:Notification": ("t:SubscriptionId", "t:PreviousWatermark", "t:MoreEvents", *_EVENTS),
    **dict.fromkeys(_EVENTS, ("t:Watermark", "t:TimeStamp", "t:UnreadCount", *_IDS)),
    **_messages("m:SubscribeResponse", "m:SubscribeResponseMessage"),
    "m:SubscribeResponseMessage": (*_STATUS, "m:SubscriptionId", "m:Watermark"),
    **_messages("m:SyncFolderItemsResponse", "m:SyncFolderItemsResponseMessage"),
    "m:SyncFolderItemsResponseMessage": (*_STATUS, "m:SyncState", "m:IncludesLastItemInRange", "m:Changes"),
    **_messages("m:SyncFolderHierarchyResponse", "m:SyncFolderHierarchyResponseMessage"),
    "m:SyncFolderHierarchyResponseMessage": (*_STATUS, "m:SyncState", "m:IncludesLastFolderInRange", "m:Changes"),
    **_messages("m:GetItemResponse", "m:GetItemResponseMessage"),
    "m:GetItemResponseMessage": (*_STATUS, "m:Items"),
    "m:Items": ("t:Message", "t:CalendarItem"),
    "m:Changes": _CHANGES,
    **dict.fromkeys(_CHANGES, (*_OBJECTS, "t:ItemId", "t:FolderId", "t:IsRead")),
    **dict.fromkeys(_OBJECTS, ("t:ItemId", "t:FolderId", "t:ParentFolderId", "t:LastModifiedTime")),
}
"""The usual children of each element; an element that is no key holds text."""

NAMES: Final = tuple(
    dict.fromkeys(each.partition("|")[0] for name, children in CHILDREN.items() for each in (name, *children))
)

TEXTS: Final = (
    "AQAAAHdoYXJmMQ==", "AAAAAAAAAAA=", "s0", "s1", "true", "false", "1", " 0 ", "2026-05-11T07:40:12Z", "NoError",
    "ErrorServerBusy", "90000", "-1", "+7", "2147483648", "99999999999999999999", "1_000", "1e3", "٣", "0x10", "NaN",
    "", " ", "\n\t", "\u00a0", "\u2028", "é", "😀", "]]&gt;", "&lt;t:Watermark&gt;", "&#0;", "&#xD800;", "&#65;", "&e;",
    "<![CDATA[x]]>", "<![CDATA[<a>]]>", "a<!-- b -->c", "a<?p b?>c", "a<b>c</b>d", "x" * 200, "ErrorX" * 40,
)  # fmt: skip

ATTRIBUTES: Final = (
    'Id="AAMk"', 'Id=""', 'Id=" "', 'ChangeKey="CQ=="', 'Name="SubscriptionId"', 'Name="BackOffMilliseconds"',
    'ResponseClass="Success"', 'ResponseClass="Warning"', 'ResponseClass="Error"', 'ResponseClass="?"',
    's:mustUnderstand="1"', 's:mustUnderstand="0"', 'Version="Exchange2010_SP2"', 'q:Id="other"', "y=''",
    'xml:space="preserve"', 'xml:id="1"', 'x="&lt;"', 'x="a&#10;b"', 'xmlns="urn:x"', 'xmlns=""', 'xmlns:t="urn:x"',
    'xmlns:a="relative"', 'x="<"', 'x="&e;"', "x", "x=1", 'x:y:z="1"',
)  # fmt: skip
"""The last few are not well-formed."""

_USUAL_ATTRIBUTES: Final[Mapping[str, Sequence[str]]] = {
    "t:Value": ATTRIBUTES[4:6],
    **dict.fromkeys(_IDS, ATTRIBUTES[:4]),
    **{name: ATTRIBUTES[6:10] for name in NAMES if name.endswith("ResponseMessage")},
}
_MAX_DEPTH: Final = 12
_RARELY: Final = 0.02
_OFTEN: Final = 0.75


def generate(random: Random, operations: Sequence[str]) -> bytes:
    """Return a document with one of `operations`, or now and then with a fault or any other element."""
    body = random.choice(operations if random.random() > 2 * _RARELY else ("s:Fault", "s:Fault", *NAMES))
    header = _element("s:Header", random, 1) if random.random() < _OFTEN else ""
    return f"<s:Envelope {DECLARED}>{header}<s:Body>{_element(body, random, 2)}</s:Body></s:Envelope>".encode()


def _element(rule: str, random: Random, depth: int) -> str:
    name = rule.partition("|")[0]
    attributes = "".join(f" {text}" for text in _attributes(name, random))
    return f"<{name}{attributes}>{_content(rule, random, depth)}</{name}>"


def _attributes(name: str, random: Random) -> list[str]:
    usual = _USUAL_ATTRIBUTES.get(name, ())
    chosen = [random.choice(usual)] if usual else []
    if random.random() < _RARELY:
        chosen.append(random.choice((*ATTRIBUTES[:-5], f"x={quoteattr(random.choice(TEXTS[:24]))}")))
    return chosen


def _content(rule: str, random: Random, depth: int) -> str:
    rules = _children(rule, random)
    if not rules or depth > _MAX_DEPTH:
        return random.choice(TEXTS[:10]) if random.random() > 3 * _RARELY else random.choice(TEXTS)
    return "".join(_element(child, random, depth + 1) for child in rules)


def _children(rule: str, random: Random) -> list[str]:
    """Return most of the usual children in order; sometimes one of them twice, or an unusual one."""
    usual = CHILDREN.get(rule, ())
    share = _OFTEN if len(usual) > 1 else 1 - _RARELY
    chosen = [child for child in usual if random.random() < share]
    if chosen and random.random() < 2 * _RARELY:
        chosen.insert(random.randrange(len(chosen)), random.choice((random.choice(chosen), random.choice(NAMES))))
    return chosen
