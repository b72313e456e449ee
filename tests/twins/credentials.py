"""Credentials for the mail server in memory."""

from ewspush.domain.ports import Credentials


class MemoryCredentials:
    """`MailCredentials` of a dictionary; `fresh`, if given, takes its place at the first refresh."""

    def __init__(self, accounts: dict[str, Credentials], fresh: dict[str, Credentials] | None = None) -> None:
        self.refreshes = 0
        self._accounts = accounts
        self._fresh = fresh

    def of(self, mailbox: str) -> Credentials | None:
        return self._accounts.get(mailbox.lower())

    def refresh(self) -> None:
        self.refreshes += 1
        self._accounts = self._fresh if self._fresh is not None else self._accounts
