"""The responder in a process of its own, while AWS fails around it or the process is killed."""

import base64
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Barrier
from typing import Any, TypeAlias

import pytest

from ewspush.protocol.acknowledgement import CONTENT_TYPE, SubscriptionStatus, acknowledgement
from local.deployment import Deployment
from local.lambda_function import Function
from local.lambda_process import LambdaProcess
from local.runtime_api import FunctionError
from tests.e2e.aws_proxy import AwsProxy, Treatment, answer_lost_after, refused, request_lost, simultaneous
from tests.e2e.handlers import RESPONDER, http_api_event
from tests.e2e.mailbox import Mailbox
from tests.e2e.notifications import heartbeat, item, notification

pytestmark = pytest.mark.starts_processes

OK = acknowledgement(SubscriptionStatus.OK)

Start: TypeAlias = Callable[..., LambdaProcess]


def _is_acknowledged(response: dict[str, Any]) -> bool:
    return bool(response["statusCode"] == 200 and response["body"] == OK)


def _asks_for_a_retry(response: dict[str, Any]) -> bool:
    return bool(response["statusCode"] == 503 and "SubscriptionStatus" not in response["body"])


def _ids(mailbox: Mailbox) -> list[str]:
    return [event["subject"] for event in mailbox.logged_events()]


def test_a_post_is_answered_once_it_is_stored(start: Start, mailbox: Mailbox) -> None:
    """The event and the watermark are in the tables when the function returns."""
    response = start(RESPONDER).invoke(http_api_event(mailbox, notification([1])))
    assert _is_acknowledged(response)
    assert response["headers"] == {"content-type": CONTENT_TYPE}
    assert _ids(mailbox) == [item(1)]
    assert mailbox.stored_subscription()["watermark"] == mailbox.logged_events()[-1]["data"]["watermark"]


def test_a_body_in_base64_is_read(start: Start, mailbox: Mailbox) -> None:
    """The HTTP API encodes a body in base64 where the content type is not text."""
    request = http_api_event(mailbox, b"") | {
        "body": base64.b64encode(notification([1])).decode(),
        "isBase64Encoded": True,
    }
    assert _is_acknowledged(start(RESPONDER).invoke(request))
    assert _ids(mailbox) == [item(1)]


@pytest.mark.parametrize("before", [[], [1]], ids=["first-post", "later-post"])
def test_a_responder_killed_between_write_and_answer_stores_one_event(
    start: Start, aws: AwsProxy, mailbox: Mailbox, before: list[int]
) -> None:
    """The server got no answer and sends the same POST again, which is acknowledged and adds nothing."""
    function = start(RESPONDER)
    for number in before:
        function.invoke(http_api_event(mailbox, notification([number])))
    aws.plan("TransactWriteItems", always=answer_lost_after(function.kill))
    with pytest.raises(FunctionError, match=r"Runtime\.ExitError"):
        function.invoke(http_api_event(mailbox, notification([2])))
    stored = _ids(mailbox)
    aws.plan("TransactWriteItems")
    function.restart()
    assert _is_acknowledged(function.invoke(http_api_event(mailbox, notification([2]))))
    assert stored == _ids(mailbox) == [*map(item, before), item(2)]


@pytest.mark.parametrize("before", [[], [1]], ids=["first-post", "later-post"])
def test_a_write_with_a_lost_answer_stores_one_event(
    start: Start, aws: AwsProxy, mailbox: Mailbox, before: list[int]
) -> None:
    """Botocore retries the write, and the responder finds the event already stored."""
    function = start(RESPONDER)
    for number in before:
        function.invoke(http_api_event(mailbox, notification([number])))
    aws.plan("TransactWriteItems", answer_lost_after(lambda: None), answer_lost_after(lambda: None))
    assert _is_acknowledged(function.invoke(http_api_event(mailbox, notification([2]))))
    assert _ids(mailbox) == [*map(item, before), item(2)]


@pytest.mark.parametrize("before", [[], [1]], ids=["first-post", "later-post"])
def test_two_responders_that_write_the_same_post_at_once_store_one_event(
    start: Start, aws: AwsProxy, mailbox: Mailbox, before: list[int]
) -> None:
    """Both writes reach the table at the same moment; both copies are acknowledged."""
    functions = [start(RESPONDER), start(RESPONDER)]
    for number in before:
        functions[0].invoke(http_api_event(mailbox, notification([number])))
    at_once = partial(simultaneous, barrier=Barrier(2))
    aws.plan("TransactWriteItems", at_once, at_once)
    request = http_api_event(mailbox, notification([2]))
    with ThreadPoolExecutor(2) as pool:
        responses = list(pool.map(lambda function: function.invoke(request), functions))
    assert all(map(_is_acknowledged, responses))
    assert _ids(mailbox) == [*map(item, before), item(2)]


@pytest.mark.parametrize(
    "treatment",
    [
        pytest.param(refused(400, "ProvisionedThroughputExceededException"), id="throttled"),
        pytest.param(refused(400, "ThrottlingException"), id="throttled-account"),
        pytest.param(refused(500, "InternalServerError"), id="internal-error"),
        pytest.param(refused(400, "AccessDeniedException"), id="denied"),
        pytest.param(request_lost, id="connection-reset"),
    ],
)
@pytest.mark.parametrize(
    ("operation", "body"), [("TransactWriteItems", notification([2])), ("UpdateItem", heartbeat(1))]
)
def test_the_server_is_asked_to_retry_while_dynamodb_fails(  # noqa: PLR0913, PLR0917  # fixtures
    start: Start, aws: AwsProxy, mailbox: Mailbox, treatment: Treatment, operation: str, body: bytes
) -> None:
    """The answer is 503 without an ack, and the same POST is acknowledged once DynamoDB works again."""
    function = start(RESPONDER)
    function.invoke(http_api_event(mailbox, notification([1])))
    aws.plan(operation, always=treatment)
    assert _asks_for_a_retry(function.invoke(http_api_event(mailbox, body)))
    assert _ids(mailbox) == [item(1)]
    aws.plan(operation)
    assert _is_acknowledged(function.invoke(http_api_event(mailbox, body)))


def test_the_responder_answers_before_its_timeout_while_dynamodb_does_not_answer(
    start: Start, aws: AwsProxy, mailbox: Mailbox, synthesized: Path, deployment: Deployment
) -> None:
    """The server gets a 503, because the responder stops waiting before Lambda ends it."""
    timeout_seconds = Function.of_template(synthesized, deployment.emulator, RESPONDER).timeout_seconds
    function = start(RESPONDER)
    aws.plan("TransactWriteItems", always=aws.unanswered)
    assert _asks_for_a_retry(
        function.invoke(http_api_event(mailbox, notification([1])), timeout_seconds=timeout_seconds)
    )
    assert aws.requests.count("TransactWriteItems") == 3


def test_no_post_is_accepted_or_refused_without_the_signing_keys(start: Start, aws: AwsProxy, mailbox: Mailbox) -> None:
    """Secrets Manager may be unreachable at a cold start: the answer is 503 until it works again."""
    function = start(RESPONDER)
    function.restart()
    aws.plan("GetSecretValue", always=refused(500, "InternalServiceError"))
    assert _asks_for_a_retry(function.invoke(http_api_event(mailbox, notification([1]))))
    aws.plan("GetSecretValue")
    assert _is_acknowledged(function.invoke(http_api_event(mailbox, notification([1]))))


def test_a_wrong_url_costs_no_request(start: Start, aws: AwsProxy, mailbox: Mailbox) -> None:
    """Once the keys are loaded, a path with a wrong signature is refused without a request to AWS."""
    function = start(RESPONDER)
    function.invoke(http_api_event(mailbox, notification([1])))
    before = len(aws.requests)
    response = function.invoke(http_api_event(replace(mailbox, path=mailbox.path[:-6] + "AAAAAA"), notification([2])))
    assert response["statusCode"] == 403
    assert len(aws.requests) == before
