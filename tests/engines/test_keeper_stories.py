"""The stories of `tests/e2e/test_keeper_stories.py` on engines, with the keeper under awslambdaric."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import pytest

from local import mail_server as mail_servers
from local.deployment import Deployment
from local.mail_server import MailServer
from tests.e2e.outside import Consumer
from tests.e2e.people import Person, assert_peace
from tests.e2e.test_keeper_stories import (  # noqa: F401  # tests and fixtures, collected here once more
    MINUTE_SECONDS,
    consumer,
    fault,
    person,
    test_a_busy_server_is_left_alone_and_asked_again,
    test_a_restart_of_the_server_is_noticed_and_what_it_lost_is_told_or_said_to_be_missing,
    test_a_subscribe_that_succeeded_without_an_answer_is_adopted,
    test_an_error_notification_ends_in_a_new_subscription,
    test_forgotten_watermarks_cost_a_second_subscribe_and_one_gap,
    test_mail_that_arrives_while_the_front_door_is_cut_off_is_told_after_the_renewal,
    test_what_a_dead_subscription_missed_is_told_by_a_sync,
)
from tests.engines.deployed import Deployed, deployed
from tests.engines.fetch import DIRECTORY
from tests.engines.keeping import Care
from tests.engines.plugin import Engines

pytestmark = [pytest.mark.slow, pytest.mark.engines]

KILLS = 8
KILL_SECONDS = (0.1, 1.5)


@dataclass(frozen=True, slots=True)
class EngineMachine:
    """Both sides, the stack on engines."""

    stack: Deployed
    mail_server: MailServer

    @property
    def deployment(self) -> Deployment:
        """Where the parts of the stack are."""
        return self.stack.deployment


@pytest.fixture(scope="module")
def machine(engines: Engines) -> Iterator[EngineMachine]:
    """Start both sides."""
    with (
        (DIRECTORY / "keeper-stories.log").open("wb") as log,
        mail_servers.running(minute_seconds=MINUTE_SECONDS, log=log) as server,
        deployed(engines, care=Care(server, MINUTE_SECONDS)) as stack,
    ):
        yield EngineMachine(stack, server)


def test_a_keeper_that_is_killed_again_and_again_renews_each_subscription_once(
    machine: EngineMachine,
    consumer: Consumer,  # noqa: F811  # the fixture
) -> None:
    """In the middle of renewals, as Lambda ends one that is out of time: nothing is missing, nothing told twice."""
    people = [Person(machine, consumer) for _ in range(5)]
    for each in people:
        each.await_life()
    ticks, chance = machine.stack.ticks, Random(time.time_ns())  # noqa: S311  # chance, no secret
    assert ticks is not None
    failures = ticks.failures
    machine.mail_server.call("faults", restart=True)
    for number in range(KILLS):
        people[number % len(people)].mail(f"message {number}")
        time.sleep(chance.uniform(*KILL_SECONDS))
        ticks.keeper.kill()
    for each in people:
        assert_peace(each)
        each.retire()
    assert ticks.failures > failures
