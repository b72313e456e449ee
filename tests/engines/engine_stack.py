"""The stack's tables, queues and functions on the engines, as `local.deployment` puts them on the emulator."""

import json
import platform
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from botocore.config import Config

from ewspush.settings import ForwarderSettings, KeeperSettings, ResponderSettings
from infra import packaging
from local.deployment import STACK, Deployment
from local.emulator import Emulator
from local.lambda_process import LambdaProcess
from tests.aws import Aws
from tests.e2e.handlers import FORWARDER, RESPONDER
from tests.engines.aws_endpoint import CREDENTIALS_ARN, SECRET_ARN, AwsEndpoint
from tests.engines.background_task import in_background
from tests.engines.event_source_mapping import EventSourceMapping
from tests.engines.http_api import HttpApi
from tests.engines.keeper_schedule import KEEPER, KeeperSchedule, KeeperTarget
from tests.engines.plugin import Engines

RETENTION_DAYS: Final = 30
RESPONDERS: Final = 2
"""The number of POSTs that can be answered at once: some tests send two copies of one."""

_ARCHITECTURES: Final = {"aarch64": "arm64", "x86_64": "x86_64"}


class EngineAws(Emulator):
    """All services at one endpoint, and the part of CloudFormation that resolves a function's environment."""

    def __init__(self, port: int, synthesized: Path | None, environment: dict[str, str]) -> None:
        """Keep the endpoint's port, and the values of the functions' variables in the template."""
        super().__init__(port)
        self._synthesized = synthesized
        self._environment = environment

    def client(self, service: str, config: Config | None = None) -> Any:
        """Return a client of a service."""
        return self if service == "cloudformation" else super().client(service, config)

    def describe_stack_resources(self, **_: str) -> dict[str, Any]:
        """Return the physical id of each resource that the functions refer to."""
        assert self._synthesized is not None
        template = json.loads((self._synthesized / f"{STACK}.template.json").read_text())
        resources = template["Resources"].values()
        functions = (each["Properties"] for each in resources if each["Type"] == "AWS::Lambda::Function")
        variables = [item for each in functions for item in each["Environment"]["Variables"].items()]
        ids = {value["Ref"]: self._environment.get(name, "") for name, value in variables if "Ref" in value}
        summaries = [{"LogicalResourceId": key, "PhysicalResourceId": value} for key, value in ids.items()]
        return {"StackResources": summaries}


def responder_settings(aws: Aws, target: KeeperTarget | None) -> ResponderSettings:
    """Return the settings of the responder."""
    return ResponderSettings(
        subscriptions_table=aws.subscriptions_table,
        events_table=aws.events_table,
        callback_secret_arn=SECRET_ARN,
        event_retention_days=RETENTION_DAYS,
        minute_seconds=target.minute_seconds if target is not None else 60.0,
    )


def keeper_settings(aws: Aws, callback: str, target: KeeperTarget) -> KeeperSettings:
    """Return the settings of the keeper."""
    return KeeperSettings(
        subscriptions_table=aws.subscriptions_table,
        events_table=aws.events_table,
        event_retention_days=RETENTION_DAYS,
        callback_secret_arn=SECRET_ARN,
        credentials_secret_arn=CREDENTIALS_ARN,
        callback_base_url=callback,
        ews_url=target.mail_server.ews,
        server_version="Exchange2010_SP2",
        resume_is_trusted=False,
        minute_seconds=target.minute_seconds,
        keepers=1,
        sync_states_table=aws.sync_states_table,
        recovers_gaps=True,
    )


def task_root() -> Path:
    """Return the directory that is shipped, built for this machine."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return packaging.asset(_ARCHITECTURES[platform.machine()], version)


def stream_arn(aws: Aws) -> str:
    """Return the stream of the events table."""
    arn: str = aws.dynamodb.describe_table(TableName=aws.events_table)["Table"]["LatestStreamArn"]
    return arn


@dataclass(frozen=True, slots=True)
class EngineStack:
    """The stack on the engines, and its running parts."""

    deployment: Deployment
    responders: list[LambdaProcess]
    http_api: HttpApi
    mapping: EventSourceMapping
    keeper_schedule: KeeperSchedule | None


@contextmanager
def deployed(
    engines: Engines, synthesized: Path | None = None, target: KeeperTarget | None = None
) -> Iterator[EngineStack]:
    """Run the responders and the forwarder on the engines, and a keeper where it has a `target`.

    `Function.of_template` reads the template in `synthesized`.
    """
    with ExitStack() as stack:
        aws = stack.enter_context(engines.aws())
        endpoint = stack.enter_context(AwsEndpoint(engines.ports))
        responder = responder_settings(aws, target)
        queues = (aws.fifo_queue(), aws.fifo_queue("dead-letters"))
        forwarder = ForwarderSettings(*queues, report_partial_batches=True)
        endpoints = {
            "AWS_ENDPOINT_URL": endpoint.url,
            "AWS_ENDPOINT_URL_DYNAMODB": engines.endpoint("dynamodb"),
            "AWS_ENDPOINT_URL_SQS": engines.endpoint("sqs"),
        }

        def start(handler: str, settings: dict[str, str]) -> LambdaProcess:
            return stack.enter_context(LambdaProcess(handler, task_root(), settings | endpoints))

        responders = [start(RESPONDER, responder.to_env()) for _ in range(RESPONDERS)]
        http_api = stack.enter_context(HttpApi(*responders))
        mapping = EventSourceMapping(engines.streams, stream_arn(aws), start(FORWARDER, forwarder.to_env()))
        stack.enter_context(in_background(mapping))
        schedule = None
        if target is not None:
            keeper = start(KEEPER, keeper_settings(aws, http_api.url, target).to_env())
            schedule = stack.enter_context(in_background(KeeperSchedule(keeper, target.minute_seconds)))
        deployment = Deployment(
            EngineAws(endpoint.server_port, synthesized, responder.to_env() | forwarder.to_env()),
            callback=http_api.url,
            queue_url=forwarder.queue_url,
            dead_letter_queue_url=forwarder.dead_letter_queue_url,
            events_table=aws.events_table,
            subscriptions_table=aws.subscriptions_table,
            callback_secret_arn=SECRET_ARN,
            credentials_secret_arn=CREDENTIALS_ARN,
        )
        yield EngineStack(deployment, responders, http_api, mapping, schedule)
