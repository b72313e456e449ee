"""The stories of `tests/e2e/test_http_in_queue_out.py` on engines: a POST goes in, a message comes out."""

import pytest

from tests.e2e.test_http_in_queue_out import (  # noqa: F401  # tests, collected here once more
    test_a_body_cut_short_is_refused_and_ends_nothing,
    test_a_body_handed_on_as_base64_is_read,
    test_a_body_of_more_than_a_mebibyte_is_refused,
    test_a_newer_generation_supersedes_the_older_once_it_lives,
    test_a_notification_becomes_one_message_of_its_mailbox,
    test_a_notification_is_acknowledged_in_the_form_that_the_server_reads,
    test_a_notification_sent_again_adds_nothing,
    test_a_path_that_we_did_not_sign_is_refused,
    test_a_retired_subscription_is_answered_unsubscribe,
    test_a_thousand_events_of_one_post_are_queued_once_and_in_order,
    test_two_copies_at_the_same_moment_are_one_event,
    test_utf_16_with_a_byte_order_mark_is_read,
)

pytestmark = [pytest.mark.slow, pytest.mark.engines]
