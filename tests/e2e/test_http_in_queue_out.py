"""The deployed stack from outside: what a mail server posts comes back as an ack, and goes on to the consumer."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from ewspush.protocol.acknowledgement import CONTENT_TYPE, SubscriptionStatus, acknowledgement
from ewspush.protocol.hardened_xml import MAX_BODY_BYTES
from local.emulator import ROOT
from local.http import Answer, post
from tests.e2e.notifications import heartbeat, item, notification
from tests.e2e.outside import Consumer, Mailbox

pytestmark = pytest.mark.slow

SAMPLE = (ROOT / "local" / "samples" / "workmail-event.xml").read_bytes()
OK = Answer(200, CONTENT_TYPE, acknowledgement(SubscriptionStatus.OK))
UNSUBSCRIBE = Answer(200, CONTENT_TYPE, acknowledgement(SubscriptionStatus.UNSUBSCRIBE))


def _ids(mailbox: Mailbox) -> list[str]:
    return [event["subject"] for event in mailbox.logged()]


def _queued(consumer: Consumer, mailbox: Mailbox, count: int) -> list[str]:
    return [json.loads(message["Body"])["subject"] for message in consumer.awaited(mailbox.key, count)]


def _refused(answer: Answer, status: int) -> bool:
    return answer.status == status and "SubscriptionStatus" not in answer.body


def test_a_notification_is_acknowledged_in_the_form_that_the_server_reads(mailbox: Mailbox) -> None:
    """The answer is 200 with the SOAP ack, as text/xml and under 512 bytes."""
    answer = post(mailbox.url, SAMPLE)
    assert answer == OK
    assert len(answer.body.encode()) < 512


def test_a_notification_becomes_one_message_of_its_mailbox(mailbox: Mailbox, consumer: Consumer) -> None:
    """The message is the very event of the table, grouped by subscription and deduplicated by event id."""
    post(mailbox.url, SAMPLE)
    (event,) = mailbox.logged()
    (message,) = consumer.awaited(mailbox.key, 1)
    assert json.loads(message["Body"]) == event
    assert message["Attributes"]["MessageGroupId"] == mailbox.key
    assert message["Attributes"]["MessageDeduplicationId"] == event["id"]
    assert event["data"]["mailbox"] == mailbox.address


def test_a_notification_sent_again_adds_nothing(mailbox: Mailbox, consumer: Consumer) -> None:
    """Both POSTs are acknowledged; the table and the queue hold the event once, before whatever comes next."""
    body = notification([1])
    assert [post(mailbox.url, body), post(mailbox.url, body)] == [OK, OK]
    post(mailbox.url, notification([2]))
    assert _ids(mailbox) == [item(1), item(2)]
    assert _queued(consumer, mailbox, 2) == [item(1), item(2)]


@pytest.mark.parametrize("is_first", [True, False], ids=["first-post", "later-post"])
def test_two_copies_at_the_same_moment_are_one_event(
    new_mailbox: Callable[[], Mailbox], consumer: Consumer, *, is_first: bool
) -> None:
    """Whichever copy wins, both are acknowledged and the event is stored and queued once."""
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


def test_a_path_that_we_did_not_sign_is_refused(mailbox: Mailbox) -> None:
    """Neither another signature nor another generation under the same one gets in."""
    forged = [mailbox.url[:-6] + "AAAAAA", mailbox.url.replace(f"{mailbox.key}/1/", f"{mailbox.key}/2/")]
    assert all(_refused(post(url, notification([1])), 403) for url in forged)
    assert mailbox.logged() == []


def test_a_body_cut_short_is_refused_and_ends_nothing(mailbox: Mailbox) -> None:
    """Half a notification is answered 400; sent again whole it is stored."""
    body = notification([1])
    assert _refused(post(mailbox.url, body[: len(body) // 2]), 400)
    assert mailbox.logged() == []
    assert post(mailbox.url, body) == OK
    assert _ids(mailbox) == [item(1)]


def test_a_body_of_more_than_a_mebibyte_is_refused(mailbox: Mailbox) -> None:
    """It is answered 413, although but for its padding it is a good notification."""
    padded = notification([1]) + b" " * MAX_BODY_BYTES
    assert _refused(post(mailbox.url, padded), 413)
    assert mailbox.logged() == []


def test_a_thousand_events_of_one_post_are_queued_once_and_in_order(mailbox: Mailbox, consumer: Consumer) -> None:
    """A backlog after an outage comes as one long notification."""
    expected = [item(number) for number in range(1, 1001)]
    assert post(mailbox.url, notification(range(1, 1001))) == OK
    assert _ids(mailbox) == expected
    post(mailbox.url, notification([1001]))
    assert _queued(consumer, mailbox, 1001) == [*expected, item(1001)]


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("content_type", ["text/xml; charset=utf-16", "application/soap+xml"])
def test_utf_16_with_a_byte_order_mark_is_read(mailbox: Mailbox, codec: str, content_type: str) -> None:
    """API Gateway hands such a body on as text or as base64, depending on its type; both are understood."""
    body = ("\ufeff" + notification([1]).decode()).encode(codec)
    assert post(mailbox.url, body, content_type) == OK
    assert _ids(mailbox) == [item(1)]


def test_a_body_handed_on_as_base64_is_read(mailbox: Mailbox) -> None:
    """A body that is not of a text type reaches the function as base64."""
    assert post(mailbox.url, notification([1]), "application/octet-stream") == OK
    assert _ids(mailbox) == [item(1)]


def test_a_retired_subscription_is_answered_unsubscribe(mailbox: Mailbox) -> None:
    """Only then does the server stop; what it still sends is not stored."""
    assert post(mailbox.url, notification([1])) == OK
    mailbox.retire()
    assert [post(mailbox.url, notification([2])), post(mailbox.url, heartbeat(2))] == [UNSUBSCRIBE, UNSUBSCRIBE]
    assert _ids(mailbox) == [item(1)]


def test_a_newer_generation_supersedes_the_older_once_it_lives(mailbox: Mailbox, consumer: Consumer) -> None:
    """The older callback goes on until the newer one is heard of, then it gets Unsubscribe and stores nothing."""
    newer = mailbox.in_generation(2)
    assert [post(mailbox.url, notification([1])), post(mailbox.url, notification([2]))] == [OK, OK]
    assert post(newer.url, notification([3])) == OK
    assert post(mailbox.url, notification([3, 4])) == UNSUBSCRIBE
    assert post(newer.url, notification([4])) == OK
    assert mailbox.row()["generation"] == 2
    assert _ids(mailbox) == [item(number) for number in (1, 2, 3, 4)]
    assert _queued(consumer, mailbox, 4) == [item(number) for number in (1, 2, 3, 4)]
