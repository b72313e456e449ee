"""Function processes that tests share: a start takes half a second, and most tests can use a warm process."""

from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from typing import Self, TypeAlias

from local.deployment import Deployment
from local.lambda_function import Function
from local.lambda_process import LambdaProcess

_Configuration: TypeAlias = tuple[str, frozenset[tuple[str, str]]]
"""A handler, and the settings that differ from the template."""


class FunctionPool(ExitStack):
    """Starts functions of the template with the AWS at `endpoint`, and reuses the processes of earlier tests."""

    def __init__(self, synthesized: Path, deployment: Deployment, endpoint: str) -> None:
        super().__init__()
        self.processes: list[LambdaProcess] = []
        self._synthesized = synthesized
        self._deployment = deployment
        self._endpoint = endpoint
        self._idle: dict[_Configuration, list[LambdaProcess]] = defaultdict(list)
        self._used: list[tuple[_Configuration, LambdaProcess]] = []

    def __enter__(self) -> Self:
        super().__enter__()
        return self

    def start(self, handler: str, **settings: str) -> LambdaProcess:
        """Return a running process that this test does not use yet."""
        configuration = handler, frozenset(settings.items())
        idle = self._idle[configuration]
        process = idle.pop() if idle else self._new(handler, settings)
        if process.has_ended:
            process.restart()
        self._used.append((configuration, process))
        return process

    def return_all(self) -> None:
        """Take all processes back, for the next test."""
        for configuration, process in self._used:
            self._idle[configuration].append(process)
        self._used.clear()

    def _new(self, handler: str, settings: dict[str, str]) -> LambdaProcess:
        function = Function.of_template(self._synthesized, self._deployment.emulator, handler)
        environment = function.environment | {"AWS_ENDPOINT_URL": self._endpoint} | settings
        process = self.enter_context(LambdaProcess(handler, function.task_root, environment, function.memory_mb))
        self.processes.append(process)
        return process
