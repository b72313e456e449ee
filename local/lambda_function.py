"""A Lambda function as the synthesized template configures it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from local.deployment import STACK
from local.emulator import Emulator


@dataclass(frozen=True, slots=True)
class Function:
    """The configuration of a function; `task_root` is the directory that is shipped."""

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
        resources = (resource["Properties"] for resource in template["Resources"].values())
        properties = next(each for each in resources if each.get("Handler") == handler)
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
    """Replace every Ref by the physical id of the resource."""
    summaries = emulator.client("cloudformation").describe_stack_resources(StackName=STACK)["StackResources"]
    ids = {summary["LogicalResourceId"]: summary["PhysicalResourceId"] for summary in summaries}
    return {name: ids[value["Ref"]] if isinstance(value, dict) else value for name, value in variables.items()}
