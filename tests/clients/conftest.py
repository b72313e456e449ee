"""mailsim in both profiles, a receiver of its notifications, and the client programs in Java and JavaScript."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from queue import Queue
from typing import Final

import pytest
from lxml import etree

from local import mail_server
from local.mail_server import PASSWORD, MailServer
from tests.clients import client_process, plugin
from tests.clients.client_process import ClientProcess
from tests.clients.fetch import JARS, NODE_MODULES, SOURCES
from tests.http_server import HttpServer, Request, Response
from tests.unit.mailsim.world import OK

EMAIL: Final = "anna@example.com"
MINUTE_SECONDS: Final = 1.0

_NOT_FETCHED: Final = "run `make test-clients`, or `python -m tests.clients.fetch`"
_JVM: Final = ("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
"""The fastest start."""

StartClient = Callable[[str], AbstractContextManager[ClientProcess]]
"""Starts the client with the credentials of a user."""


def pytest_configure(config: pytest.Config) -> None:
    """Register the plugin, unless the command line names it."""
    if not config.pluginmanager.has_plugin(plugin.__name__):
        config.pluginmanager.register(plugin, plugin.__name__)


class Receiver(HttpServer):
    """Acknowledges every notification; events and heartbeats go to the queue."""

    def __init__(self) -> None:
        super().__init__()
        self.notifications: Queue[etree._Element] = Queue()

    def respond(self, request: Request) -> Response:
        """Answer OK."""
        self.notifications.put(etree.fromstring(request.body))
        return Response(200, OK, {"Content-Type": "text/xml; charset=utf-8"})


@pytest.fixture(params=["workmail", "exchange"])
def profile(request: pytest.FixtureRequest) -> str:
    """Return the name of a profile."""
    return str(request.param)


@pytest.fixture
def mailsim(profile: str) -> Iterator[MailServer]:
    """Start mailsim with one user and an account that may impersonate."""
    with mail_server.running(profile=profile, minute_seconds=MINUTE_SECONDS) as server:
        server.add_user(EMAIL)
        yield server


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Start a receiver of notifications."""
    with Receiver() as server:
        yield server


@pytest.fixture(scope="session")
def java_command(tmp_path_factory: pytest.TempPathFactory) -> Sequence[str]:
    """Compile the Java program, and return the command that runs it."""
    java, javac = shutil.which("java"), shutil.which("javac")
    if java is None or javac is None:
        pytest.skip("there is no `java` and `javac` on the PATH: the EWS Java API is not tested")
    assert JARS.exists(), _NOT_FETCHED
    classes = tmp_path_factory.mktemp("classes")
    command = [javac, "-Xlint:all", "-Werror", "-cp", f"{JARS}/*", "-d", str(classes)]
    subprocess.run([*command, str(SOURCES / "java" / "EwsClient.java")], check=True)  # noqa: S603  # the compiler
    return (java, *_JVM, "-cp", f"{JARS}/*{os.pathsep}{classes}", "EwsClient")


@pytest.fixture(scope="session")
def javascript_command() -> Sequence[str]:
    """Return the command that runs the JavaScript program."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        pytest.skip("there is no `node` and `npm` on the PATH: ews-javascript-api is not tested")
    assert NODE_MODULES.exists(), _NOT_FETCHED
    return (node, str(SOURCES / "javascript" / "client.js"))


@pytest.fixture(params=["java", "javascript"])
def start_client(request: pytest.FixtureRequest, mailsim: MailServer) -> StartClient:
    """Return a function that starts a client of mailsim."""
    command = request.getfixturevalue(f"{request.param}_command")
    environment = os.environ | {"NODE_PATH": str(NODE_MODULES)}

    def start(user: str, password: str = PASSWORD) -> AbstractContextManager[ClientProcess]:
        options = (mailsim.ews, "Exchange2010_SP2", user, password)
        return client_process.running([*command, *options], environment)

    return start


@pytest.fixture
def client(start_client: StartClient) -> Iterator[ClientProcess]:
    """Start a client with the credentials of the user."""
    with start_client(EMAIL) as process:
        yield process
