"""Fixtures of the tests on engines: the stack's functions and tables, on DynamoDB Local and ElasticMQ."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.deployment import Deployment
from tests.e2e.conftest import (  # noqa: F401  # fixtures of these tests too
    aws,
    consumer,
    functions,
    mailbox,
    new_mailbox,
    proxy,
    secrets,
    start,
    synthesized,
)
from tests.engines import plugin
from tests.engines.engine_stack import deployed
from tests.engines.plugin import Engines


def pytest_configure(config: pytest.Config) -> None:
    """Register the plugin, unless the command line names it."""
    if not config.pluginmanager.has_plugin(plugin.__name__):
        config.pluginmanager.register(plugin, plugin.__name__)


@pytest.fixture(scope="session")
def deployment(engines: Engines, synthesized: Path) -> Iterator[Deployment]:  # noqa: F811  # the fixture
    """Put the stack on the engines, once for all tests of a process."""
    with deployed(engines, synthesized) as stack:
        yield stack.deployment
