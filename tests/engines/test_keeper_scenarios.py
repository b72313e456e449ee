"""The scenarios of the keeper on engines instead of the emulator, and a keeper that is killed during renewals."""

import time
from collections.abc import Iterator
from random import Random

import pytest

from local.consumer import Consumer
from tests.e2e.subscribed_user import SubscribedUser, assert_nothing_is_lost
from tests.e2e.test_keeper_scenarios import (  # noqa: F401  # tests and fixtures, collected here once more
    MINUTE_SECONDS,
    consumer,
    fault,
    test_a_busy_server_gets_another_subscribe_after_its_backoff,
    test_a_refused_watermark_costs_a_second_subscribe_and_one_gap,
    test_a_subscription_whose_subscribe_response_was_lost_is_adopted,
    test_an_error_notification_leads_to_a_new_subscription,
    test_changes_around_a_restart_of_the_server_are_published_or_in_a_gap,
    test_messages_that_arrive_while_callbacks_are_unreachable_are_published_after_the_renewal,
    user,
)
from tests.engines.engine_run import EngineRun, running
from tests.engines.plugin import Engines

pytestmark = [pytest.mark.starts_processes, pytest.mark.engines]

KILLS = 8
KILL_SECONDS = (0.1, 1.5)


@pytest.fixture(scope="module")
def run(engines: Engines) -> Iterator[EngineRun]:
    """Start the stack and a mail server."""
    with running(engines, MINUTE_SECONDS) as started:
        yield started


def test_a_keeper_that_is_killed_repeatedly_renews_each_subscription_once(
    run: EngineRun,
    consumer: Consumer,  # noqa: F811  # the fixture
) -> None:
    """Killed during renewals, as Lambda ends a function that times out: no event is lost or published twice."""
    users = [SubscribedUser(run, consumer) for _ in range(5)]
    for each in users:
        each.wait_until_active()
    schedule, random = run.stack.keeper_schedule, Random(time.time_ns())  # noqa: S311  # no secret
    assert schedule is not None
    failures = schedule.failures
    run.mail_server.call("faults", restart=True)
    for number in range(KILLS):
        users[number % len(users)].receive(f"message {number}")
        time.sleep(random.uniform(*KILL_SECONDS))
        schedule.keeper.kill()
    for each in users:
        assert_nothing_is_lost(each)
        each.retire()
    assert schedule.failures > failures
