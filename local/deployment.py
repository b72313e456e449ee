"""Synthesize the stack for this machine, and deploy the template onto the AWS emulator."""

import io
import json
import os
import platform
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from local.emulator import ACCOUNT, REGION, ROOT, Emulator

STACK: Final = "EwsPush"
_ASSETS_BUCKET: Final = f"cdk-hnb659fds-assets-{ACCOUNT}-{REGION}"
"""The assets bucket of a bootstrapped account; the template refers to it."""

_API: Final = "ewspush"
_TAGS: Final = [{"Key": "ms-custom-id", "Value": _API}]
"""The emulator takes the API's id from this tag, so that the callback URL is known before the deployment."""

_ARCHITECTURES: Final = {"aarch64": "arm64", "arm64": "arm64", "x86_64": "x86_64", "AMD64": "x86_64"}


class DeploymentError(RuntimeError):
    """Raised where the stack can't be synthesized or deployed; the message is the tool's."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """The addresses and names of the deployed stack's resources."""

    emulator: Emulator
    callback: str
    queue_url: str
    dead_letter_queue_url: str
    events_table: str
    subscriptions_table: str
    callback_secret_arn: str
    credentials_secret_arn: str


def callback_of(emulator: Emulator) -> str:
    """Return the URL that the HTTP API has once it is deployed, at the emulator's own address."""
    return f"{emulator.endpoint}/_aws/execute-api/{_API}/$default"


def synthesize(output: Path, context: Mapping[str, str] | None = None) -> Path:
    """Write the template to `output`, for this machine's processor and Python and with `context`; return `output`.

    `make synth` checks the rules of CloudFormation and cdk-nag; checking them here would triple the time.
    """
    settings = {
        "architecture": _ARCHITECTURES[platform.machine()],
        "python_runtime": f"{sys.version_info.major}.{sys.version_info.minor}",
        "report_partial_batches": "false",  # the emulator loses the rest of a partial batch (docs/adr/0009)
        **(context or {}),
    }
    options = [option for key, value in settings.items() for option in ("-c", f"{key}={value}")]
    command = [sys.executable, str(ROOT / "app.py"), "--output", str(output), *options]
    environment = os.environ | {"CDK_VALIDATION": "false"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode != 0:
        message = f"the stack could not be synthesized:\n{done.stderr}"
        raise DeploymentError(message)
    return output


def deploy(emulator: Emulator, synthesized: Path) -> Deployment:
    """Deploy the template in `synthesized`. Raises `DeploymentError`."""
    _upload_assets(emulator, synthesized)
    emulator.client("ssm").put_parameter(
        Name="/cdk-bootstrap/hnb659fds/version", Value="30", Type="String", Overwrite=True
    )
    cloudformation = emulator.client("cloudformation")
    template = (synthesized / f"{STACK}.template.json").read_text()
    cloudformation.create_stack(StackName=STACK, TemplateBody=template, Capabilities=["CAPABILITY_IAM"], Tags=_TAGS)
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=STACK, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    stack = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
    return _located(emulator, {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]})


def _upload_assets(emulator: Emulator, synthesized: Path) -> None:
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket=_ASSETS_BUCKET)
    manifest: dict[str, Any] = json.loads((synthesized / f"{STACK}.assets.json").read_text())
    for key, file in manifest["files"].items():
        if file["source"]["packaging"] == "zip":
            s3.put_object(Bucket=_ASSETS_BUCKET, Key=f"{key}.zip", Body=_zipped(synthesized / file["source"]["path"]))


def _zipped(directory: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in sorted(directory.rglob("*")):
            archive.write(path, path.relative_to(directory))
    return buffer.getvalue()


def _located(emulator: Emulator, outputs: dict[str, str]) -> Deployment:
    return Deployment(
        emulator,
        callback=callback_of(emulator),
        queue_url=_local(emulator, outputs["QueueUrl"]),
        dead_letter_queue_url=_local(emulator, outputs["DeadLetterQueueUrl"]),
        events_table=outputs["EventsTable"],
        subscriptions_table=outputs["SubscriptionsTable"],
        callback_secret_arn=outputs["CallbackSecretArn"],
        credentials_secret_arn=outputs["CredentialsSecretArn"],
    )


def _local(emulator: Emulator, queue_url: str) -> str:
    return f"{emulator.endpoint}/{'/'.join(queue_url.rsplit('/', 2)[-2:])}"
