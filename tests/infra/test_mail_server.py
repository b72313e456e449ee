"""The mail server: defaults of the profiles, and the regions of WorkMail."""

import pytest
from aws_cdk import App, Environment, Stack
from aws_cdk.assertions import Template

from infra.config import EWS_URL_EXAMPLE, Config
from infra.config_values import ConfigError
from infra.mail_server import WORKMAIL_REGIONS, MailServer


def stack(region: str | None = None) -> Stack:
    """Return a stack in `region`, by default one whose region is known only at deployment."""
    return Stack(App(), "Stack", env=Environment(region=region))


@pytest.mark.parametrize(
    ("profile", "server_version", "is_trusted"),
    [("workmail", "Exchange2010_SP2", False), ("exchange", "Exchange2016", True)],
)
def test_the_profile_sets_the_defaults(profile: str, server_version: str, *, is_trusted: bool) -> None:
    """Of version and resume."""
    server = MailServer.from_config(Config(profile=profile, ews_url=EWS_URL_EXAMPLE), stack())
    assert server == MailServer(EWS_URL_EXAMPLE, server_version, is_trusted)


@pytest.mark.parametrize(("resume", "is_trusted"), [("trusted", True), ("unproven", False)])
@pytest.mark.parametrize("profile", ["workmail", "exchange"])
def test_explicit_settings_override_the_profile(profile: str, resume: str, *, is_trusted: bool) -> None:
    """Version and resume of the context are used as they are."""
    config = Config(profile=profile, ews_url=EWS_URL_EXAMPLE, server_version="Exchange2010", resume=resume)
    assert MailServer.from_config(config, stack()) == MailServer(EWS_URL_EXAMPLE, "Exchange2010", is_trusted)


@pytest.mark.parametrize("region", WORKMAIL_REGIONS)
def test_the_default_address_is_workmail_in_the_region_of_the_stack(region: str) -> None:
    """If WorkMail is available there."""
    assert (
        MailServer.from_config(Config(), stack(region)).ews_url
        == f"https://ews.mail.{region}.awsapps.com/EWS/Exchange.asmx"
    )


def test_a_region_without_workmail_is_refused_at_synthesis_if_it_is_known() -> None:
    """The message lists the regions and says what to set."""
    with pytest.raises(ConfigError) as refusal:
        MailServer.from_config(Config(), stack("eu-central-1"))
    text = str(refusal.value)
    assert "only in eu-west-1, us-east-1, us-west-2, and not in eu-central-1" in text
    assert "-c ews_url=https://ews.mail.us-east-1.awsapps.com/EWS/Exchange.asmx" in text


def test_a_region_without_workmail_is_refused_at_deployment_if_it_is_not_known_before() -> None:
    """By a rule of the template, before any resource is created."""
    anywhere = stack()
    MailServer.from_config(Config(), anywhere)
    (assertion,) = Template.from_stack(anywhere).to_json()["Rules"]["WorkMailRegion"]["Assertions"]
    assert assertion["Assert"] == {"Fn::Contains": [list(WORKMAIL_REGIONS), {"Ref": "AWS::Region"}]}
    assert "ews_url" in assertion["AssertDescription"]


@pytest.mark.parametrize("region", [None, "eu-central-1"])
def test_an_explicit_address_is_accepted_in_every_region(region: str | None) -> None:
    """The template then has no rule about regions."""
    anywhere = stack(region)
    assert MailServer.from_config(Config(ews_url=EWS_URL_EXAMPLE), anywhere).ews_url == EWS_URL_EXAMPLE
    assert "WorkMailRegion" not in Template.from_stack(anywhere).to_json().get("Rules", {})
