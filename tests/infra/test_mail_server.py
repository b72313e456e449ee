"""The mail server: what follows from the profile, and where WorkMail is."""

import pytest
from aws_cdk import App, Environment, Stack
from aws_cdk.assertions import Template

from infra.config import EWS_URL_EXAMPLE, Config
from infra.config_values import ConfigError
from infra.mail_server import WORKMAIL_REGIONS, MailServer


def stack(region: str | None = None) -> Stack:
    """Return a stack in a region, or in any."""
    return Stack(App(), "Stack", env=Environment(region=region))


@pytest.mark.parametrize(
    ("profile", "server_version", "is_trusted"),
    [("workmail", "Exchange2010_SP2", False), ("exchange", "Exchange2016", True)],
)
def test_the_profile_decides_what_is_not_given(profile: str, server_version: str, *, is_trusted: bool) -> None:
    """Version and resume."""
    server = MailServer.from_config(Config(profile=profile, ews_url=EWS_URL_EXAMPLE), stack())
    assert server == MailServer(EWS_URL_EXAMPLE, server_version, is_trusted)


@pytest.mark.parametrize(("resume", "is_trusted"), [("trusted", True), ("unproven", False)])
@pytest.mark.parametrize("profile", ["workmail", "exchange"])
def test_what_is_given_wins(profile: str, resume: str, *, is_trusted: bool) -> None:
    """An administrator may know better."""
    config = Config(profile=profile, ews_url=EWS_URL_EXAMPLE, server_version="Exchange2010", resume=resume)
    assert MailServer.from_config(config, stack()) == MailServer(EWS_URL_EXAMPLE, "Exchange2010", is_trusted)


@pytest.mark.parametrize("region", WORKMAIL_REGIONS)
def test_workmail_is_looked_for_in_the_region_of_the_stack(region: str) -> None:
    """Where it is one of WorkMail's."""
    assert (
        MailServer.from_config(Config(), stack(region)).ews_url
        == f"https://ews.mail.{region}.awsapps.com/EWS/Exchange.asmx"
    )


def test_a_region_without_workmail_is_refused_at_synthesis_where_it_is_known() -> None:
    """With the regions, and what to do."""
    with pytest.raises(ConfigError) as refusal:
        MailServer.from_config(Config(), stack("eu-central-1"))
    text = str(refusal.value)
    assert "eu-west-1, us-east-1, us-west-2 only (and not in eu-central-1)" in text
    assert "-c ews_url=https://ews.mail.us-east-1.awsapps.com/EWS/Exchange.asmx" in text


def test_a_region_without_workmail_is_refused_at_deployment_where_it_is_not_known_before() -> None:
    """By a rule of the template, before anything is made."""
    anywhere = stack()
    MailServer.from_config(Config(), anywhere)
    (assertion,) = Template.from_stack(anywhere).to_json()["Rules"]["WorkMailRegion"]["Assertions"]
    assert assertion["Assert"] == {"Fn::Contains": [list(WORKMAIL_REGIONS), {"Ref": "AWS::Region"}]}
    assert "ews_url" in assertion["AssertDescription"]


@pytest.mark.parametrize("region", [None, "eu-central-1"])
def test_a_mail_server_elsewhere_can_be_pushed_from_anywhere(region: str | None) -> None:
    """An address that is given is not second-guessed."""
    anywhere = stack(region)
    assert MailServer.from_config(Config(ews_url=EWS_URL_EXAMPLE), anywhere).ews_url == EWS_URL_EXAMPLE
    assert "WorkMailRegion" not in Template.from_stack(anywhere).to_json().get("Rules", {})
