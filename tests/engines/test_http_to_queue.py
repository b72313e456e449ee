"""The tests from the HTTP API to the queue, on engines instead of the emulator."""

import pytest

from tests.e2e.test_http_to_queue import (  # noqa: F401  # tests, collected here once more
    test_a_body_in_base64_is_read,
    test_a_body_larger_than_an_event_of_lambda_is_refused,
    test_a_newer_generation_supersedes_the_older_with_its_first_push,
    test_a_notification_is_acknowledged_in_soap,
    test_a_notification_sent_again_adds_nothing,
    test_a_path_with_a_wrong_signature_is_refused,
    test_a_retired_subscription_is_answered_unsubscribe,
    test_a_thousand_events_of_one_post_are_queued_once_and_in_order,
    test_a_truncated_body_is_refused_and_may_be_sent_again,
    test_an_event_becomes_one_message,
    test_two_simultaneous_copies_of_a_notification_are_one_event,
    test_utf_16_with_a_byte_order_mark_is_read,
)

pytestmark = [pytest.mark.starts_processes, pytest.mark.engines]
