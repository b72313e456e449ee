"""Findings of cdk-nag (AwsSolutions) that we keep, each with its reason."""

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct


def suppress(construct: IConstruct, finding: str, reason: str) -> None:
    """Accept `finding` (like `L1`, or `IAM5[Resource::*]`) on `construct` and what is under it, because of `reason`."""
    Validations.of(construct).acknowledge(Acknowledgment(id=f"AwsSolutions::AwsSolutions-{finding}", reason=reason))
