"""Time stamps: the same instant, in UTC, in an order that sorts."""

from datetime import datetime, timedelta, timezone
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from ewspush.domain.timestamps import from_iso, from_xsd, iso, rfc3339
from tests.property.strategies import EXAMPLES, XML_TEXT

MOMENTS: Final = st.datetimes(min_value=datetime(1, 1, 3), max_value=datetime(9999, 12, 29))  # noqa: DTZ001  # zones follow
ZONES: Final = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@EXAMPLES
@given(MOMENTS, ZONES)
def test_rfc3339_is_the_same_instant(moment: datetime, zone: timezone) -> None:
    """Any xs:dateTime with an offset comes out in UTC, and parses."""
    aware = moment.replace(tzinfo=zone)
    read = from_xsd(aware.isoformat())
    assert read is not None
    assert rfc3339(read).endswith("Z")
    assert datetime.fromisoformat(rfc3339(read)) == read == aware


@EXAMPLES
@given(XML_TEXT | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{0,12}(Z|[+-][0-9:]{0,6})?", fullmatch=True))
def test_any_text_is_a_time_or_none(text: str) -> None:
    """Any text of a TimeStamp: the result parses and is in UTC, or there is none."""
    result = from_xsd(text)
    assert result is None or result.utcoffset() == timedelta()


@EXAMPLES
@given(st.lists(st.tuples(MOMENTS, ZONES), min_size=2, max_size=5))
def test_iso_keeps_instant_and_order(moments: list[tuple[datetime, timezone]]) -> None:
    """To the millisecond; the texts sort as the moments do."""
    aware = sorted(moment.replace(tzinfo=zone) for moment, zone in moments)
    texts = [iso(moment) for moment in aware]
    assert texts == sorted(texts)
    assert all(
        timedelta() <= moment - from_iso(text) < timedelta(milliseconds=1)
        for moment, text in zip(aware, texts, strict=True)
    )
