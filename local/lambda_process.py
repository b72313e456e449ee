"""A Lambda function in a process of its own, started by awslambdaric from the directory that is shipped.

The process sees no variable of the shell and no module of the checkout. boto3 comes from the virtual environment, as it
comes from Lambda's runtime on AWS.
"""

import json
import os
import subprocess
import sys
import sysconfig
import tempfile
import time
import uuid
from pathlib import Path
from queue import Empty
from threading import Thread
from typing import Any, Final, Self

from local.emulator import REGION
from local.runtime_api import FunctionError, Invocation, Outcome, RuntimeApi

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

_ADD_PACKAGES: Final = f"import sys; sys.path.append({sysconfig.get_path('purelib')!r})"
_RUN_AWSLAMBDARIC: Final = "import runpy; runpy.run_module('awslambdaric', run_name='__main__', alter_sys=True)"


def python_command(program: str, *arguments: str) -> list[str]:
    """Return the command that runs a Python program with the packages of the virtual environment.

    Without `site` (-S), whose .pth file would add the checkout to the path and hide a module missing from what is
    shipped.
    """
    return [sys.executable, "-S", "-c", f"{_ADD_PACKAGES}; {program}", *arguments]


class LambdaProcess:
    """A running function; `with` starts and ends it. One invocation at a time, as on Lambda."""

    def __init__(self, handler: str, task_root: Path, environment: dict[str, str], memory_mb: int = 1024) -> None:
        self.handler = handler
        self.task_root = task_root
        self.memory_mb = memory_mb
        self._settings = environment

    def __enter__(self) -> Self:
        self._log = tempfile.NamedTemporaryFile("ab", prefix="function-", suffix=".log")
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._log.close()

    @property
    def environment(self) -> dict[str, str]:
        """The environment of the process: Lambda's variables, then the function's own."""
        variables = {
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self.memory_mb),
            "HOME": str(self.task_root),  # so that the developer's ~/.aws is not read
            "LAMBDA_TASK_ROOT": str(self.task_root),
            "_HANDLER": self.handler,
        }
        return _ENVIRONMENT | variables | self._settings

    @property
    def logs(self) -> str:
        """The function's stdout and stderr, of all its starts."""
        return Path(self._log.name).read_text("utf-8", "replace")

    @property
    def has_ended(self) -> bool:
        """Whether the process has ended; Lambda would start another one for the next event, without an error."""
        return self._process.poll() is not None

    def invoke(self, event: object, timeout_seconds: float = 30) -> Any:  # noqa: ANN401  # the function's response
        """Return the response to `event`. Raises `FunctionError`; a function that times out is killed, as on Lambda."""
        api = self._api
        deadline_ms = int((time.time() + timeout_seconds) * 1000)
        api.invocations.put(Invocation(str(uuid.uuid4()), json.dumps(event).encode(), deadline_ms))
        try:
            outcome = api.outcomes.get(timeout=timeout_seconds)
        except Empty:
            self.kill()
            outcome = Outcome(error=FunctionError("Sandbox.Timedout", f"no response in {timeout_seconds} seconds"))
        if outcome.error is not None:
            raise outcome.error
        return outcome.response

    def kill(self) -> None:
        """End the process by SIGKILL, at any point of its work; a waiting `invoke` raises."""
        self._process.kill()
        self._process.wait()
        self._api.close()

    def restart(self) -> None:
        """Start the function again, as Lambda does for the event after a crash."""
        self.kill()
        self._start()

    def _start(self) -> None:
        api = self._api = RuntimeApi()
        self._process = process = subprocess.Popen(
            python_command(_RUN_AWSLAMBDARIC, self.handler),
            cwd=self.task_root,
            env=self.environment | {"AWS_LAMBDA_RUNTIME_API": api.address},
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        Thread(target=_report_end, args=(process, api), daemon=True).start()


def _report_end(process: subprocess.Popen[bytes], api: RuntimeApi) -> None:
    status = process.wait()
    api.outcomes.put(Outcome(error=FunctionError("Runtime.ExitError", f"the process ended with status {status}")))
