"""Which requests the responder sends to DynamoDB, and what it answers when they fail."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from datetime import timedelta
from typing import Any, Final

import pytest
from botocore.exceptions import ClientError

from ewspush.adapters.log_items import notification_of
from ewspush.domain.received_push import ReceivedPush
from ewspush.domain.receiving.service import process_push
from ewspush.domain.subscription import State, Subscription
from ewspush.handlers.responder import Responder
from tests.aws import Aws, moto
from tests.builders import NOON, TIMING, events, message, posted, status, subscription
from tests.sizes import item_bytes
from tests.twins.keys import MemoryKeys
from tests.unit.handlers.test_responder import request


class Counted:
    """Tables on moto, and the number of requests to them by operation."""

    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self.ledger = aws.ledger()
        self.requests: Counter[str] = Counter()
        self.ledger.add(subscription())  # not counted
        aws.dynamodb.meta.events.register("before-call.dynamodb", self._count)

    def _count(self, model: Any, **_: Any) -> None:
        self.requests[model.name] += 1


@pytest.fixture
def counted() -> Iterator[Counted]:
    """Return tables with one subscription."""
    with moto() as aws:
        yield Counted(aws)


@pytest.mark.parametrize("heartbeat", [message("w1", status("w1")), message("w1", status("w2"))])
def test_a_heartbeat_is_one_update(counted: Counted, heartbeat: Any) -> None:
    """No transaction, no read."""
    process_push(posted(heartbeat), counted.ledger, TIMING)
    assert counted.requests == {"UpdateItem": 1}


LONG: Final[dict[str, Any]] = {
    "subscription_id": "s" * 200,
    "watermark": "w" * 40,
    "previous_watermark": "w" * 40,
    "folders": ("inbox", "calendar", "sentitems", "deleteditems"),
    "next_check_at": NOON,
}
"""The longest ids that servers are known to write, and some folders."""

LAPSED: Final = subscription(
    **LONG,
    pending_generation=123456,
    lost_code="ErrorInternalServerTransientError",
    last_error="ErrorInternalServerTransientError",
)
LIVE: Final = subscription(
    **LONG,
    generation=123456,
    min_generation=123456,
    revision=123456,
    superseded_until=(NOON, NOON),
    last_event_at=NOON,
    more_events_at=NOON,
    next_sync_at=NOON,
    oldest_open_gap_at=NOON,
    subscribed_at=NOON,
    last_link_at=NOON,
)


@pytest.mark.parametrize("row", [LAPSED, LIVE], ids=["lapsed", "live"])
def test_a_row_stays_under_a_write_unit(counted: Counted, row: Subscription) -> None:
    """A unit is 1 KB: a heartbeat costs one where the row holds all that a live one can hold."""
    client = counted.aws.dynamodb
    client.delete_item(TableName="subscriptions", Key={"subscription": {"S": row.key}})
    counted.ledger.add(row)
    item = client.get_item(TableName="subscriptions", Key={"subscription": {"S": row.key}})["Item"]
    assert item_bytes(item) < 1024


def test_a_live_row_is_as_full_as_it_can_be() -> None:
    """Anything else is set only while a Subscribe is under way, or pushes are missing, or were until a moment ago."""
    missing = {field.name for field in fields(LIVE) if getattr(LIVE, field.name) in {None, (), 0}}
    assert missing == {
        *("pending_generation", "awaiting_first_push", "is_resumed", "reached_at"),
        *("suspected_gap_since", "suspected_gap_reason"),
        *("attempts", "lost_code", "last_error"),
        *("silent_generations", "silent_shard", "unreachable_since"),
    }


def test_events_are_one_transaction(counted: Counted) -> None:
    """However many."""
    process_push(events("w1", *((str(number), f"w{number + 2}") for number in range(50))), counted.ledger, TIMING)
    assert counted.requests == {"TransactWriteItems": 1}
    (item,) = counted.aws.logged()
    assert len(notification_of(item).events) == 50
    assert int(item["expires_at"]["N"]) == int((NOON + timedelta(minutes=1, days=30)).timestamp())


@pytest.mark.parametrize(
    ("push", "operation"),
    [(posted(message("w1", status("w2"))), "UpdateItem"), (events("w1", ("a", "w2")), "TransactWriteItems")],
)
def test_an_open_gap_costs_a_post_no_further_request(counted: Counted, push: ReceivedPush, operation: str) -> None:
    """No event waits for what a recovery does."""
    process_push(events("w7", ("gap", "w1")), counted.ledger, TIMING)
    row = counted.ledger.read(subscription().key)
    assert row is not None
    assert row.oldest_open_gap_at is not None
    counted.requests.clear()
    process_push(push, counted.ledger, TIMING)
    assert counted.requests == {operation: 1}


def test_a_copy_costs_a_refused_transaction_a_query_and_an_update(counted: Counted) -> None:
    """The refusal returns the row, so it is not read."""
    process_push(events("w1", ("a", "w2")), counted.ledger, TIMING)
    counted.requests.clear()
    process_push(events("w1", ("a", "w2")), counted.ledger, TIMING)
    assert counted.requests == {"TransactWriteItems": 1, "Query": 1, "UpdateItem": 1}


def test_a_retired_callback_costs_one_refused_write(counted: Counted) -> None:
    """It reads nothing, and stores nothing."""
    counted.aws.dynamodb.update_item(
        TableName="subscriptions",
        Key={"subscription": {"S": subscription().key}},
        UpdateExpression="SET #state = :retired",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":retired": {"S": State.RETIRED}},
    )
    counted.requests.clear()
    process_push(events("w1", ("a", "w2")), counted.ledger, TIMING)
    assert counted.requests == {"TransactWriteItems": 1}
    assert counted.aws.logged() == []


@pytest.mark.parametrize("code", ["ThrottlingException", "InternalServerError", "AccessDeniedException"])
def test_dynamodb_failing_is_answered_503_without_an_ack(counted: Counted, code: str) -> None:
    """Nothing is stored."""

    def fail(**_: Any) -> None:
        raise ClientError({"Error": {"Code": code, "Message": "alice@example.com"}}, "TransactWriteItems")

    counted.aws.dynamodb.meta.events.register("before-call.dynamodb.TransactWriteItems", fail)
    responder = Responder(MemoryKeys(b"key"), counted.ledger, lambda: NOON, TIMING)
    answer = responder.respond(request())
    assert (answer["statusCode"], "SubscriptionStatus" in answer["body"]) == (503, False)
    assert counted.aws.logged() == []
