"""The keeper and a mail server with faults: each scenario ends with one live subscription and nothing lost.

A protocol minute lasts one second on both sides.
"""

import time
from collections.abc import Callable, Iterator

import pytest

from local import local_run
from local.consumer import Consumer
from local.local_run import LocalRun
from local.waiting import wait_for
from tests.e2e.subscribed_user import SubscribedUser, assert_nothing_is_lost

pytestmark = pytest.mark.starts_processes

MINUTE_SECONDS = 1.0


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRun]:
    """Start the stack and a mail server."""
    directory = tmp_path_factory.mktemp("local-run")
    with (
        (directory / "log").open("wb") as log,
        local_run.running(minute_seconds=MINUTE_SECONDS, output=directory / "cdk.out", log=log) as run,
    ):
        yield run


@pytest.fixture(scope="module")
def consumer(run: LocalRun) -> Consumer:
    """Return the consumer of the queue."""
    return Consumer(run.deployment, run.deployment.queue_url)


@pytest.fixture
def user(run: LocalRun, consumer: Consumer) -> Iterator[SubscribedUser]:
    """Return a user whose subscription is active, on a mail server without faults; retire it in the end."""
    run.mail_server.call("faults")
    run.mail_server.call("settings", resume="honoured")
    user = SubscribedUser(run, consumer)
    user.wait_until_active()
    yield user
    run.mail_server.call("faults")
    user.retire()


@pytest.fixture
def fault(run: LocalRun) -> Callable[..., None]:
    """Return a function that sets the faults of the mail server; without arguments it clears them."""
    return lambda **faults: run.mail_server.call("faults", **faults)


def test_messages_that_arrive_while_callbacks_are_unreachable_are_published_after_the_renewal(
    user: SubscribedUser, fault: Callable[..., None]
) -> None:
    """Once each and in order, with one Subscribe for each lost subscription."""
    user.receive("before")
    fault(cut=True)
    user.receive("while the server retries")
    user.wait_until_lost()
    user.receive("while there is no subscription")
    fault(cut=False)
    assert_nothing_is_lost(user)
    assert user.published() == user.expected()
    assert user.gaps() == []
    assert len(user.subscribe_answers()) == 1 + len(user.server_subscriptions("dead"))


@pytest.mark.parametrize("resume", ["honoured", "ignored", "refused"])
def test_changes_around_a_restart_of_the_server_are_published_or_in_a_gap(
    run: LocalRun, user: SubscribedUser, fault: Callable[..., None], resume: str
) -> None:
    """The server loses all subscriptions without notice; profiles differ in what a watermark still means."""
    run.mail_server.call("settings", resume=resume)
    user.receive("before")
    fault(restart=True)
    user.receive("while there is no subscription")
    assert_nothing_is_lost(user)
    assert [gap["reason"] for gap in user.gaps()] == {
        "honoured": [],
        "ignored": ["resume-unproven"],
        "refused": ["watermark-refused"],
    }[resume]


def test_a_busy_server_gets_another_subscribe_after_its_backoff(
    user: SubscribedUser, fault: Callable[..., None]
) -> None:
    """And makes one subscription in the end."""
    fault(restart=True, refuse_subscribe="ErrorServerBusy", times=2, back_off_ms=500)
    user.receive("while there is no subscription")
    assert_nothing_is_lost(user)
    assert user.published() == user.expected()
    assert user.subscribe_answers() == ["NoError", *["ErrorServerBusy"] * 2, "NoError"]


def test_a_subscription_whose_subscribe_response_was_lost_is_adopted(
    user: SubscribedUser, fault: Callable[..., None]
) -> None:
    """Its first push confirms it, and no second Subscribe is sent."""
    fault(restart=True, lose_subscribe_answers=1)
    user.receive("while there is no subscription")
    assert_nothing_is_lost(user)
    assert user.published() == user.expected()
    assert len(user.subscribe_answers()) == 2


def test_a_refused_watermark_costs_a_second_subscribe_and_one_gap(
    user: SubscribedUser, fault: Callable[..., None]
) -> None:
    """As after a move of the mailbox to another database."""
    user.receive("before")
    fault(restart=True, forget_watermarks=True)
    user.receive("while there is no subscription")
    assert_nothing_is_lost(user)
    assert [gap["reason"] for gap in user.gaps()] == ["watermark-refused"]
    assert user.subscribe_answers() == ["NoError", "ErrorInvalidWatermark", "NoError"]


def test_duplicate_posts_are_published_once(user: SubscribedUser, fault: Callable[..., None]) -> None:
    """Two copies at the same moment, several times."""
    fault(duplicate=6)
    for number in range(6):
        user.receive(f"message {number}")
        time.sleep(0.2)  # so that each message is a POST of its own
    assert_nothing_is_lost(user)
    assert user.published() == user.expected()
    assert user.subscribe_answers() == ["NoError"]


def test_a_lost_acknowledgement_changes_nothing(user: SubscribedUser, fault: Callable[..., None]) -> None:
    """The server retries, the events are published once, and the subscription stays."""
    fault(drop_acks=2)
    for subject in ("one", "two", "three"):
        user.receive(subject)
    assert_nothing_is_lost(user)
    assert user.published() == user.expected()


def test_an_error_notification_leads_to_a_new_subscription(user: SubscribedUser, fault: Callable[..., None]) -> None:
    """At once, without waiting for missing heartbeats."""
    fault(error_notification="ErrorReadEventsFailed", mailbox=user.address)
    wait_for(lambda: len(user.subscribe_answers()) == 2, "the second Subscribe")
    user.receive("afterwards")
    assert_nothing_is_lost(user)
    assert [gap["reason"] for gap in user.gaps()][:1] == ["subscription-lost"]


def test_a_subscription_resumes_once_access_is_granted_again(user: SubscribedUser, fault: Callable[..., None]) -> None:
    """Until then the stored subscription says why it was refused."""
    fault(restart=True, refuse_subscribe="ErrorImpersonateUserDenied", times=2)
    wait_for(lambda: user.stored_subscription().last_error, "the reason of the refusal")
    assert "rights" in (user.stored_subscription().last_error or "")
    assert_nothing_is_lost(user)
    assert user.stored_subscription().last_error is None
