"""Each function from what is shipped, started as Lambda starts it, while AWS fails around it or it is killed."""

import base64
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from ewspush.adapters.clock import utc_now
from ewspush.adapters.log_items import items_of
from ewspush.domain.callback import Callback
from ewspush.domain.receiving.received_push import read_push
from ewspush.domain.subscription import LoggedNotification
from ewspush.protocol.acknowledgement import CONTENT_TYPE, SubscriptionStatus, acknowledgement
from ewspush.protocol.reader import parse_notification
from infra.callback_api import ROUTE
from local.deployment import Deployment
from local.lambda_runtime import Function, FunctionError, LambdaProcess
from tests.e2e.faulty_aws import Fate, FaultyAws, broken, faulty, lost, passed, refused, stored_then, together
from tests.e2e.notifications import ITEM_PREFIX, heartbeat, item, notification
from tests.e2e.outside import Consumer, Mailbox

pytestmark = pytest.mark.slow

OK = acknowledgement(SubscriptionStatus.OK)
RESPONDER = "ewspush.handlers.responder.handler"
FORWARDER = "ewspush.handlers.forwarder.handler"

Start = Callable[..., LambdaProcess]


@pytest.fixture
def aws(deployment: Deployment) -> Iterator[FaultyAws]:
    """Put a proxy between the functions and the embedded AWS."""
    with faulty(deployment.emulator) as proxy:
        yield proxy


@pytest.fixture
def secrets() -> list[str]:
    """Return the list of what no log of the test may hold; the test adds to it."""
    return [ITEM_PREFIX]


@pytest.fixture
def start(synthesized: Path, deployment: Deployment, aws: FaultyAws, secrets: list[str]) -> Iterator[Start]:
    """Return a function that starts a handler behind the proxy; in the end the logs of all must be discreet."""
    started = []
    with ExitStack() as stack:

        def starting(handler: str, **settings: str) -> LambdaProcess:
            function = Function.of_template(synthesized, deployment.emulator, handler)
            environment = function.environment | {"AWS_ENDPOINT_URL": aws.endpoint} | settings
            process = LambdaProcess(handler, function.task_root, environment, function.memory_mb)
            started.append(stack.enter_context(process))
            return process

        yield starting
        assert started
        assert all(secret not in process.logs for process in started for secret in secrets)


@pytest.fixture
def new_mailbox(new_mailbox: Callable[[], Mailbox], secrets: list[str]) -> Callable[[], Mailbox]:
    """Return a function that makes a mailbox which no log may tell."""

    def made() -> Mailbox:
        mailbox = new_mailbox()
        secrets.extend(mailbox.secrets)
        return mailbox

    return made


def _request(mailbox: Mailbox, body: bytes) -> dict[str, Any]:
    """Return the event that the HTTP API (payload format 2.0) makes of a POST."""
    names = ("subscription", "generation", "signature")
    return {
        "version": "2.0",
        "routeKey": f"POST {ROUTE}",
        "rawPath": mailbox.path,
        "headers": {"content-type": CONTENT_TYPE, "content-length": str(len(body))},
        "pathParameters": dict(zip(names, mailbox.path.split("/")[2:], strict=True)),
        "body": body.decode(),
        "isBase64Encoded": False,
    }


def _acknowledged(response: dict[str, Any]) -> bool:
    return bool(response["statusCode"] == 200 and response["body"] == OK)


def _to_be_sent_again(response: dict[str, Any]) -> bool:
    return bool(response["statusCode"] == 503 and "SubscriptionStatus" not in response["body"])


def _ids(mailbox: Mailbox) -> list[str]:
    return [event["subject"] for event in mailbox.logged()]


class TestWhatIsShipped:
    """The packaged asset, in the environment that Lambda gives it."""

    @pytest.mark.parametrize("handler", [RESPONDER, FORWARDER])
    def test_a_function_runs_on_what_is_shipped_and_lambdas_own_botocore(
        self, synthesized: Path, deployment: Deployment, handler: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Nothing of the checkout or of the developer's shell reaches it, and its bytecode is ready."""
        monkeypatch.setenv("A_VARIABLE_OF_THE_SHELL", "set")
        function = Function.of_template(synthesized, deployment.emulator, handler)
        process = LambdaProcess(handler, function.task_root, function.environment)
        found = _probed(process, handler.rpartition(".")[0])
        shipped = [
            found[name] for name in ("ewspush", "ewspush.telemetry", "lxml", "aws_lambda_powertools") if name in found
        ]
        assert all(Path(file).is_relative_to(function.task_root) for file in shipped)
        assert {"ewspush", "aws_lambda_powertools"} <= found.keys()
        assert not Path(found["botocore"]).is_relative_to(function.task_root)
        assert "PYTHONPATH" not in found["environment"]
        assert "A_VARIABLE_OF_THE_SHELL" not in found["environment"]
        cached = (Path(file) for name, file in found["cached"].items() if name.partition(".")[0] == "ewspush")
        assert all(file.exists() for file in cached)

    def test_a_missing_setting_is_named(self, start: Start, mailbox: Mailbox) -> None:
        """The function ends with an error, which the HTTP API turns into a 500: never an ack."""
        with pytest.raises(FunctionError, match="SettingsError: the environment variable EVENTS_TABLE is not set"):
            start(RESPONDER, EVENTS_TABLE="").invoke(_request(mailbox, notification([1])))


def _probed(process: LambdaProcess, module: str) -> dict[str, Any]:
    """Import `module` as the function does and return where its modules came from."""
    probe = (
        f"import json, os, sys, {module}; modules = dict(sys.modules); "
        "files = {n: m.__file__ for n, m in modules.items() if getattr(m, '__file__', None)}; "
        "cached = {n: m.__spec__.cached for n, m in modules.items() if getattr(m, '__spec__', None)}; "
        "print(json.dumps(files | {'cached': cached, 'environment': list(os.environ)}))"
    )
    command = [sys.executable, "-c", probe]
    done = subprocess.run(  # noqa: S603  # the probe above
        command, cwd=process.task_root, env=process.environment, capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


class TestResponder:
    """The responder, and what a mail server and an operator see of it."""

    def test_a_post_is_answered_once_it_is_stored(self, start: Start, mailbox: Mailbox) -> None:
        """The event is in the table and the watermark in the row when the function returns."""
        response = start(RESPONDER).invoke(_request(mailbox, notification([1])))
        assert _acknowledged(response)
        assert response["headers"] == {"content-type": CONTENT_TYPE}
        assert _ids(mailbox) == [item(1)]
        assert mailbox.row()["watermark"] == mailbox.logged()[-1]["data"]["watermark"]

    def test_a_body_in_base64_is_read(self, start: Start, mailbox: Mailbox) -> None:
        """The HTTP API hands on what it does not take for text in base64."""
        request = _request(mailbox, b"") | {
            "body": base64.b64encode(notification([1])).decode(),
            "isBase64Encoded": True,
        }
        assert _acknowledged(start(RESPONDER).invoke(request))
        assert _ids(mailbox) == [item(1)]

    @pytest.mark.parametrize("before", [[], [1]], ids=["first-post", "later-post"])
    def test_killed_between_its_write_and_its_answer_it_stores_one_event(
        self, start: Start, aws: FaultyAws, mailbox: Mailbox, before: list[int]
    ) -> None:
        """The server got no answer and sends the same POST again: that is acknowledged and adds nothing."""
        function = start(RESPONDER)
        for number in before:
            function.invoke(_request(mailbox, notification([number])))
        aws.plan("TransactWriteItems", always=stored_then(function.kill))
        with pytest.raises(FunctionError, match=r"Runtime\.ExitError"):
            function.invoke(_request(mailbox, notification([2])))
        stored = _ids(mailbox)
        aws.plan("TransactWriteItems")
        function.restart()
        assert _acknowledged(function.invoke(_request(mailbox, notification([2]))))
        assert stored == _ids(mailbox) == [*map(item, before), item(2)]

    @pytest.mark.parametrize("before", [[], [1]], ids=["first-post", "later-post"])
    def test_a_write_whose_answer_is_lost_stores_one_event(
        self, start: Start, aws: FaultyAws, mailbox: Mailbox, before: list[int]
    ) -> None:
        """The function itself tries again, and finds that its first try arrived."""
        function = start(RESPONDER)
        for number in before:
            function.invoke(_request(mailbox, notification([number])))
        aws.plan("TransactWriteItems", stored_then(lambda: None), stored_then(lambda: None))
        assert _acknowledged(function.invoke(_request(mailbox, notification([2]))))
        assert _ids(mailbox) == [*map(item, before), item(2)]

    @pytest.mark.parametrize("before", [[], [1]], ids=["first-post", "later-post"])
    def test_two_functions_that_write_the_same_post_at_once_store_one_event(
        self, start: Start, aws: FaultyAws, mailbox: Mailbox, before: list[int]
    ) -> None:
        """Both writes reach the table together; both copies are acknowledged, one event is stored."""
        functions = [start(RESPONDER), start(RESPONDER)]
        for number in before:
            functions[0].invoke(_request(mailbox, notification([number])))
        meeting = partial(together, barrier=Barrier(2))
        aws.plan("TransactWriteItems", meeting, meeting)
        request = _request(mailbox, notification([2]))
        with ThreadPoolExecutor(2) as pool:
            responses = list(pool.map(lambda function: function.invoke(request), functions))
        assert all(map(_acknowledged, responses))
        assert _ids(mailbox) == [*map(item, before), item(2)]

    @pytest.mark.parametrize(
        "fate",
        [
            pytest.param(refused(400, "ProvisionedThroughputExceededException"), id="throttled"),
            pytest.param(refused(400, "ThrottlingException"), id="throttled-account"),
            pytest.param(refused(500, "InternalServerError"), id="internal-error"),
            pytest.param(refused(400, "AccessDeniedException"), id="denied"),
            pytest.param(broken, id="connection-reset"),
        ],
    )
    @pytest.mark.parametrize(
        ("operation", "body"), [("TransactWriteItems", notification([2])), ("UpdateItem", heartbeat(1))]
    )
    def test_while_dynamodb_fails_the_server_is_to_send_again(  # noqa: PLR0913, PLR0917  # fixtures
        self, start: Start, aws: FaultyAws, mailbox: Mailbox, fate: Fate, operation: str, body: bytes
    ) -> None:
        """The answer is 503 without an ack, and the same POST is acknowledged when DynamoDB is back."""
        function = start(RESPONDER)
        function.invoke(_request(mailbox, notification([1])))
        aws.plan(operation, always=fate)
        assert _to_be_sent_again(function.invoke(_request(mailbox, body)))
        assert _ids(mailbox) == [item(1)]
        aws.plan(operation)
        assert _acknowledged(function.invoke(_request(mailbox, body)))

    def test_while_dynamodb_is_silent_the_function_answers_in_its_own_time(
        self, start: Start, aws: FaultyAws, mailbox: Mailbox, synthesized: Path, deployment: Deployment
    ) -> None:
        """It gives up before Lambda ends it, so that the server gets its 503."""
        limit = Function.of_template(synthesized, deployment.emulator, RESPONDER).timeout_seconds
        function = start(RESPONDER)
        aws.plan("TransactWriteItems", always=aws.silence)
        assert _to_be_sent_again(function.invoke(_request(mailbox, notification([1])), timeout_seconds=limit))
        assert aws.requests.count("TransactWriteItems") == 3

    def test_without_its_keys_nobody_gets_in_and_nobody_is_sent_away(
        self, start: Start, aws: FaultyAws, mailbox: Mailbox
    ) -> None:
        """At a cold start the secret may be out of reach: 503, and well again afterwards."""
        function = start(RESPONDER)
        aws.plan("GetSecretValue", always=refused(500, "InternalServiceError"))
        assert _to_be_sent_again(function.invoke(_request(mailbox, notification([1]))))
        aws.plan("GetSecretValue")
        assert _acknowledged(function.invoke(_request(mailbox, notification([1]))))

    def test_a_wrong_url_costs_no_request(self, start: Start, aws: FaultyAws, mailbox: Mailbox) -> None:
        """Once the keys are known, a path that they did not sign is refused without asking AWS."""
        function = start(RESPONDER)
        function.invoke(_request(mailbox, notification([1])))
        before = len(aws.requests)
        response = function.invoke(_request(replace(mailbox, path=mailbox.path[:-6] + "AAAAAA"), notification([2])))
        assert response["statusCode"] == 403
        assert len(aws.requests) == before


def _logged(mailbox: Mailbox, numbers: list[int]) -> LoggedNotification:
    """Return what the responder logs of a notification, without logging it."""
    moment = utc_now() + timedelta(seconds=numbers[0])
    taken = read_push(Callback(mailbox.key, mailbox.address, 1), parse_notification(notification(numbers)), moment)
    return LoggedNotification(mailbox.key, f"{moment.isoformat()}#test", moment, 1, taken.documents)


def _stream(*notifications: LoggedNotification) -> dict[str, Any]:
    """Return the event of a DynamoDB stream for `notifications`, in their order."""
    images = [items_of(logged, timedelta(days=1))[0] for logged in notifications]
    return {"Records": [_record(str(100 + number), image) for number, image in enumerate(images)]}


def _record(position: str, image: dict[str, Any]) -> dict[str, Any]:
    return {
        "eventID": position,
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "dynamodb": {
            "ApproximateCreationDateTime": 1772615735.0,
            "Keys": {name: image[name] for name in ("subscription", "arrival") if name in image},
            "NewImage": image,
            "SequenceNumber": position,
            "SizeBytes": 700,
            "StreamViewType": "NEW_IMAGE",
        },
        "eventSourceARN": "arn:aws:dynamodb:us-east-1:000000000000:table/events/stream/2026-03-04T00:00:00.000",
    }


def _from(event: dict[str, Any], response: dict[str, Any]) -> dict[str, Any]:
    """Return what the stream tells again: everything from the reported position on."""
    (failure,) = response["batchItemFailures"]
    positions = [record["dynamodb"]["SequenceNumber"] for record in event["Records"]]
    return {"Records": event["Records"][positions.index(failure["itemIdentifier"]) :]}


def _queued(consumer: Consumer, mailbox: Mailbox) -> list[str]:
    return [json.loads(message["Body"])["subject"] for message in consumer.received(mailbox.key)]


DONE: dict[str, Any] = {"batchItemFailures": []}


@pytest.fixture
def forwarder(start: Start) -> LambdaProcess:
    """Return the forwarder with the setting that it has on AWS."""
    return start(FORWARDER, REPORT_PARTIAL_BATCHES="true")


@pytest.fixture
def pair(new_mailbox: Callable[[], Mailbox]) -> tuple[Mailbox, Mailbox]:
    """Return two mailboxes whose notifications alternate in the stream."""
    return new_mailbox(), new_mailbox()


@pytest.fixture
def batch(pair: tuple[Mailbox, Mailbox]) -> dict[str, Any]:
    """Return six records; the first holds three events, so that a batch can end in the middle of it."""
    one, other = pair
    return _stream(
        _logged(one, [1, 2, 3]),
        _logged(other, [1]),
        _logged(one, [4]),
        _logged(other, [2]),
        _logged(other, [3]),
        _logged(one, [5]),
    )


class TestForwarder:
    """The forwarder, and what the consumer of the queue sees of it."""

    def test_each_mailbox_keeps_its_order(
        self, forwarder: LambdaProcess, batch: dict[str, Any], pair: tuple[Mailbox, Mailbox], consumer: Consumer
    ) -> None:
        """All events of both mailboxes arrive, each in the order of the stream."""
        assert forwarder.invoke(batch) == DONE
        assert _queued(consumer, pair[0]) == [item(number) for number in range(1, 6)]
        assert _queued(consumer, pair[1]) == [item(number) for number in range(1, 4)]

    @pytest.mark.parametrize(("sent", "resume_from"), [(0, "100"), (1, "100"), (2, "100"), (3, "102"), (4, "104")])
    @pytest.mark.parametrize(
        "fate",
        [
            pytest.param(refused(503, "ServiceUnavailable"), id="unavailable"),
            pytest.param(broken, id="connection-reset"),
            pytest.param(lost, id="answer-lost"),
        ],
    )
    def test_where_the_queue_fails_the_batch_stops_and_goes_on_from_there(  # noqa: PLR0913, PLR0917  # fixtures
        self,
        forwarder: LambdaProcess,
        aws: FaultyAws,
        batch: dict[str, Any],
        pair: tuple[Mailbox, Mailbox],
        consumer: Consumer,
        sent: int,
        resume_from: str,
        fate: Fate,
    ) -> None:
        """Told again from the position it reports, it doubles nothing and keeps the order of each mailbox."""
        aws.plan("SendMessageBatch", *[passed] * sent, always=fate)
        stopped = forwarder.invoke(batch)
        aws.plan("SendMessageBatch")
        assert stopped == {"batchItemFailures": [{"itemIdentifier": resume_from}]}
        assert forwarder.invoke(_from(batch, stopped)) == DONE
        assert _queued(consumer, pair[0]) == [item(number) for number in range(1, 6)]
        assert _queued(consumer, pair[1]) == [item(number) for number in range(1, 4)]

    def test_killed_in_the_middle_it_is_told_all_again(
        self,
        forwarder: LambdaProcess,
        aws: FaultyAws,
        batch: dict[str, Any],
        pair: tuple[Mailbox, Mailbox],
        consumer: Consumer,
    ) -> None:
        """The stream got no report: it tells the whole batch, and the queue drops what it has."""
        aws.plan("SendMessageBatch", passed, passed, stored_then(forwarder.kill))
        with pytest.raises(FunctionError, match=r"Runtime\.ExitError"):
            forwarder.invoke(batch)
        forwarder.restart()
        assert forwarder.invoke(batch) == DONE
        assert _queued(consumer, pair[0]) == [item(number) for number in range(1, 6)]
        assert _queued(consumer, pair[1]) == [item(number) for number in range(1, 4)]

    def test_a_stream_that_takes_no_position_gets_an_exception(
        self, start: Start, aws: FaultyAws, batch: dict[str, Any]
    ) -> None:
        """So it tells the whole batch again."""
        aws.plan("SendMessageBatch", always=refused(503, "ServiceUnavailable"))
        with pytest.raises(FunctionError) as raised:
            start(FORWARDER, REPORT_PARTIAL_BATCHES="false").invoke(batch)
        assert raised.value.error_type == "UnfinishedBatchError"

    def test_a_record_that_nobody_can_read_is_put_aside_whole(
        self,
        forwarder: LambdaProcess,
        batch: dict[str, Any],
        pair: tuple[Mailbox, Mailbox],
        consumer: Consumer,
        deployment: Deployment,
    ) -> None:
        """It is on the dead letter queue with all its content and the reason; the rest of the batch goes on."""
        image = {"subscription": {"S": pair[0].key}, "arrival": {"S": ITEM_PREFIX}, "events": {"S": "no list"}}
        poison = _record(f"1015{pair[0].key}", image)
        batch["Records"].insert(1, poison)
        assert forwarder.invoke(batch) == DONE
        dead = Consumer(deployment, deployment.dead_letter_queue_url).received("given-up-records")
        letters = [json.loads(message["Body"]) for message in dead]
        assert [letter["record"] for letter in letters] == [poison]
        assert letters[0]["reason"].startswith("not a notification of ours")
        assert _queued(consumer, pair[0]) == [item(number) for number in range(1, 6)]
        assert _queued(consumer, pair[1]) == [item(number) for number in range(1, 4)]
