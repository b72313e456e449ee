"""Suppressions of cdk-nag findings (AwsSolutions), each with its reason."""

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct


def suppress(construct: IConstruct, finding: str, reason: str) -> None:
    """Suppress `finding` (like `L1`, or `IAM5[Resource::*]`) on `construct` and its children, because of `reason`."""
    Validations.of(construct).acknowledge(Acknowledgment(id=f"AwsSolutions::AwsSolutions-{finding}", reason=reason))
