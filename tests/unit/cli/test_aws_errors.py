"""Errors of AWS, each with a hint."""

import pytest
from botocore import exceptions as aws

from cli.aws_errors import describe


def refused(code: str, message: str = "because", operation: str = "Scan") -> aws.ClientError:
    """Return an error answer of AWS."""
    return aws.ClientError({"Error": {"Code": code, "Message": message}}, operation)


@pytest.mark.parametrize(
    ("error", "text", "hint"),
    [
        (aws.NoCredentialsError(), "Unable to locate credentials", "AWS_PROFILE"),
        (aws.PartialCredentialsError(provider="env", cred_var="x"), "Partial credentials", "AWS_PROFILE"),
        (aws.UnauthorizedSSOTokenError(), "expired or is otherwise invalid", "aws sso login"),
        (aws.ProfileNotFound(profile="nix"), "(nix)", "~/.aws/config"),
        (aws.NoRegionError(), "region", "AWS_REGION"),
        (aws.EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), "http://127.0.0.1:1", "make up"),
        (aws.ReadTimeoutError(endpoint_url="http://127.0.0.1:1"), "http://127.0.0.1:1", "make up"),
        (
            refused("AccessDeniedException", "not authorized to perform: dynamodb:Scan"),
            "dynamodb:Scan",
            "needs this permission",
        ),
        (refused("AccessDenied", operation="DescribeStacks"), "DescribeStacks", "needs this permission"),
        (refused("ExpiredTokenException"), "because", "sign in again"),
        (refused("ResourceNotFoundException"), "because", "a table of the stack does not exist"),
        (refused("ThrottlingException"), "because", "in a minute"),
        (refused("ValidationError", "Stack with id X does not exist", "DescribeStacks"), "Stack with id X", "--stack"),
    ],
)
def test_an_error_has_a_hint(error: aws.BotoCoreError | aws.ClientError, text: str, hint: str) -> None:
    """One line has the text of AWS and the hint."""
    line = describe(error)
    assert text in line
    assert hint in line
    assert "\n" not in line


def test_an_unknown_error_has_no_hint() -> None:
    """It is put in one line."""
    assert describe(refused("Strange", "a\n b")).endswith("(Strange) when calling the Scan operation: a b")
    assert describe(aws.BotoCoreError()) == "An unspecified error occurred"
