"""From the events table to the consumer: stream, forwarder, FIFO queue, dead letter queue, bucket of failed records."""

import jsii
from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from ewspush.settings import ForwarderSettings
from ewspush.telemetry import Service
from infra.config import Config
from infra.function import PythonFunction
from infra.nag_suppressions import suppress
from infra.storage import Storage

_MAX_RECEIVES = 5
_BATCH_RECORDS = 50

_MAX_RECORD_AGE = Duration.hours(23)
"""A stream keeps its records for 24 hours. One hour before, Lambda can still copy them to the bucket whole."""


class EventDelivery(Construct):
    """Delivers every event of the events table to the queue."""

    def __init__(self, scope: Construct, construct_id: str, *, config: Config, storage: Storage) -> None:
        super().__init__(scope, construct_id)
        self.dead_letter_queue = _queue(self, "DeadLetterQueue")
        self.queue = _queue(
            self,
            "Queue",
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead_letter_queue, max_receive_count=_MAX_RECEIVES),
        )
        self.failed_records = self._failed_records_bucket()
        self.forwarder = PythonFunction(
            self,
            "Forwarder",
            service=Service.FORWARDER,
            config=config,
            settings=ForwarderSettings(
                queue_url=self.queue.queue_url,
                dead_letter_queue_url=self.dead_letter_queue.queue_url,
                report_partial_batches=config.report_partial_batches,
            ),
            timeout=Duration.minutes(2),
            memory_mb=512,
        )
        for queue in (self.queue, self.dead_letter_queue):
            self.forwarder.allow("sqs:SendMessage", on=queue.queue_arn)
        self._consume_stream(storage)

    def _failed_records_bucket(self) -> s3.Bucket:
        bucket = s3.Bucket(
            self,
            "FailedRecords",
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            removal_policy=RemovalPolicy.RETAIN,
        )
        suppress(
            bucket,
            "S1",
            "Only Lambda writes here, when the forwarder has failed for 23 hours; an access log would show no more.",
        )
        return bucket

    def _consume_stream(self, storage: Storage) -> None:
        """Retry until the record is too old, any number of times: that keeps the order through an outage of SQS."""
        self.forwarder.function.add_event_source(
            event_sources.DynamoEventSource(
                storage.events,
                starting_position=lambda_.StartingPosition.TRIM_HORIZON,
                batch_size=_BATCH_RECORDS,
                filters=[lambda_.FilterCriteria.filter({"eventName": lambda_.FilterRule.is_equal("INSERT")})],
                report_batch_item_failures=True,
                bisect_batch_on_error=True,
                max_record_age=_MAX_RECORD_AGE,
                on_failure=_FailedRecordsDestination(self.failed_records),
            )
        )
        objects = f"IAM5[Resource::<{_logical_id(self.failed_records)}.Arn>/*]"
        suppress(self.forwarder, objects, "Lambda chooses the names of the objects that it writes.")


@jsii.implements(lambda_.IEventSourceDlq)
class _FailedRecordsDestination:
    """A bucket as failure destination: unlike a queue it gets the records themselves.

    Allows the two actions that Lambda's documentation names; CDK's own destination also grants reading and deleting.
    """

    def __init__(self, bucket: s3.IBucket) -> None:
        self._bucket = bucket

    def bind(self, _target: lambda_.IEventSourceMapping, function: lambda_.IFunction) -> lambda_.DlqDestinationConfig:
        for action, on in (
            ("s3:PutObject", self._bucket.arn_for_objects("*")),
            ("s3:ListBucket", self._bucket.bucket_arn),
        ):
            function.add_to_role_policy(iam.PolicyStatement(actions=[action], resources=[on]))
        return lambda_.DlqDestinationConfig(destination=self._bucket.bucket_arn)


def _logical_id(bucket: s3.Bucket) -> str:
    return str(Stack.of(bucket).resolve(bucket.bucket_arn)["Fn::GetAtt"][0])


def _queue(scope: Construct, construct_id: str, dead_letter_queue: sqs.DeadLetterQueue | None = None) -> sqs.Queue:
    """Return a queue of high throughput: SQS limits each message group, and not the queue, to 300 requests a second.

    That needs deduplication in each group too (SQS developer guide, "High throughput for FIFO queues").
    """
    return sqs.Queue(
        scope,
        construct_id,
        fifo=True,
        deduplication_scope=sqs.DeduplicationScope.MESSAGE_GROUP,
        fifo_throughput_limit=sqs.FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
        enforce_ssl=True,
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        retention_period=Duration.days(14),
        visibility_timeout=Duration.minutes(2),
        dead_letter_queue=dead_letter_queue,
    )
