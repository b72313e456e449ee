"""The HTTP side of the responder: what it answers, counts and logs."""

import base64
import io
import json
from datetime import timedelta
from typing import Any

import pytest

from ewspush.domain.callback import Callback, signed_path
from ewspush.domain.subscription import State
from ewspush.handlers import responder as module
from ewspush.handlers.responder import Responder
from ewspush.protocol.acknowledgement import SubscriptionStatus, acknowledgement
from ewspush.protocol.hardened_xml import MAX_BODY_BYTES
from tests.builders import MAILBOX, NOON, TIMING, subscription
from tests.twins.faults import FaultPlan
from tests.twins.keys import MemoryKeys
from tests.twins.ledger import MemoryLedger

KEY = subscription().key
MAX_EVENT_BYTES = 6 * 1024 * 1024
"""Of a synchronous invocation (Lambda quotas)."""
SOAP = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
    '<m:SendNotification xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages" '
    'xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"><m:ResponseMessages>'
    '<m:SendNotificationResponseMessage ResponseClass="Success"><m:Notification>'
    "<t:SubscriptionId>S1</t:SubscriptionId><t:PreviousWatermark>w1</t:PreviousWatermark>{events}"
    "</m:Notification></m:SendNotificationResponseMessage></m:ResponseMessages></m:SendNotification>"
    "</s:Body></s:Envelope>"
)
CREATED = (
    "<t:CreatedEvent><t:Watermark>w2</t:Watermark><t:TimeStamp>2026-03-04T11:59:00Z</t:TimeStamp>"
    '<t:ItemId Id="secret-item"/><t:ParentFolderId Id="inbox"/></t:CreatedEvent>'
)


class Printed:
    """What the function prints: log lines and embedded metrics."""

    def __init__(self, capsys: pytest.CaptureFixture[str], log: io.StringIO) -> None:
        self._capsys = capsys
        self._log = log

    def text(self) -> str:
        """Return all of it."""
        module.metrics.flush_metrics()
        return self._log.getvalue() + self._capsys.readouterr().out

    def lines(self) -> list[dict[str, Any]]:
        """Return each line, decoded."""
        return [json.loads(line) for line in self.text().splitlines()]


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Printed:
    """Capture what the function prints; its logger keeps the stream that it was made with."""
    log = io.StringIO()
    monkeypatch.setattr(module.logger.registered_handler, "stream", log)
    module.metrics.clear_metrics()
    return Printed(capsys, log)


def request(body: str = SOAP.format(events=CREATED), path: str | None = None, **changes: Any) -> dict[str, Any]:
    """Return the event of a POST, to a path signed with `key` unless another is given."""
    path = path if path is not None else signed_path(Callback(KEY, MAILBOX, 1), b"key")
    names = ("subscription", "generation", "signature")
    parameters = dict(zip(names, path.removeprefix("/notify/").split("/"), strict=False))
    return {"version": "2.0", "body": body, "isBase64Encoded": False, "pathParameters": parameters} | changes


def responder(ledger: MemoryLedger, *keys: bytes) -> Responder:
    """Return a responder on the twins."""
    return Responder(MemoryKeys(*(keys or (b"key",))), ledger, lambda: NOON + timedelta(minutes=1), TIMING)


def counted(lines: list[dict[str, Any]]) -> dict[str, float]:
    """Return the embedded metrics among `lines`, by name."""
    blocks = [(line, block) for line in lines if "_aws" in line for block in line["_aws"]["CloudWatchMetrics"]]
    return {metric["Name"]: sum(line[metric["Name"]]) for line, block in blocks for metric in block["Metrics"]}


def test_a_notification_is_stored_and_acknowledged() -> None:
    """With the headers that SOAP wants."""
    ledger = MemoryLedger(subscription())
    assert responder(ledger).respond(request()) == {
        "statusCode": 200,
        "headers": {"content-type": "text/xml; charset=utf-8"},
        "body": acknowledgement(SubscriptionStatus.OK),
        "isBase64Encoded": False,
    }
    assert len(ledger.events()) == 1


@pytest.mark.parametrize("is_base64", [False, True])
def test_whatever_fits_an_event_of_lambda_is_read(is_base64: bool) -> None:
    """API Gateway answers 413 to anything larger itself, so no POST that arrives is too long."""
    body = SOAP.format(events=CREATED)
    padding = MAX_EVENT_BYTES - len(json.dumps(request(body)))
    body += " " * (padding * 3 // 4 - len(body) if is_base64 else padding)
    posted = base64.b64encode(body.encode()).decode() if is_base64 else body
    event = request(posted, isBase64Encoded=is_base64)
    assert MAX_EVENT_BYTES - 1_000 < len(json.dumps(event)) <= MAX_EVENT_BYTES
    assert responder(MemoryLedger(subscription())).respond(event)["statusCode"] == 200


def test_a_retired_callback_is_answered_unsubscribe() -> None:
    """Also with 200: it is an answer, not a failure."""
    answer = responder(MemoryLedger(subscription(state=State.RETIRED))).respond(request())
    assert (answer["statusCode"], answer["body"]) == (200, acknowledgement(SubscriptionStatus.UNSUBSCRIBE))


@pytest.mark.parametrize(
    "path",
    [
        signed_path(Callback(KEY, MAILBOX, 1), b"another key"),
        signed_path(Callback(KEY, MAILBOX, 1), b"key").replace("/1/", "/2/"),
        f"/notify/{KEY}/1/",
        "/notify/",
        "",
    ],
)
def test_a_path_that_we_did_not_sign_costs_no_request(path: str) -> None:
    """It is answered 403 before the ledger is asked."""
    ledger = MemoryLedger(subscription())
    answer = responder(ledger).respond(request(path=path))
    assert (answer["statusCode"], ledger.requests) == (403, [])


def test_a_path_signed_with_the_previous_key_is_accepted() -> None:
    """So that the secret can be rotated while subscriptions live."""
    assert responder(MemoryLedger(subscription()), b"newer", b"key").respond(request())["statusCode"] == 200


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        ("", 400, "empty"),
        (SOAP.format(events=CREATED)[:-20], 400, "not-well-formed"),
        ("<!DOCTYPE x><x/>", 400, "doctype"),
        ("<x/>", 400, "not-soap"),
        ("x" * (MAX_BODY_BYTES + 1), 413, "too-large"),
    ],
)
def test_an_unreadable_body_is_refused_with_its_reason(body: str, status: int, reason: str, printed: Printed) -> None:
    """In the answer, the log and a metric; nothing is stored, and nothing unsubscribed."""
    ledger = MemoryLedger(subscription())
    answer = responder(ledger).respond(request(body))
    assert (answer["statusCode"], ledger.requests) == (status, [])
    assert "SubscriptionStatus" not in answer["body"]
    lines = printed.lines()
    assert counted(lines) == {"UnreadableNotifications": 1}
    assert [line["reason"] for line in lines] == [reason, reason]


@pytest.mark.parametrize("ledger", [MemoryLedger(), MemoryLedger(subscription(), writes=FaultPlan(refuse=[1]))])
def test_our_own_failure_makes_the_server_send_the_post_again(ledger: MemoryLedger, printed: Printed) -> None:
    """It is answered 503, with neither OK nor Unsubscribe; the log says where it failed, the metric how often."""
    answer = responder(ledger).respond(request())
    assert answer["statusCode"] == 503
    assert "SubscriptionStatus" not in answer["body"]
    lines = printed.lines()
    assert counted(lines) == {"ResponderFailures": 1}
    assert lines[0]["place"].count(":") == 1


@pytest.mark.parametrize(
    "ledger", [MemoryLedger(subscription()), MemoryLedger(), MemoryLedger(subscription(), writes=FaultPlan(refuse=[1]))]
)
@pytest.mark.parametrize("body", [SOAP.format(events=CREATED), SOAP.format(events=CREATED)[:-9]])
def test_no_address_no_path_and_no_content_is_logged(ledger: MemoryLedger, body: str, printed: Printed) -> None:
    """Whatever happens to the POST."""
    event = request(body)
    responder(ledger).respond(event)
    text = printed.text()
    assert KEY in text
    signature = event["pathParameters"]["signature"]
    for secret in (MAILBOX, "alice", signature, signature.split(".")[0], "secret-item", "inbox"):
        assert secret not in text
