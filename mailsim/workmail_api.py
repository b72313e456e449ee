"""The part of the WorkMail API that a keeper reads: users, their states and dates.

Protocol AWS JSON 1.1: the operation is in X-Amz-Target; dates are seconds since the epoch. Signatures are not checked.
"""

from collections.abc import Callable
from typing import Any, Final

from mailsim.core import Core
from mailsim.directory import User, UserState

Json = dict[str, Any]

TARGET_PREFIX: Final = "WorkMailService."
_MAX_RESULTS: Final = 100
"""WorkMail API, ListUsers: the maximum of a page."""


class _ApiError(Exception):
    """Raised for an answer with status 400, `__type` and a message."""


def handle(core: Core, target: str, given: Json) -> tuple[int, Json]:
    """Return the HTTP status and the answer to one call."""
    operations = {"ListUsers": _list_users, "DescribeUser": _describe_user}
    operation = operations.get(target.removeprefix(TARGET_PREFIX))
    if operation is None:
        return 400, {"__type": "UnknownOperationException", "Message": target}
    try:
        return 200, operation(core, given)
    except _ApiError as error:
        return 400, {"__type": error.args[0], "Message": error.args[1]}


def _list_users(core: Core, given: Json) -> Json:
    """Return a page of the users; NextToken is the index of the next one."""
    filters = given.get("Filters") or {}
    if len(filters) > 1:
        raise _ApiError("InvalidParameterException", "Only one filter is allowed.")
    users = [user for user in core.directory.users.values() if _matches(user, filters)]
    try:
        start, size = int(given.get("NextToken", 0)), min(int(given.get("MaxResults", _MAX_RESULTS)), _MAX_RESULTS)
    except ValueError:
        raise _ApiError("InvalidParameterException", "NextToken or MaxResults is not a number.") from None
    following = {"NextToken": str(start + size)} if start + size < len(users) else {}
    return {"Users": [_summary(user) | {"Id": user.id} for user in users[start : start + size]], **following}


def _describe_user(core: Core, given: Json) -> Json:
    """Return a user by id or address."""
    user_id = str(given.get("UserId", ""))
    user = next((each for each in core.directory.users.values() if user_id in {each.id, each.email}), None)
    if user is None:
        raise _ApiError("EntityNotFoundException", f"User {user_id} does not exist.")
    mailbox = {"MailboxProvisionedDate": user.enabled_at}
    if user.disabled_at is not None:
        mailbox["MailboxDeprovisionedDate"] = user.disabled_at
    return {"UserId": user.id, **_summary(user), **mailbox}


def _summary(user: User) -> Json:
    name = user.email.partition("@")[0]
    dates = {"EnabledDate": user.enabled_at}
    if user.state is not UserState.ENABLED and user.disabled_at is not None:
        dates["DisabledDate"] = user.disabled_at
    return {"Email": user.email, "Name": name, "DisplayName": name, "State": user.state, "UserRole": "USER", **dates}


def _matches(user: User, filters: Json) -> bool:
    name = user.email.partition("@")[0]
    matches: dict[str, Callable[[str], bool]] = {
        "State": user.state.__eq__,
        "UsernamePrefix": name.startswith,
        "DisplayNamePrefix": name.startswith,
        "PrimaryEmailPrefix": user.email.startswith,
    }
    return all(key in matches and matches[key](value) for key, value in filters.items())
