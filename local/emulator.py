"""The AWS emulator: ministack, in a process and a virtual environment of its own, bound to 127.0.0.1."""

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
_ENVIRONMENT: Final = ROOT / ".venv-emulator"
_PROGRAM: Final = _ENVIRONMENT / "bin" / "ministack"
REGION: Final = "us-east-1"
ACCOUNT: Final = "000000000000"
_START_SECONDS: Final = 60


class EmulatorError(RuntimeError):
    """Raised where the emulator can't be installed or does not start; the message says what to do."""


class Emulator:
    """A running emulator at `endpoint`."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.endpoint = f"http://127.0.0.1:{port}"

    def client(self, service: str, config: Config | None = None) -> Any:  # noqa: ANN401  # boto3 creates client classes at run time
        """Return a boto3 client of a service."""
        return boto3.client(  # type: ignore[call-overload]  # the stubs ask for a literal name
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            config=config,
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106  # the emulator accepts any
        )


@contextmanager
def running(port: int | None = None, log: IO[Any] | None = None) -> Iterator[Emulator]:
    """Start the emulator, wait until it answers, and end it with all its functions afterwards.

    The log goes to `log`, by default stderr. Raises `EmulatorError`.
    """
    if not _is_installed():
        message = f"the AWS emulator is not installed in {_ENVIRONMENT}; run `make .venv-emulator/.ready`"
        raise EmulatorError(message)
    emulator = Emulator(port or free_port())
    process = subprocess.Popen(
        [_PROGRAM],
        env=_variables(emulator.port),
        stdout=log or sys.stderr,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        _wait(emulator, process)
        yield emulator
    finally:
        _end(process)


def install() -> None:
    """Install the emulator where it is missing, as `make` does. Raises `EmulatorError`."""
    if _is_installed():
        return
    command = [ROOT / "scripts" / "setup.sh", _ENVIRONMENT, ROOT / "local" / "requirements.txt"]
    done = subprocess.run(command, env=os.environ | {"PYTHON": sys.executable}, stdout=sys.stderr, check=False)
    if done.returncode != 0:
        message = f"the AWS emulator could not be installed in {_ENVIRONMENT}; the lines above say why"
        raise EmulatorError(message)


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_installed() -> bool:
    return (_ENVIRONMENT / ".ready").exists()


def _variables(port: int) -> dict[str, str]:
    """Return environment variables without the developer's AWS settings, PYTHONPATH and proxies."""
    kept = {name: value for name, value in os.environ.items() if name in {"HOME", "LANG", "PATH", "TMPDIR", "USER"}}
    return kept | {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",  # the default is every interface
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_REGION": REGION,
        "LAMBDA_EXECUTOR": "local",
        "SFTP_ENABLED": "0",  # not needed; it would listen on one more port
    }


def _wait(emulator: Emulator, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            message = f"the AWS emulator ended with status {process.returncode}; its log says why (is the port in use?)"
            raise EmulatorError(message)
        try:
            with urllib.request.urlopen(f"{emulator.endpoint}/_ministack/health", timeout=2):  # noqa: S310  # our own
                return
        except OSError:
            time.sleep(0.1)
    message = f"the AWS emulator did not answer within {_START_SECONDS} seconds"
    raise EmulatorError(message)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the whole session: the processes of the functions belong to it."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            return
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            continue
