"""The synthesized stack on the AWS emulator: one deployment for all tests of a process.

Each xdist worker that runs one of these tests makes a deployment of its own; `--dist loadfile` keeps that to one per
file. (xdist 3.8 does not honour its groups under pytest 9.)
"""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from local import deployment as deployments
from local import emulator as emulators
from local.consumer import Consumer
from local.deployment import Deployment
from local.lambda_process import LambdaProcess
from tests.e2e.aws_proxy import AwsProxy
from tests.e2e.function_pool import FunctionPool
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


@pytest.fixture(scope="session")
def secrets() -> list[str]:
    """Return the strings that no log of a function may hold."""
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


@pytest.fixture(scope="session")
def proxy(deployment: Deployment) -> Iterator[AwsProxy]:
    """Run a proxy between the functions and the emulator."""
    with AwsProxy(deployment.emulator) as proxy:
        yield proxy


@pytest.fixture
def aws(proxy: AwsProxy) -> AwsProxy:
    """Return the proxy without plans."""
    proxy.reset()
    return proxy


@pytest.fixture(scope="session")
def functions(synthesized: Path, deployment: Deployment, proxy: AwsProxy) -> Iterator[FunctionPool]:
    """Return the functions behind the proxy; their processes end with the session."""
    with FunctionPool(synthesized, deployment, proxy.url) as pool:
        yield pool


@pytest.fixture
def start(functions: FunctionPool, proxy: AwsProxy, secrets: list[str]) -> Iterator[Callable[..., LambdaProcess]]:
    """Return a function that starts a handler behind the proxy; in the end no log may hold a secret."""
    proxy.reset()
    functions.return_all()
    yield functions.start
    assert functions.processes
    assert all(secret not in process.logs for process in functions.processes for secret in secrets)
