"""docs/response-codes.md says what the code does."""

from scripts.response_codes import PAGE, page


def test_the_page_is_up_to_date() -> None:
    """`make docs` writes it."""
    assert PAGE.read_text() == page()


def test_the_page_has_the_reason_of_a_code() -> None:
    """In the section of its remedy."""
    _, _, suspended = page().partition("## Suspends at once")
    assert "`ErrorNonPrimarySmtpAddress`" in suspended.partition("\n## ")[0]
