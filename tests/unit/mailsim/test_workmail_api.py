"""The WorkMail API without sockets."""

import pytest

from mailsim import workmail_api
from tests.unit.mailsim.world import EMAIL, MINUTE, START, World

ORGANIZATION = f"m-{'0123456789abcdef' * 2}"


def test_users_are_listed_page_by_page() -> None:
    """With the states and dates of the WorkMail API."""
    world = World()
    world.call("users", email="second@example.com", password="x")
    world.now += MINUTE
    world.call("mailboxes/second@example.com/disable")
    first = {"OrganizationId": ORGANIZATION, "MaxResults": 1}
    status, page = workmail_api.handle(world.core, "WorkMailService.ListUsers", first)
    assert (status, [user["Email"] for user in page["Users"]]) == (200, [EMAIL])
    _, rest = workmail_api.handle(world.core, "WorkMailService.ListUsers", {"NextToken": page["NextToken"]})
    (second,) = rest["Users"]
    assert (second["State"], second["EnabledDate"], second["DisabledDate"]) == ("DISABLED", START, START + MINUTE)
    assert "NextToken" not in rest


@pytest.mark.parametrize(("state", "found"), [("ENABLED", 0), ("DELETED", 1)])
def test_users_can_be_filtered(state: str, found: int) -> None:
    """By one filter in a request."""
    world = World()
    world.call(f"mailboxes/{EMAIL}/remove")
    _, answer = workmail_api.handle(world.core, "WorkMailService.ListUsers", {"Filters": {"State": state}})
    assert len(answer["Users"]) == found
    both = {"State": state, "UsernamePrefix": "u"}
    assert workmail_api.handle(world.core, "WorkMailService.ListUsers", {"Filters": both})[0] == 400


def test_a_user_is_described_by_id_or_address() -> None:
    """Unknown users and unknown operations are errors."""
    world = World()
    _, by_address = workmail_api.handle(world.core, "WorkMailService.DescribeUser", {"UserId": EMAIL})
    _, by_id = workmail_api.handle(world.core, "WorkMailService.DescribeUser", {"UserId": by_address["UserId"]})
    assert by_id == by_address
    assert len(by_address["UserId"]) >= 12
    status, answer = workmail_api.handle(world.core, "WorkMailService.DescribeUser", {"UserId": "nobody"})
    assert (status, answer["__type"]) == (400, "EntityNotFoundException")
    assert workmail_api.handle(world.core, "WorkMailService.CreateUser", {})[0] == 400
