"""The stack: it wires the constructs and outputs where their parts are."""

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from infra.callback_api import CallbackApi
from infra.config import Config
from infra.event_delivery import EventDelivery
from infra.keeper import Keeper
from infra.monitoring import Monitoring
from infra.storage import Storage


class EwsPushStack(Stack):
    """EWS Push in one account and region."""

    def __init__(self, scope: Construct, construct_id: str, *, config: Config) -> None:
        super().__init__(scope, construct_id, description="EWS Push: mailbox changes as events on SQS and in DynamoDB")
        storage = Storage(self, "Storage")
        callback_api = CallbackApi(self, "CallbackApi", config=config, storage=storage)
        event_delivery = EventDelivery(self, "EventDelivery", config=config, storage=storage)
        callback_base_url = config.callback_base_url or callback_api.api.api_endpoint
        keeper = Keeper(self, "Keeper", config=config, storage=storage, callback_base_url=callback_base_url)
        monitoring = Monitoring(
            self, "Monitoring", config=config, callback_api=callback_api, event_delivery=event_delivery, keeper=keeper
        )
        dashboard = f"cloudwatch/home?region={self.region}#dashboards/dashboard/{monitoring.dashboard.dashboard_name}"
        outputs = {
            "CallbackBaseUrl": callback_base_url,
            "QueueUrl": event_delivery.queue.queue_url,
            "DeadLetterQueueUrl": event_delivery.dead_letter_queue.queue_url,
            "EventsTable": storage.events.table_name,
            "SubscriptionsTable": storage.subscriptions.table_name,
            "CallbackSecretArn": storage.callback_secret.secret_arn,
            "CredentialsSecretArn": storage.ews_credentials.secret_arn,
            "FailedRecordsBucket": event_delivery.failed_records.bucket_name,
            "DashboardUrl": f"https://{self.region}.console.aws.amazon.com/{dashboard}",
            "AlarmTopic": monitoring.topic.topic_arn,
        }
        for name, value in outputs.items():
            CfnOutput(self, name, value=value)
