"""The mail server: address, schema version and resume behaviour, as configured or by default of its profile."""

from dataclasses import dataclass
from typing import Final, Self

from aws_cdk import CfnRule, Fn, Stack, Token

from infra.config import Config
from infra.config_values import missing_value

WORKMAIL_REGIONS: Final = ("eu-west-1", "us-east-1", "us-west-2")
"""AWS General Reference, endpoints of Amazon WorkMail."""

_DEFAULT_VERSIONS: Final = {"workmail": "Exchange2010_SP2", "exchange": "Exchange2016"}
"""WorkMail accepts only this version (its guide's sample); Exchange 2016 and later accept Exchange2016."""

_DEFAULT_RESUMES: Final = {"workmail": "unproven", "exchange": "trusted"}
"""Exchange Server is documented to resume from a watermark; WorkMail is not."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Address, schema version, and whether the server is known to resume from a watermark that it accepts."""

    ews_url: str
    server_version: str
    resume_is_trusted: bool

    @classmethod
    def from_config(cls, config: Config, stack: Stack) -> Self:
        """Return the server of `config`, by default WorkMail in the region of `stack`. Raises `ConfigError`."""
        return cls(
            config.ews_url or _workmail_url(stack),
            config.server_version or _DEFAULT_VERSIONS[config.profile],
            (config.resume or _DEFAULT_RESUMES[config.profile]) == "trusted",
        )


def _workmail_url(stack: Stack) -> str:
    """Return the address of WorkMail in the region of `stack`.

    A region without WorkMail raises `ConfigError`, or fails the deployment where the region is not known before.
    """
    regions = ", ".join(WORKMAIL_REGIONS)
    if Token.is_unresolved(stack.region):
        rule = CfnRule(stack, "WorkMailRegion")
        rule.add_assertion(
            Fn.condition_contains(list(WORKMAIL_REGIONS), stack.region),
            f"Amazon WorkMail is available only in {regions}: deploy the stack there, or set -c ews_url=<EWS address>",
        )
    elif stack.region not in WORKMAIL_REGIONS:
        reason = f"Amazon WorkMail is available only in {regions}, and not in {stack.region}, the region of the stack"
        error = missing_value("ews_url", reason, _regional_url("us-east-1"))
        raise error
    return _regional_url(stack.region)


def _regional_url(region: str) -> str:
    return f"https://ews.mail.{region}.awsapps.com/EWS/Exchange.asmx"
