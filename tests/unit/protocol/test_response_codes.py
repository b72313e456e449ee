"""The table of response codes: what the keeper does about each."""

import pytest

from ewspush.protocol.response_codes import (
    ADVICE,
    HTML_PAGE,
    NO_CONNECTION,
    NO_CREDENTIALS,
    SOAP_FAULT,
    UNKNOWN,
    Remedy,
    advice,
)


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        ("ErrorServerBusy", Remedy.RETRY),
        ("ErrorExceededSubscriptionCount", Remedy.WAIT),
        ("ErrorMailboxMoveInProgress", Remedy.RETRY_WITHOUT_WATERMARK),
        ("ErrorInvalidWatermark", Remedy.RESUBSCRIBE_WITHOUT_WATERMARK),
        ("ErrorReadEventsFailed", Remedy.RESUBSCRIBE),
        ("ErrorAccessDenied", Remedy.RETRY_THEN_SUSPEND),
        ("ErrorSchemaValidation", Remedy.SUSPEND),
        ("ErrorWrongServerVersion", Remedy.SUSPEND),
        ("ErrorMissingEmailAddress", Remedy.SUSPEND),
        (HTML_PAGE, Remedy.RETRY_A_FEW_TIMES),
        (SOAP_FAULT, Remedy.RETRY_A_FEW_TIMES),
        ("ErrorInternalServerError", Remedy.RETRY_A_FEW_TIMES),
        ("ErrorOfTheFuture", Remedy.RETRY_A_FEW_TIMES),
        ("HTTP 500", Remedy.RETRY_A_FEW_TIMES),
    ],
)
def test_a_code_has_its_remedy(code: str, remedy: Remedy) -> None:
    """After an unknown one the Subscribe is sent again a few times, then a person is asked."""
    assert advice(code).remedy is remedy


@pytest.mark.parametrize(
    ("codes", "remedy"),
    [
        ((NO_CONNECTION, NO_CREDENTIALS), Remedy.RETRY),
        (("HTTP 429", "HTTP 503"), Remedy.RETRY),
        (("HTTP 401", "HTTP 403"), Remedy.RETRY_THEN_SUSPEND),
        (("HTTP 301", "HTTP 302", "HTTP 307", "HTTP 308", "HTTP 404"), Remedy.RETRY_A_FEW_TIMES),
    ],
)
def test_where_no_subscription_was_made_it_is_tried_again(codes: tuple[str, ...], remedy: Remedy) -> None:
    """Nothing was sent, or a proxy or a login answered instead of the server."""
    assert {advice(code).remedy for code in codes} == {remedy}


@pytest.mark.parametrize("code", ["HTTP 200", "HTTP 502", "HTTP 504"])
def test_where_the_answer_was_lost_the_first_push_is_awaited(code: str) -> None:
    """The server may have made the subscription, and allows few."""
    assert advice(code).remedy is Remedy.WAIT_FOR_PUSH


def test_every_reason_is_a_sentence_for_a_person() -> None:
    """It does not begin with a code, and every remedy has one."""
    for entry in (*ADVICE.values(), UNKNOWN):
        assert len(entry.reason.split()) > 4
        assert not entry.reason.startswith("Error")
    assert {entry.remedy for entry in ADVICE.values()} == set(Remedy)
