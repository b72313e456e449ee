"""Codes about who asks, and for which mailbox: accounts, rights, addresses, and mailboxes that are not there."""

from typing import Final

from ewspush.protocol.codes.remedy import Advice, Missing, Remedy, table

ADVICE: Final = table(
    (
        """
        ErrorNonExistentMailbox ErrorCannotFindUser ErrorMissingExchangePrincipal ErrorMailRecipientNotFound
        ErrorRecipientNotFound ErrorUnifiedGroupMailboxNotFound ErrorTeamMailboxNotFound
        """,
        Advice(
            Remedy.SUSPEND,
            "there is no mailbox at this address: check the address, or retire the subscription",
            Missing.MAILBOX,
        ),
    ),
    (
        "ErrorMailboxConfiguration",
        Advice(
            Remedy.SUSPEND,
            "the mailbox is disabled, or not set up completely: enable it, or check its entry in the directory",
            Missing.MAILBOX,
        ),
    ),
    (
        "ErrorAccountDisabled ErrorAccountSuspend ErrorAccountSuspendShowTierUpgrade",
        Advice(Remedy.SUSPEND, "the account or its mailbox is disabled: enable it", Missing.MAILBOX),
    ),
    (
        "ErrorInvalidLicense",
        Advice(Remedy.SUSPEND, "the mailbox has no valid license: assign one, or retire the subscription"),
    ),
    (
        "ErrorOrganizationAccessBlocked",
        Advice(Remedy.SUSPEND, "access to the whole organization is blocked: ask its administrator"),
    ),
    (
        "ErrorPasswordExpired ErrorPasswordChangeRequired",
        Advice(Remedy.SUSPEND, "the account's password has expired: change it, and put the new one into the secret"),
    ),
    (
        "ErrorAccessDenied ErrorImpersonateUserDenied ErrorImpersonationDenied",
        Advice(
            Remedy.RETRY_THEN_SUSPEND,
            "the account may not subscribe to this mailbox: check its rights or impersonation",
        ),
    ),
    (
        "ErrorSubscriptionDelegateAccessNotSupported",
        Advice(
            Remedy.SUSPEND,
            "a delegate may sync and read, not subscribe: subscribe as the owner, by ApplicationImpersonation",
        ),
    ),
    (
        "ErrorImpersonationFailed",
        Advice(
            Remedy.RETRY_A_FEW_TIMES,
            "the server can't impersonate: check its service account, its directory, and trusts between forests",
        ),
    ),
    (
        """
        ErrorCallerIsInvalidADAccount ErrorInvalidAuthorizationContext ErrorInvalidClientSecurityContext
        ErrorInvalidSerializedAccessToken ErrorInvalidSecurityDescriptor ErrorInvalidLogonType
        ErrorInvalidClientAccessTokenRequest ErrorTokenSerializationDenied ErrorInvalidCrossForestCredentials
        ErrorInvalidSid ErrorInvalidUserSid ErrorInvalidUserSidMissingUPN ErrorNoOAuthServerAvailableForRequest
        ErrorInvalidManagementRoleHeader ErrorAccessModeSpecified ErrorMoreThanOneAccessModeSpecified
        """,
        Advice(
            Remedy.RETRY_THEN_SUSPEND,
            "the server does not accept the account that signs in: check it in the directory, and its credentials",
        ),
    ),
    (
        "ErrorNonPrimarySmtpAddress",
        Advice(Remedy.SUSPEND, "the address is an alias: subscribe with the mailbox's primary address"),
    ),
    (
        """
        ErrorInvalidExchangeImpersonationHeaderData ErrorInvalidSmtpAddress ErrorInvalidUserPrincipalName
        ErrorInvalidRoutingType
        ErrorMissingInformationEmailAddress
        """,
        Advice(Remedy.SUSPEND, "the server does not accept the mailbox's address: check it"),
    ),
    (
        "ErrorDuplicateLegacyDistinguishedName",
        Advice(Remedy.SUSPEND, "the directory has several entries for this mailbox: remove the wrong one"),
    ),
    (
        "ErrorMissingEmailAddress",
        Advice(
            Remedy.SUSPEND,
            "the account has no mailbox, and so no address: give it one, or let it impersonate the mailbox",
        ),
    ),
    (
        "ErrorWrongServerVersion",
        Advice(
            Remedy.SUSPEND,
            "the mailbox is on a server of another version: check that the EWS address is that of its server",
        ),
    ),
    (
        "ErrorWrongServerVersionDelegate",
        Advice(
            Remedy.SUSPEND,
            "the account's mailbox is on a server of another version: use an account on the same version",
        ),
    ),
    (
        "ErrorQuotaExceeded",
        Advice(Remedy.RETRY_A_FEW_TIMES, "the mailbox is full: make room in it, or raise its quota"),
    ),
    (
        "ErrorArchiveMailboxNotEnabled",
        Advice(Remedy.SUSPEND, "the mailbox has no archive: leave the archive's folders out, or enable it"),
    ),
)
