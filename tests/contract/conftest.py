"""The contract suites run on the engines too, when asked for (`make test-engines`)."""

from collections.abc import Iterator

import pytest

from tests.contract.stores import Stores, stores_of
from tests.engines import plugin


def pytest_configure(config: pytest.Config) -> None:
    """Bring the plugin in, unless it was named on the command line."""
    if not config.pluginmanager.has_plugin(plugin.__name__):
        config.pluginmanager.register(plugin, plugin.__name__)


@pytest.fixture(params=["memory", "moto", pytest.param("engines", marks=pytest.mark.engines)])
def stores(request: pytest.FixtureRequest) -> Iterator[Stores]:
    """Return an empty ledger and its sync states, of each kind."""
    with stores_of(request) as made:
        yield made
