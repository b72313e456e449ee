"""Users: their states in the WorkMail API, their credentials, and the impersonation of one by another in EWS."""

import base64
import binascii
import hmac
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from mailsim.errors import ControlError, EwsError, UnauthorizedError
from mailsim.event_log import EventLog
from mailsim.mailbox import Mailbox
from mailsim.profiles import Profile

MINUTES_A_DAY: Final = 24 * 60

_FIRST_USER: Final = 1_000_000_001
"""A user's id has at least 12 characters (WorkMail API, WorkMailIdentifier)."""


class UserState(StrEnum):
    """WorkMail API, User.State."""

    ENABLED = "ENABLED"
    DISABLED = "DISABLED"
    DELETED = "DELETED"


@dataclass(slots=True)
class User:
    """A user; times are seconds since the epoch."""

    id: str
    email: str
    password: str
    mailbox: Mailbox
    enabled_at: float
    state: UserState = UserState.ENABLED
    disabled_at: float | None = None
    impersonates: bool = False
    """Whether it may act on every mailbox, like an account with an impersonation role of WorkMail or Exchange."""
    shared_mailboxes: frozenset[str] = frozenset()
    """The addresses of other users to whose mailboxes it has Full Access."""


@dataclass(slots=True)
class Directory:
    """All users by address, in lower case."""

    minute_seconds: float
    seed: str
    users: dict[str, User] = field(default_factory=dict)

    def add(self, email: str, password: str, now: float, *, impersonates: bool = False) -> User:
        """Add a user with an empty mailbox. Raises `ControlError` for an address that exists or is invalid."""
        address = email.strip().lower()
        if "@" not in address or address in self.users:
            status, reason = (409, "already exists") if address in self.users else (400, "is not an address")
            raise ControlError(status, f"{email} {reason}")
        mailbox = Mailbox(address, self.seed)
        user_id = f"S-1-1-12-{_FIRST_USER + len(self.users)}"
        user = User(user_id, address, password, mailbox, now, impersonates=impersonates)
        self.users[address] = user
        return user

    def find(self, email: str) -> User:
        """Return a user. Raises `ControlError`."""
        user = self.users.get(email.strip().lower())
        if user is None:
            raise ControlError(404, f"user {email} does not exist")
        return user

    def disable(self, email: str, now: float) -> User:
        """Detach the mailbox, which is kept for a while. A user that is not enabled stays as it is."""
        user = self.find(email)
        if user.state is UserState.ENABLED:
            user.state, user.disabled_at = UserState.DISABLED, now
        return user

    def enable(self, email: str, retention_days: int, now: float) -> User:
        """Attach the mailbox again, or an empty one after the retention. Raises `ControlError` for a deleted user."""
        user = self.find(email)
        if user.state is UserState.DELETED:
            raise ControlError(409, f"{email} is deleted")
        kept_seconds = retention_days * MINUTES_A_DAY * self.minute_seconds
        if user.disabled_at is not None and now - user.disabled_at > kept_seconds:
            user.mailbox = Mailbox(user.email, f"{self.seed}/{now}", log=EventLog(user.mailbox.log.counter))
            user.mailbox.log.forget_watermarks()
        if user.state is UserState.DISABLED:
            user.state, user.disabled_at, user.enabled_at = UserState.ENABLED, None, now
        return user

    def remove(self, email: str, now: float) -> User:
        """Delete the user for good; it remains in the list, as in WorkMail."""
        user = self.disable(email, now)
        user.state = UserState.DELETED
        return user

    def authenticate(self, profile: Profile, authorization: str | None) -> User:
        """Return the user of Basic credentials. Raises `UnauthorizedError`, `EwsError` for a disabled user."""
        email, password = _parse_basic(authorization)
        user = self.users.get(email.lower())
        if user is None or not hmac.compare_digest(user.password.encode(), password.encode()):
            raise UnauthorizedError("wrong credentials")
        _check_enabled(profile, user)
        return user

    def mailbox_owner(self, profile: Profile, user: User, impersonated: str | None) -> User:
        """Return the owner of the mailbox that a user's request acts on. Raises `UnauthorizedError`, `EwsError`.

        Every user may impersonate itself.
        """
        if impersonated in {None, user.email}:
            return user
        if not user.impersonates:
            raise EwsError("ErrorImpersonateUserDenied", "The account can't impersonate that user.", fault=True)
        return self.enabled_user(profile, impersonated or "")

    def enabled_user(self, profile: Profile, email: str) -> User:
        """Return a user that may be acted for. Raises `UnauthorizedError`, `EwsError`."""
        found = self.users.get(email)
        if found is None or found.state is UserState.DELETED:
            raise EwsError("ErrorNonExistentMailbox", "No mailbox has that SMTP address.", fault=True)
        _check_enabled(profile, found)
        return found


def claimed_address(authorization: str | None) -> str | None:
    """Return the address in Basic credentials, in lower case, without a check of the password."""
    try:
        return _parse_basic(authorization)[0].lower()
    except UnauthorizedError:
        return None


def _check_enabled(profile: Profile, user: User) -> None:
    """Raise `UnauthorizedError` or `EwsError` for a user that is not enabled."""
    if user.state is UserState.ENABLED:
        return
    if profile.disabled_answer == "401":
        raise UnauthorizedError(f"{user.email} is disabled")
    raise EwsError(profile.disabled_answer, "The mailbox is disabled.", fault=True)


def _parse_basic(authorization: str | None) -> tuple[str, str]:
    """Return the name and the password (RFC 7617). Raises `UnauthorizedError`."""
    scheme, _, credentials = (authorization or "").partition(" ")
    try:
        email, separator, password = base64.b64decode(credentials.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        separator = ""
    if scheme.lower() != "basic" or not separator:
        raise UnauthorizedError("Basic credentials are expected")
    return email, password
