"""The deployed stack from outside: a mail server posts to the HTTP API, and a consumer reads the queue."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from ewspush.protocol.acknowledgement import CONTENT_TYPE, SubscriptionStatus, acknowledgement
from ewspush.protocol.hardened_xml import MAX_BODY_BYTES
from local.consumer import Consumer
from local.emulator import ROOT
from local.http import Answer, post
from tests.e2e.mailbox import Mailbox
from tests.e2e.notifications import heartbeat, item, notification

pytestmark = pytest.mark.starts_processes

SAMPLE = (ROOT / "local" / "samples" / "workmail-event.xml").read_bytes()
OK = Answer(200, CONTENT_TYPE, acknowledgement(SubscriptionStatus.OK))
UNSUBSCRIBE = Answer(200, CONTENT_TYPE, acknowledgement(SubscriptionStatus.UNSUBSCRIBE))


def _ids(mailbox: Mailbox) -> list[str]:
    return [event["subject"] for event in mailbox.logged_events()]


def _queued(consumer: Consumer, mailbox: Mailbox, count: int) -> list[str]:
    return [json.loads(message["Body"])["subject"] for message in consumer.wait_for_messages(mailbox.key, count)]


def _is_refused(answer: Answer, status: int) -> bool:
    return answer.status == status and "SubscriptionStatus" not in answer.body


def test_a_notification_is_acknowledged_in_soap(mailbox: Mailbox) -> None:
    """The answer is 200 with the ack, as text/xml and under 512 bytes."""
    answer = post(mailbox.url, SAMPLE)
    assert answer == OK
    assert len(answer.body.encode()) < 512


def test_an_event_becomes_one_message(mailbox: Mailbox, consumer: Consumer) -> None:
    """The message is the event of the table, grouped by subscription and deduplicated by its key and the event id."""
    post(mailbox.url, SAMPLE)
    (event,) = mailbox.logged_events()
    (message,) = consumer.wait_for_messages(mailbox.key, 1)
    assert json.loads(message["Body"]) == event
    assert message["Attributes"]["MessageGroupId"] == mailbox.key
    assert message["Attributes"]["MessageDeduplicationId"] == f"{mailbox.key}-{event['id']}"
    assert event["data"]["mailbox"] == mailbox.address


def test_two_subscriptions_of_a_mailbox_get_all_their_events(mailbox: Mailbox, consumer: Consumer) -> None:
    """Ten in the log and ten on the queue each, although the same change has the same id in both."""
    inbox = Mailbox.registered(mailbox.deployment, mailbox.address, "inbox")
    expected = [item(number) for number in range(1, 11)]
    for each in (mailbox, inbox):
        assert post(each.url, notification(range(1, 11))) == OK
    assert mailbox.logged_events()[0]["id"] == inbox.logged_events()[0]["id"]
    assert [_ids(each) for each in (mailbox, inbox)] == [expected] * 2
    assert [_queued(consumer, each, 10) for each in (mailbox, inbox)] == [expected] * 2


def test_a_notification_sent_again_adds_nothing(mailbox: Mailbox, consumer: Consumer) -> None:
    """Both POSTs are acknowledged; the table and the queue hold the event once, before the next event."""
    body = notification([1])
    assert [post(mailbox.url, body), post(mailbox.url, body)] == [OK, OK]
    post(mailbox.url, notification([2]))
    assert _ids(mailbox) == [item(1), item(2)]
    assert _queued(consumer, mailbox, 2) == [item(1), item(2)]


@pytest.mark.parametrize("is_first", [True, False], ids=["first-post", "later-post"])
def test_two_simultaneous_copies_of_a_notification_are_one_event(
    new_mailbox: Callable[[], Mailbox], consumer: Consumer, *, is_first: bool
) -> None:
    """Both are acknowledged, and the event is stored and queued once."""
    for _ in range(6):
        mailbox = new_mailbox()
        before = [] if is_first else [post(mailbox.url, notification([1]))]
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(post, [mailbox.url] * 2, [notification([2])] * 2))
        post(mailbox.url, notification([3]))
        expected = [item(1)] * len(before) + [item(2), item(3)]
        assert answers == [OK, OK]
        assert _ids(mailbox) == expected
        assert _queued(consumer, mailbox, len(expected)) == expected


def test_a_path_with_a_wrong_signature_is_refused(mailbox: Mailbox) -> None:
    """So is another generation with the signature of the first."""
    forged = [mailbox.url[:-6] + "AAAAAA", mailbox.url.replace(f"{mailbox.key}/1/", f"{mailbox.key}/2/")]
    assert all(_is_refused(post(url, notification([1])), 403) for url in forged)
    assert mailbox.logged_events() == []


def test_a_truncated_body_is_refused_and_may_be_sent_again(mailbox: Mailbox) -> None:
    """Half a notification is answered 400; the whole notification is stored."""
    body = notification([1])
    assert _is_refused(post(mailbox.url, body[: len(body) // 2]), 400)
    assert mailbox.logged_events() == []
    assert post(mailbox.url, body) == OK
    assert _ids(mailbox) == [item(1)]


def test_a_body_larger_than_an_event_of_lambda_is_refused(mailbox: Mailbox) -> None:
    """It is answered 413, although it is a valid notification with padding; on AWS already by API Gateway."""
    padded = notification([1]) + b" " * MAX_BODY_BYTES
    assert _is_refused(post(mailbox.url, padded), 413)
    assert mailbox.logged_events() == []


def test_a_thousand_events_of_one_post_are_queued_once_and_in_order(mailbox: Mailbox, consumer: Consumer) -> None:
    """A backlog after an outage arrives as one long notification."""
    expected = [item(number) for number in range(1, 1001)]
    assert post(mailbox.url, notification(range(1, 1001))) == OK
    assert _ids(mailbox) == expected
    post(mailbox.url, notification([1001]))
    assert _queued(consumer, mailbox, 1001) == [*expected, item(1001)]


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("content_type", ["text/xml; charset=utf-16", "application/soap+xml"])
def test_utf_16_with_a_byte_order_mark_is_read(mailbox: Mailbox, codec: str, content_type: str) -> None:
    """API Gateway passes such a body as text or in base64, depending on its type; both are read."""
    body = ("\ufeff" + notification([1]).decode()).encode(codec)
    assert post(mailbox.url, body, content_type) == OK
    assert _ids(mailbox) == [item(1)]


def test_a_body_in_base64_is_read(mailbox: Mailbox) -> None:
    """The function receives a body in base64 where the content type is not text."""
    assert post(mailbox.url, notification([1]), "application/octet-stream") == OK
    assert _ids(mailbox) == [item(1)]


def test_a_retired_subscription_is_answered_unsubscribe(mailbox: Mailbox) -> None:
    """That ends the subscription on the server; the pushes that still arrive are not stored."""
    assert post(mailbox.url, notification([1])) == OK
    mailbox.retire()
    assert [post(mailbox.url, notification([2])), post(mailbox.url, heartbeat(2))] == [UNSUBSCRIBE, UNSUBSCRIBE]
    assert _ids(mailbox) == [item(1)]


def test_a_newer_generation_supersedes_the_older_with_its_first_push(mailbox: Mailbox, consumer: Consumer) -> None:
    """The older callback works until then; afterwards it gets Unsubscribe and stores nothing."""
    newer = mailbox.in_generation(2)
    assert [post(mailbox.url, notification([1])), post(mailbox.url, notification([2]))] == [OK, OK]
    assert post(newer.url, notification([3])) == OK
    assert post(mailbox.url, notification([3, 4])) == UNSUBSCRIBE
    assert post(newer.url, notification([4])) == OK
    assert mailbox.stored_subscription()["generation"] == 2
    assert _ids(mailbox) == [item(number) for number in (1, 2, 3, 4)]
    assert _queued(consumer, mailbox, 4) == [item(number) for number in (1, 2, 3, 4)]
