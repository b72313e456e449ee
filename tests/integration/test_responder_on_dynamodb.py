"""Which requests the responder sends to DynamoDB, and what it answers when they fail."""

import base64
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from datetime import timedelta
from random import Random
from typing import Any, Final

import pytest
from botocore.exceptions import ClientError

from ewspush.adapters.log_items import notification_of
from ewspush.domain.events import MAX_ENTRY_EVENTS, Event, EventKind
from ewspush.domain.received_push import ReceivedPush
from ewspush.domain.receiving.service import process_push
from ewspush.domain.subscription import State, Subscription
from ewspush.handlers.responder import Responder
from ewspush.protocol.hardened_xml import MAX_BODY_BYTES
from tests.aws import Aws, moto
from tests.builders import NOON, TIMING, events, message, posted, status, subscription
from tests.sizes import item_bytes
from tests.twins.keys import MemoryKeys
from tests.unit.handlers.test_responder import SOAP, request


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


LONG_POST: Final = 9_000
"""Events, in a body almost as large as API Gateway passes on, with ids that do not compress."""


def long_body() -> str:
    """Return the body of a long POST; three events share an item, as with a new mail."""
    random = Random(1)  # noqa: S311  # reproducible
    items = [base64.b64encode(random.randbytes(120)).decode() for _ in range(LONG_POST // 3)]
    elements = []
    for number in range(LONG_POST):
        name, item = ("CreatedEvent", "NewMailEvent", "ModifiedEvent")[number % 3], items[number // 3]
        what = f'<t:ItemId Id="{item}" ChangeKey="{random.randbytes(12).hex()}"/><t:ParentFolderId Id="{"f" * 120}"/>'
        when = f"<t:Watermark>{random.randbytes(20).hex()}</t:Watermark><t:TimeStamp>2026-03-04T11:59:00Z</t:TimeStamp>"
        elements.append(f"<t:{name}>{when}{what}</t:{name}>")
    return SOAP.format(events="".join(elements))


def logged_events(aws: Aws) -> list[Event]:
    """Return the events of the log in its order."""
    items = sorted(aws.logged(), key=lambda item: item["arrival"]["S"])
    return [event for item in items for event in notification_of(item).events]


@pytest.fixture(scope="module")
def body() -> str:
    """Return the long body, which takes a second to make."""
    return long_body()


def test_thousands_of_events_are_logged_whole(counted: Counted, body: str) -> None:
    """In as many transactions as it takes, each below the limits of an item and of a partition's write units."""
    assert 4_000_000 < len(body) < MAX_BODY_BYTES
    answer = Responder(MemoryKeys(b"key"), counted.ledger, lambda: NOON, TIMING).respond(request(body))
    assert ">OK<" in answer["body"]
    writes = dict(counted.requests)
    sizes = [item_bytes(item) for item in counted.aws.logged()]
    assert writes == {"TransactWriteItems": len(sizes)}
    assert len(sizes) > LONG_POST / MAX_ENTRY_EVENTS
    assert max(sizes) < 400 * 1024
    assert [event.kind for event in logged_events(counted.aws)] == [
        *(EventKind.CREATED, EventKind.NEW_MAIL, EventKind.MODIFIED)
    ] * (LONG_POST // 3)


def test_after_a_crash_between_two_transactions_the_same_post_is_logged_whole(counted: Counted, body: str) -> None:
    """Nothing is there twice, and the answer to the first one is no OK."""
    events = counted.aws.dynamodb.meta.events

    def fail_third(**_: Any) -> None:
        if counted.requests["TransactWriteItems"] == 3:
            raise ClientError({"Error": {"Code": "ThrottlingException", "Message": ""}}, "TransactWriteItems")

    events.register("before-call.dynamodb.TransactWriteItems", fail_third)
    responder = Responder(MemoryKeys(b"key"), counted.ledger, lambda: NOON, TIMING)
    assert responder.respond(request(body))["statusCode"] == 503
    events.unregister("before-call.dynamodb.TransactWriteItems", fail_third)
    assert 0 < len(logged_events(counted.aws)) < LONG_POST
    assert ">OK<" in responder.respond(request(body))["body"]
    ids = [event.id for event in logged_events(counted.aws)]
    assert (len(ids), len(set(ids))) == (LONG_POST, LONG_POST)


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
