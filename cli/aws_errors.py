"""An error of AWS in one line, with what to do about it."""

from typing import Final

from botocore import exceptions as aws

_CREDENTIALS: Final = "set AWS_PROFILE, or sign in again (aws sso login, aws configure)"
_HINT_BY_CLASS: Final[list[tuple[tuple[type[Exception], ...], str]]] = [
    ((aws.NoCredentialsError, aws.PartialCredentialsError, aws.CredentialRetrievalError), _CREDENTIALS),
    ((aws.SSOError, aws.TokenRetrievalError), _CREDENTIALS),
    ((aws.ProfileNotFound,), "set AWS_PROFILE to a profile of ~/.aws/config"),
    ((aws.NoRegionError, aws.InvalidRegionError), "set AWS_REGION, for example to eu-west-1"),
    (
        (aws.ConnectionError, aws.HTTPClientError),
        "check the region and the network; with --local, check that `make up` is still running",
    ),
]
_PERMISSION: Final = "your AWS user or role needs this permission; docs/subscriptions.md lists all that are needed"
_RETRY: Final = "try again in a minute"
_HINT_BY_CODE: Final = {
    "AccessDenied": _PERMISSION,
    "AccessDeniedException": _PERMISSION,
    "UnauthorizedOperation": _PERMISSION,
    "ExpiredToken": _CREDENTIALS,
    "ExpiredTokenException": _CREDENTIALS,
    "InvalidClientTokenId": _CREDENTIALS,
    "UnrecognizedClientException": _CREDENTIALS,
    "SignatureDoesNotMatch": _CREDENTIALS,
    "ResourceNotFoundException": "a table of the stack does not exist; with --local, restart `make up`",
    "ThrottlingException": _RETRY,
    "ProvisionedThroughputExceededException": _RETRY,
}


def describe(error: aws.BotoCoreError | aws.ClientError) -> str:
    """Return the text of `error` with a hint, if there is one."""
    text = " ".join(str(error).split())
    if isinstance(error, aws.ClientError):
        return _describe_client_error(error, text)
    hint = next((hint for classes, hint in _HINT_BY_CLASS if isinstance(error, classes)), None)
    return f"{text} ({hint})" if hint else text


def _describe_client_error(error: aws.ClientError, text: str) -> str:
    """CloudFormation has no code of its own for a stack that does not exist."""
    answer = error.response.get("Error", {})
    code, message = answer.get("Code", ""), " ".join(answer.get("Message", "").split())
    if error.operation_name == "DescribeStacks" and code == "ValidationError":
        return f"{message} in this account and region: deploy it (make deploy), or name another with --stack"
    hint = _HINT_BY_CODE.get(code)
    return f"{text} ({hint})" if hint else text
