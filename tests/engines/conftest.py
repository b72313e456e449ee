"""What the stories on engines share: the stack's functions and tables, in front of DynamoDB Local and ElasticMQ."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.deployment import Deployment
from tests.e2e.conftest import consumer, mailbox, new_mailbox, synthesized  # noqa: F401  # fixtures of these tests too
from tests.engines import plugin
from tests.engines.deployed import deployed
from tests.engines.plugin import Engines


def pytest_configure(config: pytest.Config) -> None:
    """Bring the plugin in, unless it was named on the command line."""
    if not config.pluginmanager.has_plugin(plugin.__name__):
        config.pluginmanager.register(plugin, plugin.__name__)


@pytest.fixture(scope="session")
def deployment(engines: Engines, synthesized: Path) -> Iterator[Deployment]:  # noqa: F811  # the fixture
    """Put the stack on the engines, once for all stories."""
    with deployed(engines, synthesized) as made:
        yield made.deployment
