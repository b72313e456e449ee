"""Which Subscribe requests are accepted, and the errors of the others."""

import pytest

from tests.unit.mailsim.world import CALLBACK, EMAIL, EVENT_TYPES, World, basic, push, request, subscribe, texts

FREQUENCY = "<t:StatusFrequency>5</t:StatusFrequency>"
EVERYTHING = EVENT_TYPES + FREQUENCY + CALLBACK
INBOX = '<t:FolderIds><t:DistinguishedFolderId Id="inbox"/></t:FolderIds>'


@pytest.mark.parametrize(
    "operation",
    [
        push(EVERYTHING),
        push(EVERYTHING, ' SubscribeToAllFolders="1"'),
        push(INBOX + EVERYTHING, ""),
        push(INBOX + EVERYTHING, ' SubscribeToAllFolders="false"'),
        push(EVERYTHING + "<t:CallerData>any</t:CallerData>"),
    ],
)
@pytest.mark.parametrize("profile", ["workmail", "exchange"])
def test_a_valid_request_is_accepted(profile: str, operation: str) -> None:
    """In both profiles."""
    assert World(profile).code(request(operation)) == (200, "NoError")


@pytest.mark.parametrize(
    "parts",
    [
        FREQUENCY + CALLBACK,
        EVENT_TYPES + CALLBACK,
        EVENT_TYPES + FREQUENCY,
        EVENT_TYPES + CALLBACK + FREQUENCY,
        EVENT_TYPES + EVENT_TYPES + FREQUENCY + CALLBACK,
        EVENT_TYPES + "<m:Watermark>AAAA</m:Watermark>" + FREQUENCY + CALLBACK,
        EVENT_TYPES + "<t:Watermark></t:Watermark>" + FREQUENCY + CALLBACK,
        EVENT_TYPES + "<t:Other/>" + FREQUENCY + CALLBACK,
        "<t:EventTypes/>" + FREQUENCY + CALLBACK,
        EVERYTHING.replace("NewMailEvent", "StatusEvent"),
        EVERYTHING.replace(">5<", ">0<"),
        EVERYTHING.replace(">5<", ">1441<"),
        EVERYTHING.replace(">5<", ">soon<"),
        "<t:FolderIds/>" + EVERYTHING,
        INBOX.replace("inbox", "no-such-name") + EVERYTHING,
    ],
)
def test_what_the_schema_forbids_gets_a_fault(parts: str) -> None:
    """It checks the order and the namespaces, too."""
    assert World().code(request(push(parts))) == (500, "ErrorSchemaValidation")


def test_a_watermark_in_the_wrong_namespace_can_be_ignored() -> None:
    """Some clients write it; the behaviour of the servers is not published."""
    parts = EVENT_TYPES + "<m:Watermark>AAAA</m:Watermark>" + FREQUENCY + CALLBACK
    assert World(settings={"misplaced_watermark": "ignored"}).code(request(push(parts))) == (200, "NoError")


@pytest.mark.parametrize(
    ("parts", "attributes", "code"),
    [
        (EVERYTHING, "", "ErrorInvalidSubscriptionRequest"),
        (INBOX + EVERYTHING, ' SubscribeToAllFolders="true"', "ErrorInvalidSubscriptionRequest"),
        (INBOX.replace("inbox", "voicemail") + EVERYTHING, "", "ErrorFolderNotFound"),
        ('<t:FolderIds><t:FolderId Id="unknown"/></t:FolderIds>' + EVERYTHING, "", "ErrorFolderNotFound"),
        (
            INBOX.replace(
                "/>", "><t:Mailbox><t:EmailAddress>other@example.com</t:EmailAddress></t:Mailbox>", 1
            ).replace("</t:FolderIds>", "</t:DistinguishedFolderId></t:FolderIds>")
            + EVERYTHING,
            "",
            "ErrorSubscriptionDelegateAccessNotSupported",
        ),
    ],
)
def test_invalid_folders_get_an_error_response(parts: str, attributes: str, code: str) -> None:
    """The request is valid, so the error is not a fault."""
    assert World().code(request(push(parts, attributes))) == (200, code)


@pytest.mark.parametrize("url", ["", "ftp://host/", "callback", "http:///path", "http://[/", f"http://h/{'x' * 2082}"])
def test_an_invalid_url_gets_an_error_response(url: str) -> None:
    """It must be http or https, with 1 to 2,082 characters."""
    operation = push(EVENT_TYPES + FREQUENCY + f"<t:URL>{url}</t:URL>")
    assert World().code(request(operation)) == (200, "ErrorInvalidPushSubscriptionUrl")


@pytest.mark.parametrize("body", [b"", b"<a/>", request(""), request(push(EVERYTHING) * 2)])
def test_other_documents_are_invalid(body: bytes) -> None:
    """An envelope with one operation is expected."""
    assert World().code(body) == (500, "ErrorInvalidRequest")


@pytest.mark.parametrize(
    "operation",
    [
        "<m:CreateItem/>",
        "<t:Subscribe/>",
        "<m:Subscribe><m:PullSubscriptionRequest/></m:Subscribe>",
        "<m:Subscribe><m:StreamingSubscriptionRequest/></m:Subscribe>",
    ],
)
def test_other_operations_are_not_supported(operation: str) -> None:
    """The code is one that no client takes for a wrong server version."""
    assert World().code(request(operation)) == (500, "ErrorInvalidOperation")


@pytest.mark.parametrize(
    ("profile", "version", "code"),
    [
        ("workmail", "Exchange2010_SP2", "NoError"),
        ("workmail", "Exchange2007_SP1", "NoError"),
        ("workmail", "Exchange2016", "ErrorInvalidServerVersion"),
        ("exchange", "Exchange2016", "NoError"),
        ("exchange", "Exchange2019", "ErrorInvalidRequest"),
    ],
)
def test_a_server_accepts_its_versions_only(profile: str, version: str, code: str) -> None:
    """WorkMail accepts none after 2010."""
    header = f'<t:RequestServerVersion Version="{version}"/>'
    assert World(profile).code(request(push(EVERYTHING), header))[1] == code


def test_valid_credentials_are_required() -> None:
    """Basic authentication with the right password."""
    for authorization in ("Bearer x", "Basic !", basic("wrong"), basic(email="nobody@example.com")):
        assert World().ask(subscribe(), authorization) == (401, b"")
    assert World().core.handle_ews(subscribe(), None, 0) == (401, b"")


def test_a_user_may_impersonate_itself_only() -> None:
    """Without the right to impersonate."""
    sid = "<t:ConnectingSID><t:SmtpAddress>{}</t:SmtpAddress></t:ConnectingSID>"
    named = f"<t:ExchangeImpersonation>{sid}</t:ExchangeImpersonation>"
    assert World().code(request(push(EVERYTHING), named.format(EMAIL.title()))) == (200, "NoError")
    other = request(push(EVERYTHING), named.format("other@example.com"))
    assert World().code(other) == (500, "ErrorImpersonateUserDenied")


def test_a_response_contains_the_server_version() -> None:
    """Clients read it from the header."""
    _, answer = World().ask(subscribe())
    assert b'Version="Exchange2010_SP2"' in answer
    assert texts(answer, "SubscriptionId")
