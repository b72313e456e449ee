"""boto3's `workmail` client against mailsim; boto3 checks requests and responses against its model of the API."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from local import mail_server
from local.mail_server import SERVICE_ACCOUNT, MailServer

pytestmark = [pytest.mark.clients, pytest.mark.starts_processes]

ORGANIZATION = f"m-{'0123456789abcdef' * 2}"
EMAILS = [SERVICE_ACCOUNT, *(f"user{number}@example.com" for number in range(1, 4))]


@pytest.fixture(scope="module")
def mailsim() -> Iterator[MailServer]:
    """Start mailsim with four users; one is disabled."""
    with mail_server.running() as server:
        for email in EMAILS[1:]:
            server.add_user(email)
        server.call(f"mailboxes/{EMAILS[1]}/disable")
        yield server


@pytest.fixture(scope="module")
def workmail(mailsim: MailServer) -> Any:
    """Return a client."""
    session = boto3.Session("test", "test", region_name="us-east-1")
    return session.client("workmail", endpoint_url=mailsim.workmail)


def test_users_are_listed_page_by_page(workmail: Any) -> None:
    """With ids that the API accepts."""
    pages = list(
        workmail.get_paginator("list_users").paginate(OrganizationId=ORGANIZATION, PaginationConfig={"PageSize": 3})
    )
    assert [len(page["Users"]) for page in pages] == [3, 1]
    users = [user for page in pages for user in page["Users"]]
    assert [user["Email"] for user in users] == EMAILS
    assert len({user["Id"] for user in users}) == len(EMAILS)


def test_users_are_filtered(workmail: Any) -> None:
    """By state."""
    found = workmail.list_users(OrganizationId=ORGANIZATION, Filters={"State": "DISABLED"})["Users"]
    assert [user["Email"] for user in found] == [EMAILS[1]]


def test_a_user_is_described(workmail: Any) -> None:
    """By id and by address, with dates."""
    by_address = workmail.describe_user(OrganizationId=ORGANIZATION, UserId=EMAILS[1])
    assert (by_address["State"], by_address["UserRole"]) == ("DISABLED", "USER")
    assert by_address["EnabledDate"] <= by_address["DisabledDate"]
    by_id = workmail.describe_user(OrganizationId=ORGANIZATION, UserId=by_address["UserId"])
    assert by_id["Email"] == EMAILS[1]


def test_errors_are_raised(workmail: Any) -> None:
    """As the exceptions of the model."""
    with pytest.raises(workmail.exceptions.EntityNotFoundException):
        workmail.describe_user(OrganizationId=ORGANIZATION, UserId="nobody@example.com")
    with pytest.raises(workmail.exceptions.InvalidParameterException):
        workmail.list_users(OrganizationId=ORGANIZATION, Filters={"State": "ENABLED", "UsernamePrefix": "u"})
