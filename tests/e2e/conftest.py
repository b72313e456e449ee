"""One deployment for all stories: the synthesized stack on the embedded AWS, and who is outside of it.

Each xdist worker that gets one of these tests makes a deployment of its own: `--dist loadfile` keeps that to one a
file. (Groups of xdist 3.8 group nothing under pytest 9.)
"""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from local import deployment as deployments
from local import emulator as emulators
from local.deployment import Deployment
from tests.e2e.outside import Consumer, Mailbox

_numbers = count(1)


@pytest.fixture(scope="session")
def synthesized(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory of the template, written for this machine."""
    return deployments.synthesize(tmp_path_factory.mktemp("synthesized"))


@pytest.fixture(scope="session")
def deployment(synthesized: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Deploy that template onto an embedded AWS of our own."""
    with (tmp_path_factory.mktemp("emulator") / "log").open("wb") as log, emulators.running(log=log) as emulator:
        yield deployments.deploy(emulator, synthesized)


@pytest.fixture(scope="session")
def consumer(deployment: Deployment) -> Consumer:
    """Return the consumer of the queue."""
    return Consumer(deployment, deployment.queue_url)


@pytest.fixture
def new_mailbox(deployment: Deployment) -> Callable[[], Mailbox]:
    """Return a function that makes a mailbox nobody has heard of, subscribed to."""
    return lambda: Mailbox.of(deployment, f"person-{next(_numbers)}@example.com")


@pytest.fixture
def mailbox(new_mailbox: Callable[[], Mailbox]) -> Mailbox:
    """Return a mailbox nobody has heard of, subscribed to."""
    return new_mailbox()
