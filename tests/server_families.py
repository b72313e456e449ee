"""Answers of our own writing, each in the manner of a family of servers: prefixes, layout, ids, times, faults."""

from dataclasses import dataclass
from typing import Final

from ewspush.protocol.namespaces import MESSAGES, SOAP, TYPES

ERRORS: Final = "http://schemas.microsoft.com/exchange/services/2006/errors"
_DECLARED: Final = '<?xml version="1.0" encoding="utf-8"?>'


@dataclass(frozen=True)
class Family:
    """One family: `subscribed`, `items` and `busy` are answers; `item_id` and `modified_at` stand in `items`."""

    subscribed: str
    items: str
    busy: str
    busy_status: int
    item_id: str
    modified_at: str


def _exchange() -> Family:
    """Prefixes as Exchange writes them, a header block, ids of 152 characters, whole seconds."""
    item_id = "AAMkAD" + "Qz0v" * 36 + "A="
    head = (
        f'{_DECLARED}<s:Envelope xmlns:s="{SOAP}"><s:Header><h:ServerVersionInfo MajorVersion="15" MinorVersion="1" '
        f'xmlns:h="{TYPES}" xmlns="{TYPES}"/></s:Header><s:Body>'
    )
    subscribed = (
        f'<m:SubscribeResponse xmlns:m="{MESSAGES}" xmlns:t="{TYPES}"><m:ResponseMessages>'
        '<m:SubscribeResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>'
        f"<m:SubscriptionId>{'JgB' * 60}A=</m:SubscriptionId><m:Watermark>AQAAAM+w1</m:Watermark>"
        "</m:SubscribeResponseMessage></m:ResponseMessages></m:SubscribeResponse></s:Body></s:Envelope>"
    )
    items = (
        f'<m:SyncFolderItemsResponse xmlns:m="{MESSAGES}" xmlns:t="{TYPES}"><m:ResponseMessages>'
        '<m:SyncFolderItemsResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>'
        "<m:SyncState>H4sIAAA=</m:SyncState><m:IncludesLastItemInRange>true</m:IncludesLastItemInRange><m:Changes>"
        f'<t:Create><t:Message><t:ItemId Id="{item_id}" ChangeKey="CQAAABYA"/>'
        "<t:LastModifiedTime>2026-11-02T08:15:00Z</t:LastModifiedTime></t:Message></t:Create></m:Changes>"
        "</m:SyncFolderItemsResponseMessage></m:ResponseMessages></m:SyncFolderItemsResponse></s:Body></s:Envelope>"
    )
    busy = (
        f'<s:Fault><faultcode xmlns:a="{TYPES}">a:ErrorServerBusy</faultcode>'
        '<faultstring xml:lang="en-US">The server cannot service this request right now.</faultstring>'
        f'<detail><e:ResponseCode xmlns:e="{ERRORS}">ErrorServerBusy</e:ResponseCode><e:Message xmlns:e="{ERRORS}">'
        f'The server cannot service this request right now.</e:Message><t:MessageXml xmlns:t="{TYPES}">'
        '<t:Value Name="BackOffMilliseconds">5000</t:Value></t:MessageXml></detail></s:Fault></s:Body></s:Envelope>'
    )
    return Family(head + subscribed, head + items, head + busy, 500, item_id, "2026-11-02T08:15:00Z")


def _workmail() -> Family:
    """The prefix soap, indented, no declaration, pairs of tags instead of empty elements, ids without ChangeKey."""
    item_id = "/O=m-5f1c/" + "b3JnL21haWxib3gv" * 4 + "="
    head = (
        f'<soap:Envelope xmlns:soap="{SOAP}" xmlns:t="{TYPES}" xmlns:m="{MESSAGES}">\n  <soap:Header>\n'
        '    <t:ServerVersionInfo MajorVersion="14" Version="Exchange2010_SP2"></t:ServerVersionInfo>\n'
        "  </soap:Header>\n  <soap:Body>\n"
    )
    subscribed = (
        "    <m:SubscribeResponse>\n      <m:ResponseMessages>\n"
        '        <m:SubscribeResponseMessage ResponseClass="Success">\n'
        "          <m:ResponseCode>\n            NoError\n          </m:ResponseCode>\n"
        "          <m:SubscriptionId>\n            c3Vi\n          </m:SubscriptionId>\n"
        "          <m:Watermark>AAAAAAA=</m:Watermark>\n        </m:SubscribeResponseMessage>\n"
        "      </m:ResponseMessages>\n    </m:SubscribeResponse>\n  </soap:Body>\n</soap:Envelope>\n"
    )
    items = (
        "    <m:SyncFolderItemsResponse>\n      <m:ResponseMessages>\n"
        '        <m:SyncFolderItemsResponseMessage ResponseClass="Success">\n'
        "          <m:ResponseCode>NoError</m:ResponseCode>\n          <m:SyncState>c3luYw==</m:SyncState>\n"
        "          <m:IncludesLastItemInRange>true</m:IncludesLastItemInRange>\n          <m:Changes>\n"
        f'            <t:Create>\n              <t:Message>\n                <t:ItemId Id="{item_id}"></t:ItemId>\n'
        "                <t:LastModifiedTime>2026-11-02T08:15:00.123Z</t:LastModifiedTime>\n"
        "              </t:Message>\n            </t:Create>\n          </m:Changes>\n"
        "        </m:SyncFolderItemsResponseMessage>\n      </m:ResponseMessages>\n"
        "    </m:SyncFolderItemsResponse>\n  </soap:Body>\n</soap:Envelope>\n"
    )
    busy = (
        "    <m:SubscribeResponse><m:ResponseMessages>\n"
        '      <m:SubscribeResponseMessage ResponseClass="Error">\n'
        "        <m:MessageText>The server cannot service this request right now.</m:MessageText>\n"
        "        <m:ResponseCode>ErrorServerBusy</m:ResponseCode>\n        <m:MessageXml>\n"
        '          <t:Value Name="BackOffMilliseconds">5000</t:Value>\n        </m:MessageXml>\n'
        "      </m:SubscribeResponseMessage>\n    </m:ResponseMessages></m:SubscribeResponse>\n"
        "  </soap:Body>\n</soap:Envelope>\n"
    )
    return Family(head + subscribed, head + items, head + busy, 200, item_id, "2026-11-02T08:15:00.123Z")


def _default_namespaces() -> Family:
    """No prefix at all, comments and CDATA within texts, microseconds, ids of 64 characters; faults with HTTP 200."""
    item_id = "0123456789abcdef" * 4
    head = f'{_DECLARED}<!-- gateway --><Envelope xmlns="{SOAP}"><Body>'
    subscribed = (
        f'<SubscribeResponse xmlns="{MESSAGES}"><ResponseMessages><SubscribeResponseMessage ResponseClass="Success">'
        "<ResponseCode>No<!-- -->Error</ResponseCode><SubscriptionId><![CDATA[s&1]]></SubscriptionId>"
        "</SubscribeResponseMessage></ResponseMessages></SubscribeResponse></Body></Envelope>"
    )
    items = (
        f'<SyncFolderItemsResponse xmlns="{MESSAGES}"><ResponseMessages>'
        '<SyncFolderItemsResponseMessage ResponseClass="Success"><ResponseCode>NoError</ResponseCode>'
        "<SyncState>st<!-- -->ate</SyncState><IncludesLastItemInRange>1</IncludesLastItemInRange><Changes>"
        f'<Create xmlns="{TYPES}"><Message><ItemId Id="{item_id}" ChangeKey="k"/>'
        "<LastModifiedTime><![CDATA[2026-11-02T08:15:00.123456Z]]></LastModifiedTime></Message></Create></Changes>"
        "</SyncFolderItemsResponseMessage></ResponseMessages></SyncFolderItemsResponse></Body></Envelope>"
    )
    busy = (
        "<Fault><faultcode>ErrorServerBusy</faultcode><faultstring>"
        "<![CDATA[The server cannot]]> service<!-- --> this request right now.</faultstring>"
        f'<detail><MessageXml xmlns="{TYPES}"><Value Name="BackOffMilliseconds">5000</Value></MessageXml></detail>'
        "</Fault></Body></Envelope>"
    )
    return Family(head + subscribed, head + items, head + busy, 200, item_id, "2026-11-02T08:15:00.123456Z")


def _bare_messages() -> Family:
    """Response messages directly in the Body, ErrorMessage instead of MessageText, ids of 200 characters, an offset."""
    item_id = "x" * 200
    head = f'<s:Envelope xmlns:s="{SOAP}" xmlns:m="{MESSAGES}" xmlns:t="{TYPES}"><s:Body>'
    end = "</s:Body></s:Envelope>"
    subscribed = (
        '<m:SubscribeResponseMessage ResponseClass="Success"><m:SubscriptionId>17</m:SubscriptionId>'
        "<m:Watermark>0</m:Watermark></m:SubscribeResponseMessage>"
    )
    items = (
        '<m:SyncFolderItemsResponseMessage ResponseClass="Success"><m:SyncState>9</m:SyncState><m:Changes><t:Create>'
        f'<t:Item><t:ItemId Id="{item_id}"/><t:LastModifiedTime>2026-11-02T09:15:00+01:00</t:LastModifiedTime>'
        "</t:Item></t:Create></m:Changes><m:IncludesLastItemInRange>true</m:IncludesLastItemInRange>"
        "</m:SyncFolderItemsResponseMessage>"
    )
    busy = (
        '<m:SubscribeResponseMessage ResponseClass="Error"><m:ResponseCode>ErrorServerBusy</m:ResponseCode>'
        "<m:ErrorMessage>The server cannot service this request right now.</m:ErrorMessage>"
        '<m:MessageXml><t:Value Name="BackOffMilliseconds">5000</t:Value></m:MessageXml></m:SubscribeResponseMessage>'
    )
    answers = (head + subscribed + end, head + items + end, head + busy + end)
    return Family(*answers, 200, item_id, "2026-11-02T09:15:00+01:00")


FAMILIES: Final = {
    "exchange": _exchange(),
    "workmail": _workmail(),
    "default namespaces": _default_namespaces(),
    "bare messages": _bare_messages(),
}
