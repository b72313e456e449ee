"""The handlers that the tests start, and the events that AWS invokes them with."""

from datetime import timedelta
from typing import Any, Final

from ewspush.adapters.clock import utc_now
from ewspush.adapters.log_items import log_item
from ewspush.domain.callback import Callback
from ewspush.domain.events import LoggedNotification, log_entry
from ewspush.domain.received_push import read_push
from ewspush.protocol.acknowledgement import CONTENT_TYPE
from ewspush.protocol.reader import parse_notification
from tests.aws import stream_image
from tests.e2e.mailbox import Mailbox
from tests.e2e.notifications import notification

RESPONDER: Final = "ewspush.handlers.responder.handler"
FORWARDER: Final = "ewspush.handlers.forwarder.handler"
ROUTE_KEY: Final = "POST /notify/{subscription}/{generation}/{signature}"
"""The route of the HTTP API, as in `infra.callback_api`."""


def http_api_event(mailbox: Mailbox, body: bytes) -> dict[str, Any]:
    """Return the event (payload format 2.0) that the HTTP API makes of a POST."""
    names = ("subscription", "generation", "signature")
    return {
        "version": "2.0",
        "routeKey": ROUTE_KEY,
        "rawPath": mailbox.path,
        "headers": {"content-type": CONTENT_TYPE, "content-length": str(len(body))},
        "pathParameters": dict(zip(names, mailbox.path.split("/")[2:], strict=True)),
        "body": body.decode(),
        "isBase64Encoded": False,
    }


def logged(mailbox: Mailbox, numbers: list[int]) -> LoggedNotification:
    """Return the log entry that the responder writes for a notification, without writing it."""
    moment = utc_now() + timedelta(seconds=numbers[0])
    callback = Callback(mailbox.key, mailbox.address, 1)
    push = read_push(callback, parse_notification(notification(numbers)), moment)
    return log_entry(callback, moment, push.events)


def stream_event(*notifications: LoggedNotification) -> dict[str, Any]:
    """Return the event of a DynamoDB stream for `notifications`, in their order."""
    images = [stream_image(log_item(each, timedelta(days=1))) for each in notifications]
    return {"Records": [stream_record(str(100 + number), image) for number, image in enumerate(images)]}


def stream_record(position: str, image: dict[str, Any]) -> dict[str, Any]:
    """Return the stream record of a new item."""
    return {
        "eventID": position,
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "dynamodb": {
            "ApproximateCreationDateTime": 1772615735.0,
            "Keys": {name: image[name] for name in ("subscription", "arrival") if name in image},
            "NewImage": image,
            "SequenceNumber": position,
            "SizeBytes": 700,
            "StreamViewType": "NEW_IMAGE",
        },
        "eventSourceARN": "arn:aws:dynamodb:us-east-1:000000000000:table/events/stream/2026-03-04T00:00:00.000",
    }
