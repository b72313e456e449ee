"""The engines for pytest: `-p tests.engines.plugin --engines` runs what is marked `engines`, which is left out else.

Both engines start with the first test that wants them, once in a process of pytest.
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
    """DynamoDB Local and ElasticMQ, running."""

    def __init__(self, dynamodb: Engine, queue: Engine) -> None:
        """Take both; clients find them where they listen."""
        self.ports = {"dynamodb": dynamodb.port, "dynamodbstreams": dynamodb.port, "sqs": queue.port}
        self.queue = queue
        self._session = boto3.Session("test", "test", region_name=REGION)
        self.streams = self.client("dynamodbstreams")

    def endpoint(self, service: str) -> str:
        """Return where a service is."""
        return f"http://127.0.0.1:{self.ports[service]}"

    def client(self, service: Any) -> Any:
        """Return a new boto3 client for a service."""
        return self._session.client(service, endpoint_url=self.endpoint(service))

    @contextmanager
    def aws(self) -> Iterator[Aws]:
        """Make tables of their own for a test, and drop them and its queues afterwards."""
        suffix = f"-{uuid4().hex[:8]}"
        made = Aws.on(self.client("dynamodb"), self.client("sqs"), suffix=suffix)
        try:
            yield made
        finally:
            _drop(made)


def _drop(made: Aws) -> None:
    for table in (made.subscriptions_table, made.events_table, made.sync_states_table):
        made.dynamodb.delete_table(TableName=table)
    for url in made.sqs.list_queues().get("QueueUrls", []):
        if made.suffix in url:
            made.sqs.delete_queue(QueueUrl=url)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--engines`."""
    parser.addoption("--engines", action="store_true", help="run the tests on DynamoDB Local and ElasticMQ as well")


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", f"{MARKER}: runs on DynamoDB Local and ElasticMQ, with --engines only")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the tests on engines out where nobody asked for them."""
    if config.getoption("engines", default=False):
        return
    left_out = [item for item in items if item.get_closest_marker(MARKER)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def engines() -> Iterator[Engines]:
    """Start both engines for all tests of this process."""
    with jvm.running() as both:
        yield Engines(*both)
