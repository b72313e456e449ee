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
    user, email = directory.find(delegate), directory.find(owner).email
    user.shared_mailboxes = user.shared_mailboxes | {email} if granted else user.shared_mailboxes - {email}
    return sorted(each.email for each in directory.users.values() if email in each.shared_mailboxes)


def addressed_user(directory: Directory, profile: Profile, user: User, operation: Element) -> User:
    """Return whose mailbox an operation acts on: one that it names and `user` has Full Access to, or else its own.

    A request acts on one mailbox. Raises `UnauthorizedError` and `EwsError` for a user that is not enabled.
    """
    named = operation.iter(f"{T}DistinguishedFolderId")
    if not user.shared_mailboxes or any(folder.find(f"{T}Mailbox") is None for folder in named):
        return user
    addresses = {text_of(each).strip().lower() for each in operation.iter(f"{T}EmailAddress")}
    ids = {each.get("Id") for each in operation.iter(f"{T}FolderId", f"{T}ItemId")}
    for email in sorted(user.shared_mailboxes):
        if email in addresses or any(own_id in directory.users[email].mailbox.entries for own_id in ids):
            return directory.enabled_user(profile, email)
    return user


def check_own_mailbox(user: User, addressed: User) -> None:
    """Raise `EwsError` where a delegate subscribes to the mailbox of another user."""
    if addressed is not user:
        text = "Subscriptions are not supported for delegate user access."
        raise EwsError("ErrorSubscriptionDelegateAccessNotSupported", text)
