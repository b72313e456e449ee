"""The HTTP API with the callback route, and the responder behind it."""

import json

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_logs as logs
from constructs import Construct

from ewspush.settings import ResponderSettings
from ewspush.telemetry import Service
from infra.config import LOG_RETENTIONS, Config
from infra.function import PythonFunction
from infra.nag_suppressions import suppress
from infra.storage import Storage

ROUTE = "/notify/{subscription}/{generation}/{signature}"


class CallbackApi(Construct):
    """Receives the notifications of mail servers and answers them."""

    def __init__(self, scope: Construct, construct_id: str, *, config: Config, storage: Storage) -> None:
        super().__init__(scope, construct_id)
        self.responder = PythonFunction(
            self,
            "Responder",
            service=Service.RESPONDER,
            config=config,
            settings=ResponderSettings(
                subscriptions_table=storage.subscriptions.table_name,
                events_table=storage.events.table_name,
                callback_secret_arn=storage.callback_secret.secret_arn,
                event_retention_days=config.event_retention_days,
                minute_seconds=float(config.minute_seconds),
            ),
            timeout=Duration.seconds(15),  # the HTTP API waits 29 s; the mail server sends again long before
            memory_mb=1024,  # buys CPU: a cold start is mostly imports
        )
        self.responder.allow("dynamodb:GetItem", "dynamodb:UpdateItem", on=storage.subscriptions.table_arn)
        self.responder.allow("dynamodb:PutItem", "dynamodb:Query", on=storage.events.table_arn)
        self.responder.allow("secretsmanager:GetSecretValue", on=storage.callback_secret.secret_arn)
        self.api = apigateway.HttpApi(
            self,
            "HttpApi",
            api_name="ews-push-callbacks",  # for people; names of APIs need not be unique
            description="Receives the notifications of EWS push subscriptions",
            create_default_stage=False,
        )
        self.api.add_routes(
            path=ROUTE,
            methods=[apigateway.HttpMethod.POST],
            integration=integrations.HttpLambdaIntegration("Responder", self.responder.function),
        )
        self._add_stage(config)
        suppress(
            self.api,
            "APIG4",
            "Mail servers can't authenticate (Exchange pushes anonymously since February 2019): the path is signed.",
        )

    def _add_stage(self, config: Config) -> None:
        """Add a throttled stage. Its access log holds neither the path, which is a secret, nor addresses."""
        retention = logs.RetentionDays[LOG_RETENTIONS[config.log_retention_days]]
        log_group = logs.LogGroup(self, "AccessLog", retention=retention, removal_policy=RemovalPolicy.DESTROY)
        stage = apigateway.HttpStage(
            self,
            "Stage",
            http_api=self.api,
            stage_name="$default",
            auto_deploy=True,
            throttle=apigateway.ThrottleSettings(rate_limit=config.throttle_rate, burst_limit=config.throttle_burst),
        )
        resource = stage.node.default_child
        if not isinstance(resource, apigateway.CfnStage):
            message = "the stage has no CfnStage"
            raise TypeError(message)
        resource.access_log_settings = apigateway.CfnStage.AccessLogSettingsProperty(
            destination_arn=log_group.log_group_arn, format=json.dumps(_ACCESS_LOG_FIELDS)
        )


_ACCESS_LOG_FIELDS = {
    "requestId": "$context.requestId",
    "requestTime": "$context.requestTime",
    "routeKey": "$context.routeKey",
    "status": "$context.status",
    "responseLatency": "$context.responseLatency",
    "responseLength": "$context.responseLength",
    "integrationError": "$context.integrationErrorMessage",
}
