"""Codes of operations that are never asked for: of all EWS, only Subscribe, the two syncs and GetItem are used.

They can't come here. Should one come after all, it is shown as what it is, and a few tries go before a suspension.
"""

from typing import Final

_TOPICS: Final = {
    "pull and streaming subscriptions": """
        ErrorInvalidPullSubscriptionId ErrorNewEventStreamConnectionOpened
    """,
    "groups, team mailboxes, sharing and federation": """
        ErrorTeamMailboxNotLinkedToSharePoint ErrorTeamMailboxUrlValidationFailed ErrorTeamMailboxNotAuthorizedOwner
        ErrorTeamMailboxActiveToPendingDelete ErrorTeamMailboxFailedSendingNotifications
        ErrorTeamMailboxErrorUnknown ErrorUnifiedGroupMailboxAADCreationFailed
        ErrorUnifiedGroupMailboxAADDeleteFailed ErrorUnifiedGroupMailboxNamingPolicy
        ErrorUnifiedGroupMailboxDeleteFailed ErrorUnifiedGroupMailboxUpdateDelayed
        ErrorUnifiedGroupMailboxUpdatedPartialProperties ErrorUnifiedGroupMailboxUpdateFailed
        ErrorUnifiedGroupMailboxProvisionFailed ErrorMissingInformationSharingFolderId
        ErrorSharingSynchronizationFailed ErrorSharingNoExternalEwsAvailable ErrorInvalidGetSharingFolderRequest
        ErrorNotAllowedExternalSharingByPolicy ErrorOrganizationNotFederated ErrorInvalidExternalSharingInitiator
        ErrorUserWithoutFederatedProxyAddress ErrorInvalidOrganizationRelationshipForFreeBusy
        ErrorInvalidFederatedOrganizationId ErrorInvalidExternalSharingSubscriber ErrorInvalidSharingData
        ErrorInvalidSharingMessage ErrorNotSupportedSharingMessage ErrorUnexpectedUnifiedGroupsCount
        ErrorInvalidFederationOrganizationIdentifier ErrorTargetDomainNotSupported ErrorUnifiedGroupAlreadyExists
        ErrorUnifiedGroupAadAuthorizationRequestDenied ErrorUnifiedGroupCreationDisabled
    """,
    "voice mail, instant messaging, speech, places and photos": """
        ErrorDeleteUnifiedMessagingPromptFailed ErrorImContactLimitReached ErrorImGroupDisplayNameAlreadyExists
        ErrorImGroupLimitReached ErrorInvalidImContactId ErrorInvalidImDistributionGroupSmtpAddress
        ErrorInvalidImGroupId ErrorInvalidPhoneCallId ErrorInvalidPhoneNumber ErrorInvalidSIPUri
        ErrorIPGatewayNotFound ErrorPhoneNumberNotDialable ErrorPromptPublishingOperationFailed
        ErrorUnifiedMessagingDialPlanNotFound ErrorUnifiedMessagingReportDataNotFound
        ErrorUnifiedMessagingPromptNotFound ErrorUnifiedMessagingRequestFailed ErrorUnifiedMessagingServerNotFound
        ErrorUnableToRemoveImContactFromGroup ErrorUserNotUnifiedMessagingEnabled ErrorVoiceMailNotImplemented
        ErrorNoSpeechDetected ErrorUMServerUnavailable ErrorRecognizerNotInstalled ErrorSpeechGrammarError
        ErrorLocationServicesDisabled ErrorLocationServicesRequestTimedOut ErrorLocationServicesRequestFailed
        ErrorLocationServicesInvalidRequest ErrorWeatherServiceDisabled ErrorInvalidPhotoSize ErrorInvalidLongitude
        ErrorInvalidLatitude
    """,
    "apps of mailboxes and client settings": """
        ErrorCannotDisableMandatoryExtension ErrorCannotGetExternalEcpUrl ErrorClientIntentInvalidStateDefinition
        ErrorClientIntentNotFound ErrorExtensionNotFound ErrorInvalidLikeRequest
        ErrorDuplicateExtendedKeywordDefinition ErrorMarketPlaceExtensionAlreadyInstalledForOrg
        ErrorExtensionAlreadyInstalledForOrg ErrorNewerExtensionAlreadyInstalled
        ErrorNewerMarketPlaceExtensionAlreadyInstalled ErrorInvalidExtensionId
        ErrorCannotUninstallProvidedExtensions ErrorNoRbacPermissionToInstallMarketPlaceExtensions
        ErrorNoRbacPermissionToInstallReadWriteMailboxExtensions ErrorInvalidReportMessageActionType
    """,
    "message tracking, mail tips, and limits on senders": """
        ErrorMailTipsDisabled ErrorSubmissionQuotaExceeded ErrorMessageTrackingPermanentError
        ErrorMessageTrackingTransientError ErrorMessageTrackingNoSuchDomain
        ErrorMessagePerFolderCountReceiveQuotaExceeded ErrorNoSenderRestrictionsSettingsFoundInRequest
        ErrorDuplicateSenderRestrictionsInputFound ErrorSenderRestrictionsUpdateFailed ErrorMessageSubmissionBlocked
        ErrorExceededMessageLimit ErrorExceededMaxRecipientLimitBlock ErrorExceededMaxRecipientLimit
        ErrorMessageBlocked ErrorExceededMessageLimitShowTierUpgrade ErrorExceededMaxRecipientLimitShowTierUpgrade
    """,
    "delegates and permissions": """
        ErrorAddDelegatesFailed ErrorCannotSetCalendarPermissionOnNonCalendarFolder
        ErrorCannotSetNonCalendarPermissionOnCalendarFolder ErrorCannotSetPermissionUnknownEntries
        ErrorDelegateAlreadyExists ErrorDelegateCannotAddOwner ErrorDelegateMissingConfiguration ErrorDelegateNoUser
        ErrorDelegateValidationFailed ErrorDistinguishedUserNotSupported ErrorDuplicateUserIdsSpecified
        ErrorInvalidAccessLevel ErrorInvalidDelegatePermission ErrorInvalidDelegateUserId
        ErrorInvalidPermissionSettings ErrorInvalidUserInfo ErrorMissingUserIdInformation ErrorNotDelegate
        ErrorRemoveDelegatesFailed ErrorUpdateDelegatesFailed ErrorUserNotAllowedByPolicy
        ErrorPermissionNotAllowedByPolicy
    """,
    "out-of-office, inbox rules, retention, holds and managed folders": """
        ErrorArchiveFolderPathCreation ErrorCannotArchiveCalendarContactTaskFolderException
        ErrorCannotArchiveItemsInPublicFolders ErrorCannotArchiveItemsInArchiveMailbox
        ErrorCannotGetSourceFolderPath ErrorCreateManagedFolderPartialCompletion ErrorDuplicateInputFolderNames
        ErrorInvalidManagedFolderProperty ErrorInvalidManagedFolderQuota ErrorInvalidManagedFolderSize
        ErrorInvalidOofParameter ErrorInvalidRetentionTagTypeMismatch ErrorInvalidRetentionTagInvisible
        ErrorInvalidRetentionTagInheritance ErrorInvalidRetentionTagIdGuid ErrorInvalidScheduledOofDuration
        ErrorInvalidUserOofSettings ErrorMailboxHoldNotFound ErrorManagedFolderAlreadyExists
        ErrorManagedFolderNotFound ErrorManagedFoldersRootFailure ErrorMissingEmailAddressForManagedFolder
        ErrorMissingManagedFolderId ErrorUnableToGetUserOofSettings ErrorApplyConversationActionFailed
        ErrorInboxRulesValidationError ErrorOutlookRuleBlobExists ErrorRulesOverQuota
        ErrorExportRemoteArchiveItemsFailed ErrorInvalidRetentionTagNone ErrorInvalidBulkActionType
        ErrorInvalidKeepNCount ErrorInvalidKeepNType ErrorInvalidSweepRule ErrorInvalidSweepRuleOperationType
    """,
    "calendars, tasks, free/busy times and time zones": """
        ErrorAddressSpaceNotFound ErrorAffectedTaskOccurrencesRequired ErrorAvailabilityConfigNotFound
        ErrorCalendarCannotMoveOrCopyOccurrence ErrorCalendarCannotUpdateDeletedItem
        ErrorCalendarCannotUseIdForOccurrenceId ErrorCalendarCannotUseIdForRecurringMasterId
        ErrorCalendarDurationIsTooLong ErrorCalendarEndDateIsEarlierThanStartDate
        ErrorCalendarFolderIsInvalidForCalendarView ErrorCalendarInvalidAttributeValue
        ErrorCalendarInvalidDayForTimeChangePattern ErrorCalendarInvalidDayForWeeklyRecurrence
        ErrorCalendarInvalidPropertyState ErrorCalendarInvalidPropertyValue ErrorCalendarInvalidRecurrence
        ErrorCalendarInvalidTimeZone ErrorCalendarIsCancelledForAccept ErrorCalendarIsCancelledForDecline
        ErrorCalendarIsCancelledForRemove ErrorCalendarIsCancelledForTentative ErrorCalendarIsDelegatedForAccept
        ErrorCalendarIsDelegatedForDecline ErrorCalendarIsDelegatedForRemove ErrorCalendarIsDelegatedForTentative
        ErrorCalendarIsNotOrganizer ErrorCalendarIsOrganizerForAccept ErrorCalendarIsOrganizerForDecline
        ErrorCalendarIsOrganizerForRemove ErrorCalendarIsOrganizerForTentative
        ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange ErrorCalendarOccurrenceIsDeletedFromRecurrence
        ErrorCalendarOutOfRange ErrorCalendarMeetingRequestIsOutOfDate ErrorCalendarViewRangeTooBig
        ErrorCannotCreateCalendarItemInNonCalendarFolder ErrorCannotCreateTaskInNonTaskFolder
        ErrorCannotDeleteTaskOccurrence ErrorFreeBusyGenerationFailed ErrorIndividualMailboxLimitReached
        ErrorInvalidCompleteDate ErrorInvalidFreeBusyViewType ErrorInvalidMergedFreeBusyInterval
        ErrorInvalidPercentCompleteValue ErrorInvalidTimeInterval ErrorLegacyMailboxFreeBusyViewTypeNotMerged
        ErrorMailboxDataArrayEmpty ErrorMailboxDataArrayTooBig ErrorMeetingSuggestionGenerationFailed
        ErrorMissingInformationReferenceItemId ErrorNoFreeBusyAccess ErrorOccurrenceCrossingBoundary
        ErrorOccurrenceTimeSpanTooBig ErrorRecurrenceEndDateTooBig ErrorRecurrenceHasNoOccurrence
        ErrorResultSetTooBig ErrorSendMeetingCancellationsRequired
        ErrorSendMeetingInvitationsOrCancellationsRequired ErrorSendMeetingInvitationsRequired
        ErrorSentMeetingRequestUpdate ErrorSentTaskRequestUpdate ErrorTimeIntervalTooBig ErrorTimeZone
        ErrorUnsupportedRecurrence ErrorWorkingHoursSaveFailed ErrorWorkingHoursXmlMalformed
        ErrorFreeBusyDLLimitReached ErrorCalendarSeekToConditionNotSupported ErrorCalendarIsGroupMailboxForAccept
        ErrorCalendarIsGroupMailboxForDecline ErrorCalendarIsGroupMailboxForTentative
        ErrorCalendarIsGroupMailboxForSuppressReadReceipt
    """,
    "search, filters, sorting and name resolution": """
        ErrorADSessionFilter ErrorContainsFilterWrongType ErrorContentIndexingNotEnabled
        ErrorDistributionListMemberNotExist ErrorEmailAddressMismatch ErrorExceededFindCountLimit
        ErrorInvalidAttachmentSubfilter ErrorInvalidAttachmentSubfilterTextFilter ErrorInvalidExcludesRestriction
        ErrorInvalidExpressionTypeForSubFilter ErrorInvalidFractionalPagingParameters
        ErrorInvalidIdReturnedByResolveNames ErrorInvalidIndexedPagingParameters
        ErrorInvalidItemForOperationExpandDL ErrorInvalidNameForNameResolution ErrorInvalidRecipientSubfilter
        ErrorInvalidRecipientSubfilterComparison ErrorInvalidRecipientSubfilterOrder
        ErrorInvalidRecipientSubfilterTextFilter ErrorInvalidRestriction ErrorInvalidSubfilterType
        ErrorInvalidSubfilterTypeNotAttendeeType ErrorInvalidSubfilterTypeNotRecipientType
        ErrorNameResolutionMultipleResults ErrorNameResolutionNoMailbox ErrorNameResolutionNoResults
        ErrorQueryFilterTooLong ErrorResolveNamesInvalidFolderType ErrorResolveNamesOnlyOneContactsFolderAllowed
        ErrorRestrictionTooLong ErrorRestrictionTooComplex ErrorUnsupportedSubFilter ErrorUnsupportedPathForQuery
        ErrorUnsupportedPathForSortGroup ErrorUnsupportedQueryFilter ErrorMailboxScopeNotAllowedWithoutQueryString
        ErrorArchiveMailboxSearchFailed ErrorSearchQueryHasTooManyKeywords ErrorSearchTooManyMailboxes
        ErrorDiscoverySearchesDisabled ErrorInstantSearchSessionExpired ErrorInstantSearchTimeout
        ErrorInstantSearchFailed ErrorUnsupportedUserForExecuteSearch
    """,
    "attachments and message content": """
        ErrorAttachmentNestLevelLimitExceeded ErrorAttachmentSizeLimitExceeded
        ErrorCannotCreateContactInNonContactFolder ErrorCannotOpenFileAttachment ErrorInvalidAttachmentId
        ErrorInvalidContactEmailAddress ErrorInvalidContactEmailIndex ErrorInvalidInternetHeaderChildNodes
        ErrorInvalidItemForOperationCreateItemAttachment ErrorMessageSizeExceeded ErrorMimeContentConversionFailed
        ErrorMimeContentInvalid ErrorMimeContentInvalidBase64String ErrorMissingItemForCreateItemAttachment
        ErrorUnsupportedCulture ErrorUnsupportedMimeConversion ErrorUnsupportedTypeForConversion
    """,
    "writing, sending, moving and deleting items and folders": """
        ErrorCannotCreatePostItemInNonMailFolder ErrorCannotDeleteObject ErrorCannotEmptyFolder
        ErrorChangeKeyRequired ErrorChangeKeyRequiredForWriteOperations ErrorCreateItemAccessDenied
        ErrorCreateSubfolderAccessDenied ErrorCrossMailboxMoveCopy ErrorDeleteDistinguishedFolder
        ErrorDeleteItemsFailed ErrorFolderSave ErrorFolderSaveFailed ErrorFolderSavePropertyError ErrorFolderExists
        ErrorIncorrectUpdatePropertyCount ErrorInvalidItemForOperationArchiveItem
        ErrorInvalidItemForOperationCreateItem ErrorInvalidItemForOperationAcceptItem
        ErrorInvalidItemForOperationDeclineItem ErrorInvalidItemForOperationCancelItem
        ErrorInvalidItemForOperationRemoveItem ErrorInvalidItemForOperationSendItem
        ErrorInvalidItemForOperationTentative ErrorInvalidMailbox ErrorInvalidParentFolder
        ErrorInvalidPropertyAppend ErrorInvalidPropertyDelete ErrorInvalidPropertyForExists
        ErrorInvalidPropertyUpdateSentMessage ErrorInvalidRecipients ErrorInvalidReferenceItem
        ErrorInvalidSendItemSaveSettings ErrorIrresolvableConflict ErrorItemSave ErrorItemSavePropertyError
        ErrorMessageDispositionRequired ErrorMissingRecipients ErrorMoveCopyFailed ErrorMoveDistinguishedFolder
        ErrorNoFolderClassOverride ErrorParentFolderIdRequired ErrorParentFolderNotFound ErrorPropertyUpdate
        ErrorReadReceiptNotPending ErrorSavedItemFolderNotFound ErrorSendAsDenied ErrorStaleObject
        ErrorToFolderNotFound ErrorUpdatePropertyMismatch
    """,
}

UNRELATED: Final = {code: topic for topic, codes in _TOPICS.items() for code in codes.split()}
"""By code, what it is about."""
