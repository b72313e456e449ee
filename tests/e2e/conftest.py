"""The synthesized stack on the AWS emulator: one deployment for all tests of a process.

Each xdist worker that runs one of these tests makes a deployment of its own; `--dist loadfile` keeps that to one per
file. (xdist 3.8 does not honour its groups under pytest 9.)
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

from local import deployment as deployments
from local import emulator as emulators
from local.consumer import Consumer
from local.deployment import Deployment
from local.lambda_function import Function
from local.lambda_process import LambdaProcess
from tests.e2e.aws_proxy import AwsProxy
from tests.e2e.mailbox import Mailbox
from tests.e2e.notifications import ITEM_PREFIX

_numbers = count(1)


@pytest.fixture(scope="session")
def synthesized(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory of the template, synthesized for this machine."""
    return deployments.synthesize(tmp_path_factory.mktemp("synthesized"))


@pytest.fixture(scope="session")
def deployment(synthesized: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Deploy the template onto an emulator."""
    with (tmp_path_factory.mktemp("emulator") / "log").open("wb") as log, emulators.running(log=log) as emulator:
        yield deployments.deploy(emulator, synthesized)


@pytest.fixture(scope="session")
def consumer(deployment: Deployment) -> Consumer:
    """Return the consumer of the queue."""
    return Consumer(deployment, deployment.queue_url)


@pytest.fixture
def secrets() -> list[str]:
    """Return the strings that no log of the test may hold."""
    return [ITEM_PREFIX]


@pytest.fixture
def new_mailbox(deployment: Deployment, secrets: list[str]) -> Callable[[], Mailbox]:
    """Return a function that registers a subscription to a new mailbox."""

    def registered() -> Mailbox:
        mailbox = Mailbox.registered(deployment, f"mailbox-{next(_numbers)}@example.com")
        secrets.extend(mailbox.secrets)
        return mailbox

    return registered


@pytest.fixture
def mailbox(new_mailbox: Callable[[], Mailbox]) -> Mailbox:
    """Return a new mailbox with a registered subscription."""
    return new_mailbox()


@pytest.fixture
def aws(deployment: Deployment) -> Iterator[AwsProxy]:
    """Run a proxy between the functions and the emulator."""
    with AwsProxy(deployment.emulator) as proxy:
        yield proxy


@pytest.fixture
def start(
    synthesized: Path, deployment: Deployment, aws: AwsProxy, secrets: list[str]
) -> Iterator[Callable[..., LambdaProcess]]:
    """Return a function that starts a handler behind the proxy; in the end no log of any may hold a secret."""
    started = []
    with ExitStack() as stack:

        def starting(handler: str, **settings: str) -> LambdaProcess:
            function = Function.of_template(synthesized, deployment.emulator, handler)
            environment = function.environment | {"AWS_ENDPOINT_URL": aws.url} | settings
            process = LambdaProcess(handler, function.task_root, environment, function.memory_mb)
            started.append(stack.enter_context(process))
            return process

        yield starting
        assert started
        assert all(secret not in process.logs for process in started for secret in secrets)
