"""What the responder asks of DynamoDB, and what it answers when DynamoDB does not."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ewspush.domain.receiving.service import process_push
from ewspush.domain.subscription import State
from ewspush.handlers.responder import Responder
from tests.aws import Aws, moto
from tests.sizes import item_bytes
from tests.stories import NOON, created, events, message, posted, status, subscription
from tests.twins.keys import MemoryKeys
from tests.unit.handlers.test_responder import request


class Counted:
    """Tables on moto, and the requests made of them by operation."""

    def __init__(self, aws: Aws) -> None:
        """Add one subscription, then begin to count."""
        self.aws = aws
        self.ledger = aws.ledger()
        self.requests: Counter[str] = Counter()
        self.ledger.add(subscription())
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
    process_push(posted(heartbeat), counted.ledger)
    assert counted.requests == {"UpdateItem": 1}


def test_a_row_with_everything_in_it_stays_under_a_write_unit(counted: Counted) -> None:
    """1 KB: with the longest ids that servers are known to write."""
    row = subscription(
        subscription_id="s" * 200,
        watermark="w" * 40,
        previous_watermark="w" * 40,
        pending_generation=123456,
        lost_code="ErrorInternalServerTransientError",
        last_error="ErrorInternalServerTransientError",
        next_check_at=NOON,
        folders=("inbox", "calendar", "sentitems", "deleteditems"),
    )
    client = counted.aws.dynamodb
    client.delete_item(TableName="subscriptions", Key={"subscription": {"S": row.subscription}})
    counted.ledger.add(row)
    item = client.get_item(TableName="subscriptions", Key={"subscription": {"S": row.subscription}})["Item"]
    assert item_bytes(item) < 1024


def test_events_are_one_transaction(counted: Counted) -> None:
    """However many."""
    process_push(events("w1", *((str(number), f"w{number + 2}") for number in range(50))), counted.ledger)
    assert counted.requests == {"TransactWriteItems": 1}
    (item,) = counted.aws.logged()
    assert len(item["events"]["L"]) == 50
    assert int(item["expires_at"]["N"]) == int((NOON + timedelta(minutes=1, days=30)).timestamp())


def test_more_events_than_one_item_can_hold_are_one_transaction_and_all_there(counted: Counted) -> None:
    """Long ids instead of many events: moto takes half a minute for a thousand."""
    many = (created(f"AAMk{number:02000d}", f"w{number + 2}") for number in range(100))
    process_push(posted(message("w1", *many)), counted.ledger)
    assert counted.requests == {"TransactWriteItems": 1}
    items = sorted(counted.aws.logged(), key=lambda item: item["arrival"]["S"])
    assert len(items) > 1
    assert sum(len(item["events"]["L"]) for item in items) == 100
    assert items[0]["parts"]["N"] == str(len(items))
    assert {item["part_of"]["S"] for item in items[1:]} == {items[0]["arrival"]["S"]}


def test_a_copy_costs_a_refused_transaction_a_look_at_the_log_and_an_update(counted: Counted) -> None:
    """The row comes back with the refusal: it is not read."""
    process_push(events("w1", ("a", "w2")), counted.ledger)
    counted.requests.clear()
    process_push(events("w1", ("a", "w2")), counted.ledger)
    assert counted.requests == {"TransactWriteItems": 1, "Query": 1, "UpdateItem": 1}


def test_an_ended_callback_costs_a_refused_write_and_nothing_more(counted: Counted) -> None:
    """Nothing is read, nothing is stored."""
    counted.aws.dynamodb.update_item(
        TableName="subscriptions",
        Key={"subscription": {"S": subscription().subscription}},
        UpdateExpression="SET #state = :retired",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":retired": {"S": State.RETIRED}},
    )
    counted.requests.clear()
    process_push(events("w1", ("a", "w2")), counted.ledger)
    assert counted.requests == {"TransactWriteItems": 1}
    assert counted.aws.logged() == []


@pytest.mark.parametrize("code", ["ThrottlingException", "InternalServerError", "AccessDeniedException"])
def test_dynamodb_failing_is_answered_503_without_an_ack(counted: Counted, code: str) -> None:
    """And nothing is stored."""

    def fail(**_: Any) -> None:
        raise ClientError({"Error": {"Code": code, "Message": "alice@example.com"}}, "TransactWriteItems")

    counted.aws.dynamodb.meta.events.register("before-call.dynamodb.TransactWriteItems", fail)
    responder = Responder(MemoryKeys(b"key"), counted.ledger, lambda: NOON)
    answer = responder.respond(request())
    assert (answer["statusCode"], "SubscriptionStatus" in answer["body"]) == (503, False)
    assert counted.aws.logged() == []
