"""The mail server that the keeper subscribes at: what is configured, and what else follows from its profile."""

from dataclasses import dataclass
from typing import Final, Self

from aws_cdk import CfnRule, Fn, Stack, Token

from infra.config import Config
from infra.config_values import invalid_value

WORKMAIL_REGIONS: Final = ("eu-west-1", "us-east-1", "us-west-2")
"""AWS General Reference, endpoints of Amazon WorkMail."""

_SERVER_VERSIONS: Final = {"workmail": "Exchange2010_SP2", "exchange": "Exchange2016"}
"""WorkMail knows no other (its guide's sample); Exchange 2016 and later take what they are named after."""

_RESUMES: Final = {"workmail": "unproven", "exchange": "trusted"}
"""Exchange Server is documented to resume from a watermark; nobody says so of WorkMail."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Address, schema version, and whether a watermark that the server takes is known to be resumed from."""

    ews_url: str
    server_version: str
    resume_is_trusted: bool

    @classmethod
    def from_config(cls, config: Config, stack: Stack) -> Self:
        """Return the server of `config`, for WorkMail the one in the region of `stack`. Raises `ConfigError`."""
        return cls(
            config.ews_url or _workmail_url(stack),
            config.server_version or _SERVER_VERSIONS[config.profile],
            (config.resume or _RESUMES[config.profile]) == "trusted",
        )


def _workmail_url(stack: Stack) -> str:
    """Return the address in the stack's region; one where WorkMail is not is refused, by whoever knows it first."""
    if Token.is_unresolved(stack.region):
        rule = CfnRule(stack, "WorkMailRegion")
        rule.add_assertion(
            Fn.condition_contains(list(WORKMAIL_REGIONS), stack.region),
            f"Amazon WorkMail is in {', '.join(WORKMAIL_REGIONS)} only: deploy there, or give -c ews_url=<its address>",
        )
    elif stack.region not in WORKMAIL_REGIONS:
        expected = f"given, since Amazon WorkMail is in {', '.join(WORKMAIL_REGIONS)} only (and not in {stack.region})"
        error = invalid_value("ews_url", "", expected, url_in("us-east-1"))
        raise error
    return url_in(stack.region)


def url_in(region: str) -> str:
    """Return the EWS address of Amazon WorkMail in `region`."""
    return f"https://ews.mail.{region}.awsapps.com/EWS/Exchange.asmx"
