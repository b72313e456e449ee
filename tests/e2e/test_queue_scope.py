"""What the deployed queue promises beyond the contract of every engine: deduplication ids count in their group alone.

High throughput (300 requests a second for each group, instead of for the queue) needs this scope. ElasticMQ and moto
ignore it, ministack and SQS do not.
"""

import pytest

from ewspush.adapters.sqs import SQSQueue
from ewspush.domain.ports import Message
from local.consumer import Consumer
from local.deployment import Deployment

pytestmark = pytest.mark.starts_processes


def test_one_deduplication_id_in_two_groups_is_two_messages(deployment: Deployment, consumer: Consumer) -> None:
    """In one group it is one."""
    queue = SQSQueue(deployment.emulator.client("sqs"), deployment.queue_url)
    for group in ("scope-a", "scope-a", "scope-b"):
        assert queue.send([Message(group, "scope-id", f"body of {group}")])[0].accepted
    bodies = [[message["Body"] for message in consumer.received(group)] for group in ("scope-a", "scope-b")]
    assert bodies == [["body of scope-a"], ["body of scope-b"]]


def test_the_queue_is_one_of_high_throughput(deployment: Deployment) -> None:
    """Both attributes are needed for it."""
    names = ["DeduplicationScope", "FifoThroughputLimit"]
    sqs = deployment.emulator.client("sqs")
    attributes = sqs.get_queue_attributes(QueueUrl=deployment.queue_url, AttributeNames=names)["Attributes"]
    assert attributes == {"DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"}
