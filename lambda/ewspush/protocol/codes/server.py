"""Codes by which a server reports trouble of its own: it is busy, a part of it is away, or its servers disagree."""

from typing import Final

from ewspush.protocol.codes.remedy import Advice, Remedy, table

ADVICE: Final = table(
    (
        """
        ErrorServerBusy ErrorInternalServerTransientError ErrorTimeoutExpired ErrorConnectionFailed
        ErrorInsufficientResources ErrorNotEnoughMemory ErrorTooManyObjectsOpened ErrorRequestAborted
        ErrorClientDisconnected ErrorBatchProcessingStopped
        """,
        Advice(Remedy.RETRY, "the mail server is busy or away for a moment; nothing to do unless it stays so"),
    ),
    (
        "ErrorMailboxStoreUnavailable",
        Advice(Remedy.RETRY, "the mailbox's database is away; if it stays so, check that it is mounted"),
    ),
    (
        """
        ErrorADUnavailable ErrorADOperation ErrorLocalServerObjectNotFound
        ErrorGetServerSecurityDescriptorFailed ErrorLogonAsNetworkServiceFailed
        """,
        Advice(
            Remedy.RETRY, "the mail server can't read Active Directory; if it stays so, check its domain controllers"
        ),
    ),
    (
        """
        ErrorNoApplicableProxyCASServersAvailable ErrorNoRespondingCASInDestinationSite
        ErrorProxiedSubscriptionCallFailure ErrorProxyCallFailed ErrorProxyRequestProcessingFailed
        ErrorProxyServiceDiscoveryFailed ErrorProxySoapException ErrorProxyTokenExpired ErrorServiceDiscoveryFailed
        ErrorAutoDiscoverFailed ErrorParsingXMLResponse ErrorResponseSchemaValidation
        """,
        Advice(
            Remedy.RETRY,
            "the mail server can't reach the server that holds the mailbox; if it stays so, use that one's EWS address",
        ),
    ),
    (
        "ErrorCrossSiteRequest ErrorProxyRequestNotAllowed",
        Advice(Remedy.RETRY, "the mailbox is served by another server: if it stays so, use that one's EWS address"),
    ),
    (
        """
        ErrorNoDestinationCASDueToKerberosRequirements ErrorNoDestinationCASDueToSSLRequirements
        ErrorNoDestinationCASDueToVersionMismatch ErrorProxyGroupSidLimitExceeded ErrorMultiLegacyMailboxAccess
        ErrorInvalidProxySecurityContext ErrorInvalidNetworkServiceContext ErrorInvalidInternetWebProxyOnLocalServer
        """,
        Advice(
            Remedy.SUSPEND,
            "the mail servers can't pass the request on among themselves: use the EWS address of the mailbox's server",
        ),
    ),
    (
        "ErrorExceededConnectionCount",
        Advice(
            Remedy.RETRY, "too many requests at once; if it stays so, raise EWSMaxConcurrency in the throttling policy"
        ),
    ),
    (
        "ErrorMailboxMoveInProgress ErrorMailboxFailover",
        Advice(Remedy.RETRY_WITHOUT_WATERMARK, "the mailbox is being moved to another database; nothing to do"),
    ),
    (
        """
        ErrorInternalServerError ErrorDataSourceOperation ErrorWin32InteropError ErrorWebRequestInInvalidState
        ErrorItemPropertyRequestFailed ErrorFolderPropertRequestFailed ErrorPropertyValidationFailure
        ErrorContentConversionFailed ErrorVirusDetected ErrorVirusMessageDeleted
        """,
        Advice(Remedy.RETRY_A_FEW_TIMES, "the mail server failed and does not say why: check its event log"),
    ),
    (
        "ErrorMailboxLogonFailed",
        Advice(
            Remedy.RETRY_A_FEW_TIMES, "the mail server can't open the mailbox: check it for quarantine and its database"
        ),
    ),
    (
        "ErrorFolderCorrupt ErrorItemCorrupt ErrorCorruptData",
        Advice(
            Remedy.RETRY_A_FEW_TIMES,
            "the mail server finds the mailbox's data damaged: have it repaired (New-MailboxRepairRequest)",
        ),
    ),
    (
        """
        ErrorNoPublicFolderReplicaAvailable ErrorNoPublicFolderServerAvailable ErrorPublicFolderMailboxDiscoveryFailed
        ErrorPublicFolderOperationFailed ErrorPublicFolderRequestProcessingFailed ErrorPublicFolderServerNotFound
        ErrorPublicFolderSyncException
        """,
        Advice(Remedy.RETRY_A_FEW_TIMES, "the public folders can't be reached: check their server, or leave them out"),
    ),
    (
        """
        ErrorArchiveMailboxServiceDiscoveryFailed ErrorGetRemoteArchiveFolderFailed ErrorFindRemoteArchiveFolderFailed
        ErrorGetRemoteArchiveItemFailed
        """,
        Advice(
            Remedy.RETRY_A_FEW_TIMES, "the archive mailbox can't be reached: check its server, or leave its folders out"
        ),
    ),
)
