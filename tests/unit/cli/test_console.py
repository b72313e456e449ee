"""Output for a terminal or a pipe."""

from cli import console


def test_texts_of_the_mail_server_can_not_control_the_terminal() -> None:
    """Control characters and line breaks become blanks."""
    assert console.printable("a\x1b[31mb\r\nc\u202ed") == "a [31mb  c d"
