"""What AWS says, with what to do."""

import pytest
from botocore import exceptions as aws

from cli.aws_errors import explained


def refused(code: str, message: str = "because", operation: str = "Scan") -> aws.ClientError:
    """Return an answer of AWS that is an error."""
    return aws.ClientError({"Error": {"Code": code, "Message": message}}, operation)


@pytest.mark.parametrize(
    ("error", "told", "hint"),
    [
        (aws.NoCredentialsError(), "Unable to locate credentials", "AWS_PROFILE"),
        (aws.PartialCredentialsError(provider="env", cred_var="x"), "Partial credentials", "AWS_PROFILE"),
        (aws.UnauthorizedSSOTokenError(), "expired or is otherwise invalid", "aws sso login"),
        (aws.ProfileNotFound(profile="nix"), "(nix)", "~/.aws/config"),
        (aws.NoRegionError(), "region", "AWS_REGION"),
        (aws.EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), "http://127.0.0.1:1", "make up"),
        (aws.ReadTimeoutError(endpoint_url="http://127.0.0.1:1"), "http://127.0.0.1:1", "make up"),
        (refused("AccessDeniedException", "not authorized to perform: dynamodb:Scan"), "dynamodb:Scan", "be allowed"),
        (refused("AccessDenied", operation="DescribeStacks"), "DescribeStacks", "be allowed"),
        (refused("ExpiredTokenException"), "because", "sign in again"),
        (refused("ResourceNotFoundException"), "because", "table of the stack is gone"),
        (refused("ThrottlingException"), "because", "in a minute"),
        (refused("ValidationError", "Stack with id X does not exist", "DescribeStacks"), "Stack with id X", "--stack"),
    ],
)
def test_an_error_comes_with_what_to_do(error: aws.BotoCoreError | aws.ClientError, told: str, hint: str) -> None:
    """In one line, with what AWS said itself."""
    line = explained(error)
    assert told in line
    assert hint in line
    assert "\n" not in line


def test_an_unknown_error_is_told_as_it_is() -> None:
    """In one line."""
    assert explained(refused("Strange", "a\n b")).endswith("(Strange) when calling the Scan operation: a b")
    assert explained(aws.BotoCoreError()) == "An unspecified error occurred"
