"""The tests of the responder and the forwarder under faults, on engines instead of the emulator."""

import pytest

from tests.e2e.test_forwarder_faults import (  # noqa: F401  # tests and fixtures, collected here once more
    batch,
    forwarder,
    pair,
    test_a_batch_stops_where_the_queue_fails_and_resumes_there,
    test_a_forwarder_without_partial_batches_raises,
    test_an_unreadable_record_goes_to_the_dead_letter_queue_whole,
    test_each_mailbox_keeps_its_order,
    test_the_batch_of_a_killed_forwarder_is_redelivered_whole,
)
from tests.e2e.test_responder_faults import (  # noqa: F401  # likewise
    test_a_body_in_base64_is_read,
    test_a_post_is_answered_once_it_is_stored,
    test_a_responder_killed_between_write_and_answer_stores_one_event,
    test_a_write_with_a_lost_answer_stores_one_event,
    test_a_wrong_url_costs_no_request,
    test_no_post_is_accepted_or_refused_without_the_signing_keys,
    test_the_responder_answers_before_its_timeout_while_dynamodb_does_not_answer,
    test_the_server_is_asked_to_retry_while_dynamodb_fails,
    test_two_responders_that_write_the_same_post_at_once_store_one_event,
)

pytestmark = [pytest.mark.starts_processes, pytest.mark.engines]
