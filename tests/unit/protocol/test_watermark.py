"""Zero and real watermarks."""

import pytest

from ewspush.protocol.watermark import is_real


@pytest.mark.parametrize("watermark", [None, "", "AAAAAAAAAAA=", "AAAAAAA=", "AA==", "AAAA"])
def test_zero_watermark_is_not_real(watermark: str | None) -> None:
    """Any number of zero bytes says nothing about the chain."""
    assert not is_real(watermark)


@pytest.mark.parametrize("watermark", ["KgEAAAAAAAA=", "AAAAAAAAAAE=", "AQ==", "0", "aaaa", "w1", "AA-A"])
def test_any_other_watermark_is_real(watermark: str) -> None:
    """A watermark is opaque: base64 or not, all that is not zero counts."""
    assert is_real(watermark)
