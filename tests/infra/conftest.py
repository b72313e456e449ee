"""One synthesis for all infra tests: CDK takes seconds to load."""

import os
from typing import Any

import pytest

from infra.node import prepare_jsii
from tests.infra.template_queries import Resources, resources_of

prepare_jsii()
os.environ["CDK_VALIDATION"] = "false"  # `make synth` runs CloudFormation's rules and cdk-nag


@pytest.fixture(scope="session")
def template() -> dict[str, Any]:
    """Return the template of the default configuration, with the context of cdk.json."""
    from tests.infra.synthesis import synthesized  # noqa: PLC0415  # loads CDK

    return synthesized()


@pytest.fixture(scope="session")
def resources(template: dict[str, Any]) -> Resources:
    """Return the lookup of the template's resources by type."""
    return resources_of(template)
