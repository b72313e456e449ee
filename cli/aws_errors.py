"""What AWS says, in one line, with what to do about it."""

from typing import Final

from botocore import exceptions as aws

_CREDENTIALS: Final = "set AWS_PROFILE, or sign in again (aws sso login, aws configure)"
_BY_CLASS: Final[list[tuple[tuple[type[Exception], ...], str]]] = [
    ((aws.NoCredentialsError, aws.PartialCredentialsError, aws.CredentialRetrievalError), _CREDENTIALS),
    ((aws.SSOError, aws.TokenRetrievalError), _CREDENTIALS),
    ((aws.ProfileNotFound,), "set AWS_PROFILE to one of ~/.aws/config"),
    ((aws.NoRegionError, aws.InvalidRegionError), "set AWS_REGION, like eu-west-1"),
    (
        (aws.ConnectionError, aws.HTTPClientError),
        "is the region right, and the network there? For --local: is `make up` still running?",
    ),
]
_REFUSED: Final = "your AWS user or role has to be allowed that"
_BY_CODE: Final = {
    "AccessDenied": _REFUSED,
    "AccessDeniedException": _REFUSED,
    "UnauthorizedOperation": _REFUSED,
    "ExpiredToken": _CREDENTIALS,
    "ExpiredTokenException": _CREDENTIALS,
    "InvalidClientTokenId": _CREDENTIALS,
    "UnrecognizedClientException": _CREDENTIALS,
    "SignatureDoesNotMatch": _CREDENTIALS,
    "ResourceNotFoundException": "a table of the stack is gone; for --local: has `make up` been started anew?",
    "ThrottlingException": "try again in a minute",
    "ProvisionedThroughputExceededException": "try again in a minute",
}


def explained(error: aws.BotoCoreError | aws.ClientError) -> str:
    """Return what happened and what to do."""
    text = " ".join(str(error).split())
    if isinstance(error, aws.ClientError):
        return _of_code(error, text)
    hint = next((hint for classes, hint in _BY_CLASS if isinstance(error, classes)), None)
    return f"{text} ({hint})" if hint else text


def _of_code(error: aws.ClientError, text: str) -> str:
    """CloudFormation has no code of its own for a stack that does not exist."""
    told = error.response.get("Error", {})
    code, message = told.get("Code", ""), " ".join(told.get("Message", "").split())
    if error.operation_name == "DescribeStacks" and code == "ValidationError":
        return f"{message} in this account and region: deploy it (make deploy), or name yours with --stack"
    hint = _BY_CODE.get(code)
    return f"{text} ({hint})" if hint else text
