"""The clients for pytest: `-p tests.clients.plugin --clients` runs the tests marked `clients` too."""

from typing import Final

import pytest

MARKER: Final = "clients"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--clients`."""
    parser.addoption("--clients", action="store_true", help="run the EWS client libraries against mailsim as well")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the tests of client libraries without `--clients`."""
    if config.getoption("clients", default=False):
        return
    deselected = [item for item in items if item.get_closest_marker(MARKER)]
    if deselected:
        config.hook.pytest_deselected(items=deselected)
        items[:] = [item for item in items if item not in deselected]
