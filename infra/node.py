"""Node for CDK: `aws_cdk` runs in it, through jsii, which starts it with the first import of `aws_cdk`."""

import os
import sys
from pathlib import Path


def prepare_jsii() -> None:
    """Set what jsii reads from the environment: the Node of the virtual environment, and no banner for Node 20.

    Many administrators still have Node 20; the banner's variable holds the version that it concerns.
    """
    os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "20")
    node = Path(sys.executable).with_name("node")
    if node.exists():
        os.environ.setdefault("JSII_NODE", str(node))
