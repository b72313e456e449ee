"""The keeper function, and the schedules that invoke it."""

from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as targets
from constructs import Construct

from ewspush.adapters.dynamodb import DUE_INDEX
from ewspush.settings import KeeperSettings
from ewspush.telemetry import Service
from infra.config import Config
from infra.function import PythonFunction
from infra.mail_server import MailServer
from infra.storage import Storage

RUN_INTERVAL = Duration.minutes(1)
"""EventBridge Scheduler has no shorter rate, even where a protocol minute is shorter (docs/adr/0013)."""


class Keeper(Construct):
    """Runs the keeper every minute. A run that fails or starts late is not repeated: the next run does its work."""

    def __init__(
        self, scope: Construct, construct_id: str, *, config: Config, storage: Storage, callback_base_url: str
    ) -> None:
        super().__init__(scope, construct_id)
        self.keeper = PythonFunction(
            self,
            "Keeper",
            service=Service.KEEPER,
            config=config,
            settings=_settings(config, storage, callback_base_url, MailServer.from_config(config, Stack.of(self))),
            timeout=Duration.seconds(60),  # the handler starts nothing in the last 22, so runs seldom overlap
            memory_mb=512,  # it mostly waits for the mail server; CPU is needed for eight TLS handshakes at once
            # Only to save cost: overlapping runs do no harm, since the subscription itself is the lock.
            reserved_concurrency=config.keepers if config.reserve_concurrency else None,
        )
        self.keeper.function.configure_async_invoke(retry_attempts=0, max_event_age=RUN_INTERVAL)
        self._add_permissions(storage)
        self._add_schedules(config.keepers)

    def _add_permissions(self, storage: Storage) -> None:
        """In the events table it reads what push has published, and adds what a sync found."""
        table = storage.subscriptions.table_arn
        self.keeper.allow("dynamodb:PutItem", "dynamodb:Query", on=storage.events.table_arn)
        self.keeper.allow(
            "dynamodb:DeleteItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:Query",
            on=storage.sync_states.table_arn,
        )
        self.keeper.allow("dynamodb:GetItem", "dynamodb:UpdateItem", on=table)
        self.keeper.allow("dynamodb:Query", on=f"{table}/index/{DUE_INDEX}")
        for secret in (storage.callback_secret, storage.ews_credentials):
            self.keeper.allow("secretsmanager:GetSecretValue", on=secret.secret_arn)

    def _add_schedules(self, keepers: int) -> None:
        role = self._scheduler_role()
        for number in range(keepers):
            scheduler.Schedule(
                self,
                f"Schedule{number}",
                description="EWS Push: checks the subscriptions that are due",
                schedule=scheduler.ScheduleExpression.rate(RUN_INTERVAL),
                time_window=scheduler.TimeWindow.off(),
                target=targets.LambdaInvoke(
                    self.keeper.function,
                    input=scheduler.ScheduleTargetInput.from_object({"keeper": number}),
                    retry_attempts=0,
                    max_event_age=RUN_INTERVAL,
                    role=role.without_policy_updates(),  # CDK would also allow every version of the function
                ),
            )

    def _scheduler_role(self) -> iam.Role:
        """Return a role that only schedules of this account may assume, and only to invoke the keeper."""
        same_account = {"StringEquals": {"aws:SourceAccount": Stack.of(self).account}}
        role = iam.Role(
            self, "SchedulerRole", assumed_by=iam.ServicePrincipal("scheduler.amazonaws.com", conditions=same_account)
        )
        role.add_to_policy(
            iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[self.keeper.function.function_arn])
        )
        return role


def _settings(config: Config, storage: Storage, callback_base_url: str, server: MailServer) -> KeeperSettings:
    return KeeperSettings(
        subscriptions_table=storage.subscriptions.table_name,
        events_table=storage.events.table_name,
        event_retention_days=config.event_retention_days,
        callback_secret_arn=storage.callback_secret.secret_arn,
        credentials_secret_arn=storage.ews_credentials.secret_arn,
        callback_base_url=callback_base_url,
        ews_url=server.ews_url,
        server_version=server.server_version,
        resume_is_trusted=server.resume_is_trusted,
        minute_seconds=float(config.minute_seconds),
        keepers=config.keepers,
        sync_states_table=storage.sync_states.table_name,
        recovers_gaps=config.recover_gaps,
    )
