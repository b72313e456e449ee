"""The scenario of a recovery by sync, on engines instead of the emulator."""

from collections.abc import Iterator

import pytest

from tests.e2e.test_recovery_scenario import (  # noqa: F401  # test and fixture, collected here once more
    MINUTE_SECONDS,
    test_a_sync_publishes_what_a_lost_subscription_missed,
    user,
)
from tests.engines.engine_run import EngineRun, running
from tests.engines.plugin import Engines

pytestmark = [pytest.mark.starts_processes, pytest.mark.engines]


@pytest.fixture(scope="module")
def run(engines: Engines) -> Iterator[EngineRun]:
    """Start the stack and a mail server."""
    with running(engines, MINUTE_SECONDS) as started:
        yield started
