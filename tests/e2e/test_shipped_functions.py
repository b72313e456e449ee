"""The packaged functions in the environment that Lambda gives them."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.deployment import Deployment
from local.emulator import ROOT
from local.lambda_function import Function
from local.lambda_process import LambdaProcess, python_command
from local.runtime_api import FunctionError
from tests.e2e.handlers import FORWARDER, RESPONDER, http_api_event
from tests.e2e.mailbox import Mailbox
from tests.e2e.notifications import notification

pytestmark = pytest.mark.starts_processes


@pytest.mark.parametrize("handler", [RESPONDER, FORWARDER])
def test_a_function_imports_only_what_is_shipped_and_the_packages_of_lambdas_runtime(
    synthesized: Path, deployment: Deployment, handler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No module of the checkout and no variable of the shell reaches it, and its bytecode is compiled."""
    monkeypatch.setenv("A_VARIABLE_OF_THE_SHELL", "set")
    function = Function.of_template(synthesized, deployment.emulator, handler)
    process = LambdaProcess(handler, function.task_root, function.environment)
    found = _import(process, handler.rpartition(".")[0])
    shipped = [
        found[name] for name in ("ewspush", "ewspush.telemetry", "lxml", "aws_lambda_powertools") if name in found
    ]
    assert all(Path(file).is_relative_to(function.task_root) for file in shipped)
    assert {"ewspush", "aws_lambda_powertools"} <= found.keys()
    assert not Path(found["botocore"]).is_relative_to(function.task_root)
    assert not {str(ROOT), str(ROOT / "lambda")} & set(found["path"])
    assert "PYTHONPATH" not in found["environment"]
    assert "A_VARIABLE_OF_THE_SHELL" not in found["environment"]
    cached = (Path(file) for name, file in found["cached"].items() if name.partition(".")[0] == "ewspush")
    assert all(file.exists() for file in cached)


def test_a_missing_setting_is_named(start: Callable[..., LambdaProcess], mailbox: Mailbox) -> None:
    """The function ends with an error, which the HTTP API answers with 500: never with an ack."""
    with pytest.raises(FunctionError, match="SettingsError: the environment variable EVENTS_TABLE is not set"):
        start(RESPONDER, EVENTS_TABLE="").invoke(http_api_event(mailbox, notification([1])))


def _import(process: LambdaProcess, module: str) -> dict[str, Any]:
    """Import `module` as the function does; return the files of all modules, the path and the environment."""
    program = (
        f"import json, os, {module}; modules = dict(sys.modules); "
        "files = {n: m.__file__ for n, m in modules.items() if getattr(m, '__file__', None)}; "
        "cached = {n: m.__spec__.cached for n, m in modules.items() if getattr(m, '__spec__', None)}; "
        "print(json.dumps(files | {'cached': cached, 'path': sys.path, 'environment': list(os.environ)}))"
    )
    done = subprocess.run(  # noqa: S603  # the program above
        python_command(program),
        cwd=process.task_root,
        env=process.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found
