"""The differences between moto and the engines. The code follows the engine, or depends on neither."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest
from botocore.exceptions import ClientError

from ewspush.adapters.dynamodb import DynamoDBLedger
from ewspush.adapters.sqs import SQSQueue
from ewspush.domain.ports import Message
from ewspush.domain.updates import AtWatermark, ConditionalUpdate
from tests.aws import DUE_INDEX, Aws, aws_of
from tests.builders import NOON
from tests.contract.test_subscription_ledger import KEY, ROW, logged, moved
from tests.engines.plugin import Engines

pytestmark = pytest.mark.engines

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class World:
    """moto or the engines, with its name."""

    name: str
    aws: Aws

    def expects(self, *, moto: Value, engines: Value) -> Value:
        """Return the value that is expected here."""
        return moto if self.name == "moto" else engines


@pytest.fixture(params=["moto", "engines"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """Return moto, then the engines."""
    with aws_of(request) as aws:
        yield World(request.param, aws)


@pytest.fixture
def queue_url(world: World) -> str:
    """Return an empty FIFO queue."""
    return world.aws.fifo_queue()


def _message(body: str = "body", deduplication_id: str = "id") -> dict[str, str]:
    return {"MessageBody": body, "MessageGroupId": "group", "MessageDeduplicationId": deduplication_id}


def _code(call: Any, **arguments: Any) -> str:
    """Return the error code of a call, `accepted` where there is none."""
    try:
        call(**arguments)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "accepted"


class TestQueue:
    """ElasticMQ."""

    def test_a_duplicate_gets_the_message_id_of_the_first(self, world: World, queue_url: str) -> None:
        """On moto it has one of its own. The forwarder reads `Successful`, never the id."""
        ids = {world.aws.sqs.send_message(QueueUrl=queue_url, **_message())["MessageId"] for _ in range(2)}
        assert len(ids) == world.expects(moto=2, engines=1)

    def test_a_duplicate_of_a_deleted_message_is_dropped(self, world: World, queue_url: str) -> None:
        """As on SQS, for five minutes. Moto forgets the id with the message: tests with a consumer need an engine."""
        counts = []
        for _ in range(2):
            world.aws.sqs.send_message(QueueUrl=queue_url, **_message())
            counts.append(len(world.aws.received(queue_url)))
        assert counts == world.expects(moto=[1, 1], engines=[1, 0])

    def test_a_forbidden_character_is_rejected_permanently(self, world: World, queue_url: str) -> None:
        """A retry can't succeed, so the record goes to the failure destination. Moto accepts it."""
        result = SQSQueue(world.aws.sqs, queue_url).send([Message("group", "id", "a\x01b")])[0]
        assert (result.accepted, result.rejected) == world.expects(
            moto=(True, None), engines=(False, "InvalidAttributeValue")
        )

    def test_a_deduplication_id_of_more_than_128_characters_is_rejected_permanently(
        self, world: World, queue_url: str
    ) -> None:
        """Ours are shorter; moto has no limit."""
        result = SQSQueue(world.aws.sqs, queue_url).send([Message("group", "x" * 129, "body")])[0]
        assert result.rejected == world.expects(moto=None, engines="InvalidParameterValue")

    def test_a_message_over_a_mebibyte_is_refused_with_another_code(self, world: World, queue_url: str) -> None:
        """No event of ours is that long: each fits into an item of DynamoDB."""
        entry = _message("x" * 1_100_000) | {"Id": "0"}
        code = _code(world.aws.sqs.send_message_batch, QueueUrl=queue_url, Entries=[entry])
        assert code == world.expects(moto="AWS.SimpleQueueService.BatchRequestTooLong", engines="InvalidAttributeValue")


class TestTable:
    """DynamoDB Local."""

    def test_a_heartbeat_consumes_one_unit(self, world: World) -> None:
        """None of the index's attributes changes. Moto always reports a half."""
        ledger, units = _metered(world.aws)
        ledger.add(ROW)
        units.clear()
        ledger.commit(ConditionalUpdate(KEY, AtWatermark(1, "w1"), {"last_seen_at": NOON}))
        assert units == world.expects(moto=[0.5], engines=[1.0])

    def test_events_consume_two_units_for_each_kilobyte_of_row_and_log(self, world: World) -> None:
        """Moto reports nothing for a transaction."""
        ledger, units = _metered(world.aws)
        ledger.add(ROW)
        units.clear()
        ledger.commit(moved("w2", notification=logged()))
        assert units == world.expects(moto=[], engines=[2.0, 2.0])

    def test_a_transaction_sent_again_under_its_token_succeeds_and_changes_nothing(self, world: World) -> None:
        """Botocore's retries need that. Moto runs it again, and its condition fails."""
        world.aws.ledger().add(ROW)
        codes = [
            _code(world.aws.dynamodb.transact_write_items, TransactItems=_move(world.aws), ClientRequestToken="token")
            for _ in range(2)
        ]
        assert codes == ["accepted", world.expects(moto="TransactionCanceledException", engines="accepted")]

    def test_a_refused_transaction_returns_the_row(self, world: World) -> None:
        """Both do, in the cancellation reason of the update: that saves a read."""
        world.aws.ledger().add(ROW)
        outcome = world.aws.ledger().commit(moved("w9", start="w8", notification=logged()))
        assert (outcome.stored, outcome.subscription) == (False, ROW)

    def test_the_due_index_projects_only_keys(self, world: World) -> None:
        """A query for another attribute is refused; moto returns items without it."""
        world.aws.ledger().add(ROW)
        code = _code(
            world.aws.dynamodb.query,
            TableName=world.aws.subscriptions_table,
            IndexName=DUE_INDEX,
            KeyConditionExpression="due_shard = :shard",
            ExpressionAttributeValues={":shard": {"S": "0"}},
            ProjectionExpression="watermark",
        )
        assert code == world.expects(moto="accepted", engines="ValidationException")

    def test_a_transaction_of_more_than_four_megabytes_is_accepted(self, world: World) -> None:
        """DynamoDB's documentation says that it is refused. No POST of a mebibyte becomes that long."""
        puts = [
            {"Put": {"TableName": world.aws.events_table, "Item": _item(str(number), "x" * 380_000)}}
            for number in range(11)
        ]
        assert _code(world.aws.dynamodb.transact_write_items, TransactItems=puts) == "accepted"


def test_the_first_iterator_of_an_empty_shard_expires_with_a_transaction(engines: Engines) -> None:
    """On DynamoDB Local only: it is called trimmed, though nothing was. The event source mapping gets another one."""
    with engines.aws() as aws:
        arn = aws.dynamodb.describe_table(TableName=aws.events_table)["Table"]["LatestStreamArn"]
        shard = engines.streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
        before = _first_iterator(engines, arn, shard)
        aws.ledger().add(ROW)
        aws.ledger().commit(moved("w2", notification=logged()))
        after = _first_iterator(engines, arn, shard)
        assert _code(engines.streams.get_records, ShardIterator=before) == "TrimmedDataAccessException"
        (record,) = engines.streams.get_records(ShardIterator=after)["Records"]
        assert record["dynamodb"]["Keys"]["arrival"]["S"] == logged().arrival


def _first_iterator(engines: Engines, arn: str, shard: str) -> str:
    found = engines.streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    return str(found["ShardIterator"])


def _item(arrival: str, text: str) -> dict[str, Any]:
    return {"subscription": {"S": KEY}, "arrival": {"S": arrival}, "text": {"S": text}}


def _move(aws: Aws) -> list[dict[str, Any]]:
    """Return a transaction that advances the watermark of `ROW` from w1 to w2."""
    update = {
        "TableName": aws.subscriptions_table,
        "Key": {"subscription": {"S": KEY}},
        "UpdateExpression": "SET watermark = :to",
        "ConditionExpression": "watermark = :from",
        "ExpressionAttributeValues": {":from": {"S": "w1"}, ":to": {"S": "w2"}},
    }
    return [{"Update": update}]


def _metered(aws: Aws) -> tuple[DynamoDBLedger, list[float]]:
    """Return a ledger, and a list that collects the write units of its requests."""
    units: list[float] = []

    def ask(params: dict[str, Any], **_: object) -> None:
        params["ReturnConsumedCapacity"] = "TOTAL"

    def add(parsed: dict[str, Any], **_: object) -> None:
        consumed = parsed.get("ConsumedCapacity", [])
        units.extend(each["CapacityUnits"] for each in (consumed if isinstance(consumed, list) else [consumed]))

    events = aws.dynamodb.meta.events
    for operation in ("UpdateItem", "TransactWriteItems"):
        events.register(f"before-parameter-build.dynamodb.{operation}", ask)
        events.register(f"after-call.dynamodb.{operation}", add)
    return aws.ledger(), units
