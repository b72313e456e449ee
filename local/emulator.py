"""The embedded AWS: ministack, in a process and a virtual environment of its own, bound to 127.0.0.1."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

import boto3
from botocore.config import Config

ROOT: Final = Path(__file__).parent.parent
PROGRAM: Final = ROOT / ".venv-emulator" / "bin" / "ministack"
REGION: Final = "us-east-1"
ACCOUNT: Final = "000000000000"
_START_SECONDS: Final = 60


class EmulatorError(RuntimeError):
    """Raised where the embedded AWS does not start; the message says what to do."""


class Emulator:
    """A running embedded AWS at `endpoint`."""

    def __init__(self, port: int) -> None:
        """Take the port it listens on."""
        self.port = port
        self.endpoint = f"http://127.0.0.1:{port}"

    def client(self, service: str, config: Config | None = None) -> Any:  # noqa: ANN401  # boto3 makes them as it goes
        """Return a boto3 client for it."""
        return boto3.client(  # type: ignore[call-overload]  # the name is known where it is called
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            config=config,
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106  # the emulator takes any
        )


@contextmanager
def running(port: int | None = None, log: IO[Any] | None = None) -> Iterator[Emulator]:
    """Start the emulator, wait until it answers, and end it with all its functions afterwards.

    Its log goes to `log` (stderr by default). Raises `EmulatorError`.
    """
    if not PROGRAM.exists():
        message = f"the embedded AWS is not installed at {PROGRAM}; run it through `make up` or `make demo`"
        raise EmulatorError(message)
    emulator = Emulator(port or free_port())
    process = subprocess.Popen(
        [PROGRAM],
        env=_environment(emulator.port),
        stdout=log or sys.stderr,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        _wait(emulator, process)
        yield emulator
    finally:
        _end(process)


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _environment(port: int) -> dict[str, str]:
    """Return an environment without the developer's own AWS settings, PYTHONPATH and proxies."""
    kept = {name: value for name, value in os.environ.items() if name in {"HOME", "LANG", "PATH", "TMPDIR", "USER"}}
    return kept | {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",  # its default is every interface
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_REGION": REGION,
        "LAMBDA_EXECUTOR": "local",
        "SFTP_ENABLED": "0",  # nothing here needs one more listener
    }


def _wait(emulator: Emulator, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            message = f"the embedded AWS ended with status {process.returncode}; its log says why (is the port taken?)"
            raise EmulatorError(message)
        try:
            with urllib.request.urlopen(f"{emulator.endpoint}/_ministack/health", timeout=2):  # noqa: S310  # our own
                return
        except OSError:
            time.sleep(0.1)
    message = f"the embedded AWS did not answer within {_START_SECONDS} seconds"
    raise EmulatorError(message)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the whole session: the functions' workers are its children."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
        except ProcessLookupError:
            return
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            continue
