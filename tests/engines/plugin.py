"""The engines for pytest: `-p tests.engines.plugin --engines` runs the tests marked `engines` too.

Both engines start with the first test that uses them, once in each process of pytest.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from uuid import uuid4

import boto3
import pytest

from tests.aws import REGION, Aws
from tests.engines import jvm
from tests.engines.jvm import Engine

MARKER: Final = "engines"


class Engines:
    """DynamoDB Local and ElasticMQ, both running."""

    def __init__(self, dynamodb: Engine, queue: Engine) -> None:
        self.ports = {"dynamodb": dynamodb.port, "dynamodbstreams": dynamodb.port, "sqs": queue.port}
        self.queue = queue
        self._session = boto3.Session("test", "test", region_name=REGION)
        self.streams = self.client("dynamodbstreams")

    def endpoint(self, service: str) -> str:
        """Return the URL of a service."""
        return f"http://127.0.0.1:{self.ports[service]}"

    def client(self, service: Any) -> Any:
        """Return a new boto3 client of a service."""
        return self._session.client(service, endpoint_url=self.endpoint(service))

    @contextmanager
    def aws(self) -> Iterator[Aws]:
        """Create tables for one test, and delete them and its queues afterwards."""
        suffix = f"-{uuid4().hex[:8]}"
        made = Aws.on(self.client("dynamodb"), self.client("sqs"), suffix=suffix)
        try:
            yield made
        finally:
            _delete(made)


def _delete(made: Aws) -> None:
    for table in (made.subscriptions_table, made.events_table, made.sync_states_table):
        made.dynamodb.delete_table(TableName=table)
    for url in made.sqs.list_queues().get("QueueUrls", []):
        if made.suffix in url:
            made.sqs.delete_queue(QueueUrl=url)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--engines`."""
    parser.addoption("--engines", action="store_true", help="run the tests on DynamoDB Local and ElasticMQ as well")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the tests on engines without `--engines`."""
    if config.getoption("engines", default=False):
        return
    deselected = [item for item in items if item.get_closest_marker(MARKER)]
    if deselected:
        config.hook.pytest_deselected(items=deselected)
        items[:] = [item for item in items if item not in deselected]


@pytest.fixture(scope="session")
def engines() -> Iterator[Engines]:
    """Start both engines for all tests of this process."""
    with jvm.running() as both:
        yield Engines(*both)
