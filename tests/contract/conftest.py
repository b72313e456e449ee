"""The contract suites run on the engines too, when asked for (`make test-engines`)."""

import pytest

from tests.engines import plugin


def pytest_configure(config: pytest.Config) -> None:
    """Bring the plugin in, unless it was named on the command line."""
    if not config.pluginmanager.has_plugin(plugin.__name__):
        config.pluginmanager.register(plugin, plugin.__name__)
