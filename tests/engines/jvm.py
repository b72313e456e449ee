"""The engines as processes of this machine: DynamoDB Local and ElasticMQ, each in a small JVM on a free port.

A shell beside each JVM reads its standard input, which is closed however pytest ends, SIGKILL included, and then kills
the JVM. So no process is left behind.
"""

import os
import re
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local.emulator import REGION, free_port
from tests.engines.fetch import DIRECTORY

MIN_JAVA: Final = 17
_START_SECONDS: Final = 90
_HEAP: Final = ("-Xms64m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
"""The fastest start, and a heap that leaves memory for the tests; a session takes minutes."""

_SHELL: Final = 'exec 3<&0; { cat <&3 >/dev/null; kill -9 0; } & exec "$@" 3<&- </dev/null'
"""Executes the program, after starting a process that kills the session when the pipe on stdin is closed."""


class EngineError(RuntimeError):
    """Raised where an engine does not start; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Engine:
    """A running engine, and its port on 127.0.0.1."""

    name: str
    port: int
    process: subprocess.Popen[bytes]

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Suspend the engine within the block: it accepts connections and requests, and answers after the block."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)


@contextmanager
def running() -> Iterator[tuple[Engine, Engine]]:
    """Start DynamoDB Local and ElasticMQ, wait until both answer, and end them afterwards. Raises `EngineError`."""
    java = java_program()
    with ExitStack() as stack:
        dynamodb = stack.enter_context(_started(java, "dynamodb", _dynamodb))
        elasticmq = stack.enter_context(_started(java, "elasticmq", _elasticmq))
        _wait(dynamodb)
        _wait(elasticmq)
        yield dynamodb, elasticmq


def java_program() -> str:
    """Return the path of a Java that the engines run on. Raises `EngineError`."""
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home, "bin", "java")) if home else shutil.which("java")
    version = _version(java) if java else 0
    if java is None or version < MIN_JAVA:
        found = f"{java} is Java {version}" if java else "there is no `java` on the PATH"
        message = f"the engines need Java {MIN_JAVA} or newer, on the PATH or at JAVA_HOME: {found}"
        raise EngineError(message)
    return java


def _version(java: str) -> int:
    try:
        output = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr  # noqa: S603  # Java
    except OSError:
        return 0
    found = re.search(r'version "(\d+)', output)
    return int(found[1]) if found else 0


def _dynamodb(port: int) -> list[str]:
    """Return DynamoDB Local's arguments. It has no option for an address and listens on all interfaces."""
    main = "software.amazon.dynamodb.services.local.main.ServerRunner"
    return [main, "-inMemory", "-sharedDb", "-disableTelemetry", "-port", str(port)]


def _elasticmq(port: int) -> list[str]:
    settings = {
        "rest-sqs.bind-hostname": "127.0.0.1",
        "rest-sqs.bind-port": port,
        "generate-node-address": "true",  # so that queue URLs contain the port
        "aws.region": REGION,
    }
    return [*(f"-D{name}={value}" for name, value in settings.items()), "org.elasticmq.server.Main"]


@contextmanager
def _started(java: str, name: str, arguments: Callable[[int], list[str]]) -> Iterator[Engine]:
    directory, port = DIRECTORY / name, free_port()
    if not directory.exists():
        message = f"{directory} does not exist: run `make test-engines`, or `python -m tests.engines.fetch`"
        raise EngineError(message)
    options = [*_HEAP, f"-Djava.library.path={directory}", "-cp", f"{directory}/*"]
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    with (DIRECTORY / f"{name}-{worker}.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603  # Java, on the pinned files
            ["/bin/sh", "-c", _SHELL, "sh", java, *options, *arguments(port)],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=directory,
            start_new_session=True,
        )
        try:
            yield Engine(name, port, process)
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Close the standard input of the shell, which kills the JVM and itself."""
    if process.stdin is not None:
        process.stdin.close()
    process.wait()


def _wait(engine: Engine) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if engine.process.poll() is not None:
            message = f"{engine.name} ended before it answered; its log is in {DIRECTORY}"
            raise EngineError(message)
        if _answers(engine.port):
            return
        time.sleep(0.05)
    message = f"{engine.name} did not answer within {_START_SECONDS} seconds; its log is in {DIRECTORY}"
    raise EngineError(message)


def _answers(port: int) -> bool:
    """Whether an HTTP server answers on the port; both engines answer a plain GET with an error."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
