"""Codes about what is asked for: the subscription and its watermark, the folders, and the request itself."""

from typing import Final

from ewspush.protocol.codes.remedy import Advice, Missing, Remedy, table

ADVICE: Final = table(
    (
        "ErrorExceededSubscriptionCount",
        Advice(
            Remedy.WAIT,
            "the mailbox has as many subscriptions as the server allows: if it stays so, look for the other program",
        ),
    ),
    (
        """
        ErrorReadEventsFailed ErrorExpiredSubscription ErrorSubscriptionNotFound ErrorInvalidSubscription
        ErrorSubscriptionUnsubscribed ErrorSubscriptionAccessDenied ErrorMissedNotificationEvents
        """,
        Advice(Remedy.RESUBSCRIBE, "the server no longer knows the subscription; a new one is made"),
    ),
    (
        "ErrorInvalidWatermark ErrorEventNotFound",
        Advice(
            Remedy.RESUBSCRIBE_WITHOUT_WATERMARK,
            "the server no longer knows the point to resume from; what lies between is recovered",
        ),
    ),
    (
        "ErrorInvalidSyncStateData",
        Advice(Remedy.RETRY, "the server no longer knows the sync state; the folder is read from its beginning"),
    ),
    (
        "ErrorInvalidPushSubscriptionUrl",
        Advice(
            Remedy.SUSPEND,
            "the server does not take the callback URL: it must be https, public and no longer than 2082",
        ),
    ),
    (
        """
        ErrorFolderNotFound ErrorItemNotFound ErrorSyncFolderNotFound ErrorCannotAccessDeletedPublicFolder
        ErrorNoCalendar
        """,
        Advice(
            Remedy.SUSPEND,
            "a folder does not exist, or the account may not see it: check the folders and its rights",
            Missing.FOLDER,
        ),
    ),
    (
        """
        ErrorInvalidIdMalformed ErrorInvalidId ErrorInvalidIdEmpty ErrorInvalidIdMalformedEwsLegacyIdFormat
        ErrorInvalidIdMonikerTooLong ErrorInvalidIdStoreObjectIdTooLong ErrorInvalidIdXml ErrorInvalidFolderId
        ErrorInvalidIdNotAnItemAttachmentId ErrorInvalidIdTooManyAttachmentLevels
        ErrorCannotUseItemIdForFolderId ErrorCannotUseFolderIdForItemId ErrorInvalidChangeKey ErrorObjectTypeChanged
        """,
        Advice(Remedy.SUSPEND, "the id of a folder is malformed or of something else: check the folders"),
    ),
    (
        """
        ErrorInvalidFolderTypeForOperation ErrorSearchFolderNotInitialized ErrorOperationNotAllowedWithPublicFolderRoot
        ErrorCannotSpecifySearchFolderAsSourceFolder
        """,
        Advice(Remedy.SUSPEND, "a folder is of a kind that sends no events, like a search folder: leave it out"),
    ),
    (
        "ErrorInvalidServerVersion ErrorInvalidSchemaVersionForMailboxVersion ErrorIncorrectSchemaVersion",
        Advice(
            Remedy.SUSPEND,
            "the server does not know the schema version: WorkMail takes Exchange2010_SP2, and no other",
        ),
    ),
    (
        """
        ErrorSchemaValidation ErrorInvalidRequest ErrorInvalidSubscriptionRequest ErrorInvalidArgument
        ErrorMissingArgument ErrorInvalidOperation ErrorValueOutOfRange ErrorDuplicateSOAPHeader
        ErrorRequestStreamTooBig ErrorInvalidPropertyRequest ErrorInvalidPropertyForOperation ErrorInvalidPropertySet
        ErrorInvalidValueForProperty ErrorRequiredPropertyMissing ErrorUnsupportedPropertyDefinition
        ErrorUnsupportedMapiPropertyType ErrorInvalidExtendedProperty ErrorInvalidExtendedPropertyValue
        ErrorNoPropertyTagForCustomProperties ErrorInvalidPagingMaxRows
        ErrorDataSizeLimitExceeded
        """,
        Advice(Remedy.SUSPEND, "the server refuses the request itself: this is a defect, please report it"),
    ),
)
