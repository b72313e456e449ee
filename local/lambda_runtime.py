"""Lambda on one machine: its Runtime API, and a function's process that asks it for events as it does on AWS.

A function starts from what is shipped, and sees nothing of the shell it was started from. boto3 comes from the virtual
environment, as it comes from Lambda's own runtime there.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Any, Final, Self

from local.deployment import STACK
from local.emulator import ACCOUNT, REGION, Emulator

_PREFIX: Final = "/2018-06-01/runtime"
"""https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html"""

_ENVIRONMENT: Final = {
    **dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"), "test"),
    **dict.fromkeys(("AWS_REGION", "AWS_DEFAULT_REGION"), REGION),
    "AWS_EXECUTION_ENV": f"AWS_Lambda_python{sys.version_info.major}.{sys.version_info.minor}",
    "AWS_LAMBDA_FUNCTION_NAME": "function",
    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
    "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
    "AWS_LAMBDA_LOG_FORMAT": "JSON",
    "AWS_LAMBDA_LOG_LEVEL": "INFO",
    "LANG": "en_US.UTF-8",
    "PATH": os.defpath,
    "PYTHONDONTWRITEBYTECODE": "1",  # the directory is read-only on Lambda
    "TZ": ":UTC",
}


class FunctionError(RuntimeError):
    """Raised where an invocation brings no response: the function reported an error, ended, or took too long."""

    def __init__(self, error_type: str, message: str) -> None:
        """Keep the errorType and errorMessage that a caller of Lambda would get."""
        super().__init__(f"{error_type}: {message}")
        self.error_type = error_type
        self.error_message = message


@dataclass(frozen=True, slots=True)
class Function:
    """A function as the template describes it; `task_root` is the directory that is shipped."""

    handler: str
    task_root: Path
    environment: dict[str, str]
    memory_mb: int
    timeout_seconds: int

    @classmethod
    def of_template(cls, synthesized: Path, emulator: Emulator, handler: str) -> Self:
        """Return the function with `handler` of the template in `synthesized`, which is deployed on `emulator`."""
        template = json.loads((synthesized / f"{STACK}.template.json").read_text())
        manifest = json.loads((synthesized / f"{STACK}.assets.json").read_text())
        found = (resource["Properties"] for resource in template["Resources"].values())
        properties = next(each for each in found if each.get("Handler") == handler)
        source = manifest["files"][properties["Code"]["S3Key"].removesuffix(".zip")]["source"]
        variables = properties["Environment"]["Variables"]
        return cls(
            handler,
            synthesized / source["path"],
            _resolved(variables, emulator) | {"AWS_ENDPOINT_URL": emulator.endpoint},
            properties["MemorySize"],
            properties["Timeout"],
        )


def _resolved(variables: dict[str, Any], emulator: Emulator) -> dict[str, str]:
    """Put what the emulator made in place of every Ref."""
    summaries = emulator.client("cloudformation").describe_stack_resources(StackName=STACK)["StackResources"]
    made = {summary["LogicalResourceId"]: summary["PhysicalResourceId"] for summary in summaries}
    return {name: made[value["Ref"]] if isinstance(value, dict) else value for name, value in variables.items()}


@dataclass(frozen=True, slots=True)
class _Invocation:
    request_id: str
    body: bytes
    deadline_ms: int


@dataclass(frozen=True, slots=True)
class _Outcome:
    response: Any = None
    error: FunctionError | None = None


class _RuntimeApi(ThreadingHTTPServer):
    """The Runtime API of one process.

    Every start gets a new one, so that the long poll of a killed process can't take the next event.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Exchange)
        self.invocations: Queue[_Invocation | None] = Queue()
        self.outcomes: Queue[_Outcome] = Queue()
        Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def handle_error(self, request: object, client_address: object) -> None:
        """A process that is killed leaves broken connections; anything else is a fault of ours."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # the stubs ask for a socket

    def close(self) -> None:
        self.invocations.put(None)
        self.shutdown()
        self.server_close()


class _Exchange(BaseHTTPRequestHandler):
    """One connection. An answer leaves in one write without Nagle's delay: two writes would cost 40 ms of waiting."""

    server: _RuntimeApi
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 8 * 1024 * 1024

    def do_GET(self) -> None:
        """Give the next event: the long poll."""
        invocation = self.server.invocations.get() if self.path == f"{_PREFIX}/invocation/next" else None
        if invocation is None:
            self.close_connection = True
            return
        headers = {
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(invocation.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:function",
            "Lambda-Runtime-Trace-Id": f"Root=1-{int(time.time()):x}-{uuid.uuid4().hex[:24]};Sampled=0",
        }
        self._answer(200, invocation.body, headers)

    def do_POST(self) -> None:
        """Take a response or an error: of an invocation, or of the start."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._answer(202, b'{"status":"OK"}', {})
        self.wfile.flush()
        said = json.loads(body)
        if self.path.endswith("/response"):
            self.server.outcomes.put(_Outcome(said))
        else:
            self.server.outcomes.put(_Outcome(error=FunctionError(said["errorType"], said["errorMessage"])))

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in (headers | {"Content-Type": "application/json", "Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        """Say nothing: a function's log is its own."""


class LambdaProcess:
    """A running function; `with` starts it and ends it. One invocation at a time, as on Lambda."""

    def __init__(self, handler: str, task_root: Path, environment: dict[str, str], memory_mb: int = 1024) -> None:
        """Take what a function is configured with; nothing is started yet."""
        self.handler = handler
        self.task_root = task_root
        self.memory_mb = memory_mb
        self._settings = environment

    def __enter__(self) -> Self:
        """Start the process."""
        self._log = tempfile.NamedTemporaryFile("ab", prefix="function-", suffix=".log")
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        """End the process and forget its log."""
        self.kill()
        self._log.close()

    @property
    def environment(self) -> dict[str, str]:
        """All that the process sees: Lambda's own variables, then the function's."""
        lambdas = {
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self.memory_mb),
            "HOME": str(self.task_root),  # so that no ~/.aws of the developer is read
            "LAMBDA_TASK_ROOT": str(self.task_root),
            "_HANDLER": self.handler,
        }
        return _ENVIRONMENT | lambdas | self._settings

    @property
    def logs(self) -> str:
        """What the function has written to stdout and stderr, through all its starts."""
        return Path(self._log.name).read_text("utf-8", "replace")

    def invoke(self, event: object, timeout_seconds: float = 30) -> Any:  # noqa: ANN401  # whatever the function returns
        """Return the response to `event`. Raises `FunctionError`; a function out of time is killed, as on Lambda."""
        api = self._api
        deadline_ms = int((time.time() + timeout_seconds) * 1000)
        api.invocations.put(_Invocation(str(uuid.uuid4()), json.dumps(event).encode(), deadline_ms))
        try:
            outcome = api.outcomes.get(timeout=timeout_seconds)
        except Empty:
            self.kill()
            outcome = _Outcome(error=FunctionError("Sandbox.Timedout", f"no response in {timeout_seconds} seconds"))
        if outcome.error is not None:
            raise outcome.error
        return outcome.response

    def kill(self) -> None:
        """End the process by SIGKILL, in the middle of whatever it does; a waiting `invoke` raises."""
        self._process.kill()
        self._process.wait()
        self._api.close()

    def restart(self) -> None:
        """Start the function anew, as Lambda does for the event after a crash."""
        self.kill()
        self._start()

    def _start(self) -> None:
        api = self._api = _RuntimeApi()
        self._process = process = subprocess.Popen(
            [sys.executable, "-m", "awslambdaric", self.handler],
            cwd=self.task_root,
            env=self.environment | {"AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{api.server_port}"},
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        Thread(target=_report_end, args=(process, api), daemon=True).start()


def _report_end(process: subprocess.Popen[bytes], api: _RuntimeApi) -> None:
    status = process.wait()
    api.outcomes.put(_Outcome(error=FunctionError("Runtime.ExitError", f"the process ended with status {status}")))
