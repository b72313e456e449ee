"""Times as they come in, and as they are stored and published."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from ewspush.domain.timestamps import from_iso, from_xsd, iso, rfc3339


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 3, 4, 9, 15, 35, 120_999, tzinfo=UTC), "2026-03-04T09:15:35.120Z"),
        (datetime(2026, 3, 4, 9, 15, tzinfo=timezone(timedelta(hours=-3, minutes=-30))), "2026-03-04T12:45:00.000Z"),
        (datetime(77, 1, 1, tzinfo=UTC), "0077-01-01T00:00:00.000Z"),
    ],
)
def test_iso_has_one_width(moment: datetime, text: str) -> None:
    """Milliseconds, UTC, four digits for the year: texts sort as the moments do."""
    assert iso(moment) == text
    assert from_iso(text) == moment.replace(microsecond=moment.microsecond // 1000 * 1000)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2018, 2, 2, 15, 15, 14, tzinfo=UTC), "2018-02-02T15:15:14Z"),
        (datetime(2026, 3, 4, 9, 15, 35, 120_999, tzinfo=UTC), "2026-03-04T09:15:35.120999Z"),
        (datetime(2026, 3, 4, 9, 15, tzinfo=timezone(timedelta(hours=-3, minutes=-30))), "2026-03-04T12:45:00Z"),
        (datetime(77, 1, 1, tzinfo=UTC), "0077-01-01T00:00:00Z"),
    ],
)
def test_rfc3339_keeps_the_moment_whole(moment: datetime, text: str) -> None:
    """In UTC, with as many digits as it has."""
    assert rfc3339(moment) == text
    assert from_iso(text) == moment


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-05-11T07:40:12Z", "2026-05-11T07:40:12Z"),
        ("2026-05-11T07:40:12", "2026-05-11T07:40:12Z"),
        ("2026-05-11T07:40:12.5Z", "2026-05-11T07:40:12.500000Z"),
        ("2026-05-11T07:40:12.1234567Z", "2026-05-11T07:40:12.123456Z"),
        ("2026-05-11T07:40:12+02:00", "2026-05-11T05:40:12Z"),
        ("2026-05-11T00:10:00-05:30", "2026-05-11T05:40:00Z"),
        ("2028-02-29T24:00:00Z", "2028-03-01T00:00:00Z"),
        ("2026-12-31T24:00:00.000+01:00", "2026-12-31T23:00:00Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
    ],
)
def test_an_xs_date_time_is_a_moment_in_utc(written: str, meant: str) -> None:
    """Fractions, offsets, no zone, and midnight as the end of a day."""
    moment = from_xsd(written)
    assert moment is not None
    assert (rfc3339(moment), moment.utcoffset()) == (meant, timedelta())


@pytest.mark.parametrize(
    "written",
    [
        None,
        "",
        "soon",
        "2026-02-30T00:00:00Z",
        "2026-05-11T25:00:00Z",
        "-0044-03-15T12:00:00Z",
        "12026-05-11T07:40:12Z",
        "9999-12-31T24:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "2026-05-11T07:40:60Z",
        "٢٠٢٦-05-11T07:40:12Z",
    ],
)
def test_any_other_text_is_none(written: str | None) -> None:
    """A TimeStamp is never a reason to lose its event."""
    assert from_xsd(written) is None
