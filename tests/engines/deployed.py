"""The stack's tables, queues and functions on the engines: what `local.deployment` is on the embedded AWS."""

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
from local.lambda_runtime import LambdaProcess
from tests.aws import Aws
from tests.engines import front, gateway
from tests.engines.background import beside
from tests.engines.front import Front, Responder
from tests.engines.gateway import CREDENTIALS_ARN, SECRET_ARN
from tests.engines.keeping import KEEPER, Care, Ticks
from tests.engines.plugin import Engines
from tests.engines.stream import Pump

RESPONDER: Final = "ewspush.handlers.responder.handler"
FORWARDER: Final = "ewspush.handlers.forwarder.handler"
RETENTION_DAYS: Final = 30
RESPONDERS: Final = 2
"""So many POSTs can be answered at once: the stories send two copies of one."""

_ARCHITECTURES: Final = {"aarch64": "arm64", "x86_64": "x86_64"}


class EngineAws(Emulator):
    """All services at one endpoint, and of CloudFormation what tells a function its environment."""

    def __init__(self, port: int, synthesized: Path | None, environment: dict[str, str]) -> None:
        """Take the gateway's port, and what stands for the variables of the functions in the template."""
        super().__init__(port)
        self._synthesized = synthesized
        self._environment = environment

    def client(self, service: str, config: Config | None = None) -> Any:
        """Return a client."""
        return self if service == "cloudformation" else super().client(service, config)

    def describe_stack_resources(self, **_: str) -> dict[str, Any]:
        """Return what each resource that the functions refer to is here."""
        assert self._synthesized is not None
        template = json.loads((self._synthesized / f"{STACK}.template.json").read_text())
        resources = template["Resources"].values()
        functions = (each["Properties"] for each in resources if each["Type"] == "AWS::Lambda::Function")
        variables = [item for each in functions for item in each["Environment"]["Variables"].items()]
        made = {value["Ref"]: self._environment.get(name, "") for name, value in variables if "Ref" in value}
        summaries = [{"LogicalResourceId": key, "PhysicalResourceId": value} for key, value in made.items()]
        return {"StackResources": summaries}


def responders_settings(aws: Aws, care: Care | None) -> ResponderSettings:
    """Return the settings of the responder."""
    return ResponderSettings(
        subscriptions_table=aws.subscriptions_table,
        events_table=aws.events_table,
        callback_secret_arn=SECRET_ARN,
        event_retention_days=RETENTION_DAYS,
        minute_seconds=care.minute_seconds if care is not None else 60.0,
    )


def keepers_settings(aws: Aws, callback: str, care: Care) -> KeeperSettings:
    """Return the settings of the keeper."""
    return KeeperSettings(
        subscriptions_table=aws.subscriptions_table,
        events_table=aws.events_table,
        event_retention_days=RETENTION_DAYS,
        callback_secret_arn=SECRET_ARN,
        credentials_secret_arn=CREDENTIALS_ARN,
        callback_base_url=callback,
        ews_url=care.mail_server.ews,
        server_version="Exchange2010_SP2",
        resume_is_trusted=False,
        minute_seconds=care.minute_seconds,
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
class Deployed:
    """The stack on the engines, and its running parts."""

    deployment: Deployment
    responders: list[Responder]
    front: Front
    pump: Pump
    ticks: Ticks | None


@contextmanager
def deployed(engines: Engines, synthesized: Path | None = None, care: Care | None = None) -> Iterator[Deployed]:
    """Put the stack on the engines: functions under awslambdaric answer callbacks, forward the stream, and take `care`.

    `synthesized` is where the template is that `Function.of_template` reads.
    """
    with ExitStack() as stack:
        aws = stack.enter_context(engines.aws())
        door = stack.enter_context(gateway.opened(engines.ports))
        responder = responders_settings(aws, care)
        queues = (aws.fifo_queue(), aws.fifo_queue("dead-letters"))
        forwarder = ForwarderSettings(aws.events_table, *queues, report_partial_batches=True)
        endpoints = {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{door.server_port}",
            "AWS_ENDPOINT_URL_DYNAMODB": engines.endpoint("dynamodb"),
            "AWS_ENDPOINT_URL_SQS": engines.endpoint("sqs"),
        }
        functions = [Responder(RESPONDER, task_root(), responder.to_env() | endpoints) for _ in range(RESPONDERS)]
        api = stack.enter_context(front.opened(*map(stack.enter_context, functions)))
        following = stack.enter_context(LambdaProcess(FORWARDER, task_root(), forwarder.to_env() | endpoints))
        pump = stack.enter_context(beside(Pump(engines.streams, stream_arn(aws), following)))
        ticks = None
        if care is not None:
            keeper = keepers_settings(aws, api.url, care).to_env()
            keeping = stack.enter_context(LambdaProcess(KEEPER, task_root(), keeper | endpoints))
            ticks = stack.enter_context(beside(Ticks(keeping, care.minute_seconds)))
        environment = responder.to_env() | forwarder.to_env()
        deployment = Deployment(
            EngineAws(door.server_port, synthesized, environment),
            callback=api.url,
            queue_url=forwarder.queue_url,
            dead_letter_queue_url=forwarder.dead_letter_queue_url,
            events_table=aws.events_table,
            subscriptions_table=aws.subscriptions_table,
            callback_secret_arn=SECRET_ARN,
            credentials_secret_arn=CREDENTIALS_ARN,
        )
        yield Deployed(deployment, functions, api, pump, ticks)
