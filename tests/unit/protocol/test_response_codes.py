"""The table of response codes: nothing in it is a surprise to the keeper."""

import pytest

from ewspush.protocol.response_codes import ADVICE, UNKNOWN, Remedy, advice


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        ("ErrorServerBusy", Remedy.RETRY),
        ("ErrorExceededSubscriptionCount", Remedy.WAIT),
        ("ErrorMailboxMoveInProgress", Remedy.RETRY_WITHOUT_WATERMARK),
        ("ErrorInvalidWatermark", Remedy.ANEW_WITHOUT_WATERMARK),
        ("ErrorReadEventsFailed", Remedy.ANEW),
        ("ErrorAccessDenied", Remedy.ASK),
        ("ErrorSchemaValidation", Remedy.SUSPEND),
        ("ErrorInternalServerError", Remedy.RETRY_A_FEW_TIMES),
        ("ErrorOfTheFuture", Remedy.RETRY_A_FEW_TIMES),
    ],
)
def test_a_code_has_its_remedy(code: str, remedy: Remedy) -> None:
    """An unknown one is tried a few times, then shown to a person."""
    assert advice(code).remedy is remedy


def test_every_reason_is_a_sentence_for_a_person() -> None:
    """No code, no abbreviation at its beginning, and none left out."""
    for entry in (*ADVICE.values(), UNKNOWN):
        assert len(entry.reason.split()) > 4
        assert not entry.reason.startswith("Error")
    assert {entry.remedy for entry in ADVICE.values()} == set(Remedy)
