#!/usr/bin/env python3
"""The CDK app: synthesizes the CloudFormation template of the stack and validates it with cdk-nag."""

import argparse
import json
import os
import sys
from pathlib import Path

from infra.node import prepare_jsii

prepare_jsii()

from aws_cdk import App, Validations  # noqa: E402  # its import starts Node
from cdk_nag import AwsSolutionsChecks  # noqa: E402

from infra.config import Config  # noqa: E402
from infra.config_values import ConfigError  # noqa: E402
from infra.packaging import PackagingError  # noqa: E402
from infra.stack import EwsPushStack  # noqa: E402

ROOT = Path(__file__).parent


def main() -> int:
    """Synthesize the stack and return the exit status: 0, or 2 if the context is invalid or the asset can't be built.

    CDK itself exits with 1 if a rule fails.
    """
    arguments = _parser().parse_args()
    app = App(outdir=os.environ.get("CDK_OUTDIR", arguments.output), context=_context(arguments.context))
    try:
        EwsPushStack(app, "EwsPush", config=Config.from_context(app.node.get_all_context()))
    except (ConfigError, PackagingError) as error:
        print(f"app.py: {error}", file=sys.stderr)  # noqa: T201  # the error message of a command
        return 2
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    app.synth()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="Write the CloudFormation template of EWS Push and validate it with cdk-nag."
    )
    parser.add_argument("-c", "--context", action="append", default=[], metavar="KEY=VALUE", help="override cdk.json")
    parser.add_argument("-o", "--output", default=str(ROOT / "cdk.out"), help="directory to write to (%(default)s)")
    return parser


def _context(overrides: list[str]) -> dict[str, object]:
    """Return the context of cdk.json with the overrides, as the CDK command line does."""
    context: dict[str, object] = json.loads((ROOT / "cdk.json").read_text())["context"]
    return context | dict(override.partition("=")[::2] for override in overrides)


if __name__ == "__main__":
    sys.exit(main())
