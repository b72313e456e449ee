"""The table of response codes against the list of Microsoft's schema: ResponseCodeType of messages.xsd."""

from pathlib import Path
from typing import Final

import pytest

from ewspush.protocol.response_codes import ADVICE, OF_ANOTHER_OPERATION, UNKNOWN, UNRELATED, Missing, Remedy, advice

NAMES: Final = (Path(__file__).parents[2] / "fixtures" / "response_codes.txt").read_text().split()


def test_every_code_has_a_remedy_or_the_reason_why_it_cannot_come() -> None:
    """And only one of them; the table has no name that the schema does not know."""
    codes = {code for code in ADVICE if code.startswith("Error") or code == "NoError"}
    assert len(NAMES) == len(set(NAMES)) == 514
    assert codes | set(UNRELATED) == set(NAMES)
    assert not codes & set(UNRELATED)


def test_no_code_of_the_schema_is_unknown() -> None:
    """A code that should not come is shown as such."""
    assert UNKNOWN not in map(advice, NAMES)
    assert {advice(code) for code in UNRELATED} == {OF_ANOTHER_OPERATION}


@pytest.mark.parametrize(
    "code",
    [
        *("ErrorADOperation", "ErrorNotEnoughMemory", "ErrorNoApplicableProxyCASServersAvailable"),
        *(
            "ErrorProxyServiceDiscoveryFailed",
            "ErrorCrossSiteRequest",
            "ErrorClientDisconnected",
            "ErrorRequestAborted",
        ),
        *("ErrorServiceDiscoveryFailed", "ErrorAutoDiscoverFailed", "ErrorProxyRequestProcessingFailed"),
    ],
)
def test_passing_trouble_is_tried_within_minutes(code: str) -> None:
    """The server's own trouble ends without anyone here."""
    assert (advice(code).remedy, advice(code).missing) == (Remedy.RETRY, None)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("ErrorNonPrimarySmtpAddress", "primary address"),
        ("ErrorInvalidLicense", "license"),
        ("ErrorCannotFindUser", "no mailbox"),
        ("ErrorInvalidId", "check the folders"),
        ("ErrorArchiveMailboxNotEnabled", "archive"),
        ("ErrorInvalidFolderTypeForOperation", "leave it out"),
        ("ErrorOrganizationAccessBlocked", "administrator"),
        ("ErrorSubscriptionDelegateAccessNotSupported", "ApplicationImpersonation"),
        ("ErrorNoDestinationCASDueToSSLRequirements", "EWS address"),
    ],
)
def test_lasting_trouble_is_suspended_with_words(code: str, words: str) -> None:
    """They say what to change."""
    assert advice(code).remedy is Remedy.SUSPEND
    assert words in advice(code).reason


def test_what_is_gone_is_distinguished_from_trouble_of_the_server() -> None:
    """A mailbox, a folder, or neither."""
    missing = {code: entry.missing for code, entry in ADVICE.items() if entry.missing is not None}
    assert missing["ErrorNonExistentMailbox"] is missing["ErrorCannotFindUser"] is Missing.MAILBOX
    assert missing["ErrorItemNotFound"] is missing["ErrorFolderNotFound"] is Missing.FOLDER
    assert {ADVICE[code].remedy for code in missing} == {Remedy.SUSPEND}
    for code in ("ErrorMailboxStoreUnavailable", "ErrorInternalServerError", "ErrorFolderCorrupt", "HTTP 404"):
        assert advice(code).missing is None


def test_every_sentence_is_short_enough_to_be_shown_with_the_servers_words() -> None:
    """They share a line, and a row of 1 KB."""
    for entry in ADVICE.values():
        assert len(entry.reason) <= 120
