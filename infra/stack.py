"""The stack: it wires the constructs, and says where things are."""

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from infra.config import Config
from infra.front_door import FrontDoor
from infra.hand_over import HandOver
from infra.keeper import Keeper
from infra.storage import Storage
from infra.watch import Watch


class EwsPushStack(Stack):
    """EWS Push in one account and region."""

    def __init__(self, scope: Construct, construct_id: str, *, config: Config) -> None:
        """Wire storage, front door, hand-over, keeper and watch."""
        super().__init__(scope, construct_id, description="EWS Push: mailbox changes as events on SQS and in DynamoDB")
        storage = Storage(self, "Storage")
        front_door = FrontDoor(self, "FrontDoor", config=config, storage=storage)
        hand_over = HandOver(self, "HandOver", config=config, storage=storage)
        callback_base_url = config.callback_base_url or front_door.api.api_endpoint
        keeper = Keeper(self, "Keeper", config=config, storage=storage, callback_base_url=callback_base_url)
        watch = Watch(self, "Watch", config=config, front_door=front_door, hand_over=hand_over, keeper=keeper)
        dashboard = f"cloudwatch/home?region={self.region}#dashboards/dashboard/{watch.dashboard.dashboard_name}"
        outputs = {
            "CallbackBaseUrl": callback_base_url,
            "QueueUrl": hand_over.queue.queue_url,
            "DeadLetterQueueUrl": hand_over.dead_letters.queue_url,
            "EventsTable": storage.events.table_name,
            "SubscriptionsTable": storage.subscriptions.table_name,
            "CallbackSecretArn": storage.callback_secret.secret_arn,
            "CredentialsSecretArn": storage.ews_credentials.secret_arn,
            "GivenUpBucket": hand_over.given_up.bucket_name,
            "DashboardUrl": f"https://{self.region}.console.aws.amazon.com/{dashboard}",
            "AlarmTopic": watch.topic.topic_arn,
        }
        for name, value in outputs.items():
            CfnOutput(self, name, value=value)
