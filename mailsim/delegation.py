"""Full Access of a user to the mailbox of another one, without impersonation.

A delegate synchronizes and reads with `t:Mailbox` in a DistinguishedFolderId, or with ids of that mailbox, but can't
subscribe (Exchange, Subscribe page). A distinguished folder without `t:Mailbox` is the delegate's own.
"""

from mailsim.directory import Directory, User
from mailsim.errors import EwsError
from mailsim.profiles import Profile
from mailsim.soap import Element, T, text_of


def set_full_access(directory: Directory, owner: str, delegate: str, *, granted: bool) -> list[str]:
    """Give or take Full Access to the mailbox of `owner`; return all who have it. Raises `ControlError`."""
    found, email = directory.find(owner), directory.find(delegate).email
    found.delegates = found.delegates | {email} if granted else found.delegates - {email}
    return sorted(found.delegates)


def addressed_user(directory: Directory, profile: Profile, user: User, operation: Element) -> User:
    """Return whose mailbox an operation acts on: one that it names and `user` has Full Access to, or else its own.

    A request acts on one mailbox. Raises `UnauthorizedError` and `EwsError` for a user that is not enabled.
    """
    shared = [each for each in directory.users.values() if user.email in each.delegates]
    named = operation.iter(f"{T}DistinguishedFolderId")
    if not shared or any(folder.find(f"{T}Mailbox") is None for folder in named):
        return user
    addresses = {text_of(each).strip().lower() for each in operation.iter(f"{T}EmailAddress")}
    ids = {each.get("Id") for each in operation.iter(f"{T}FolderId", f"{T}ItemId")}
    for each in shared:
        if each.email in addresses or any(own_id in each.mailbox.entries for own_id in ids):
            return directory.enabled_user(profile, each.email)
    return user


def check_own_mailbox(user: User, addressed: User) -> None:
    """Raise `EwsError` where a delegate subscribes to the mailbox of another user."""
    if addressed is not user:
        text = "Subscriptions are not supported for delegate user access."
        raise EwsError("ErrorSubscriptionDelegateAccessNotSupported", text)
