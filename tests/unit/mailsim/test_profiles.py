"""Settings: their documentation is complete, and wrong ones are refused."""

from dataclasses import asdict
from pathlib import Path

import pytest

from mailsim.profiles import EXCHANGE, WORKMAIL, SettingError

DOCUMENT = Path(__file__).parent.parent.parent.parent / "docs" / "mailsim.md"
FIXED = {"name", "server_build", "accepted_versions"}


def spelled(value: object) -> str:
    """Return a value as the document has it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_every_setting_is_documented_with_what_the_profiles_start_from() -> None:
    """The table can't go stale."""
    text, exchange = DOCUMENT.read_text(), asdict(EXCHANGE)
    for name, value in asdict(WORKMAIL).items():
        assert name in FIXED or f"| `{name}` | `{spelled(value)}` | `{spelled(exchange[name])}` |" in text


@pytest.mark.parametrize(
    ("name", "value"),
    [("resume", "maybe"), ("quota", "three"), ("subfolders", "yes"), ("name", "exchange"), ("server_build", "1")],
)
def test_wrong_settings_are_refused(name: str, value: str) -> None:
    """Unknown ones, too."""
    with pytest.raises(SettingError):
        WORKMAIL.with_settings({name: value})
    with pytest.raises(SettingError):
        WORKMAIL.with_settings({f"no_{name}": value})
