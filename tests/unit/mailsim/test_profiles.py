"""Settings: all are documented, and invalid ones are refused."""

from dataclasses import asdict
from pathlib import Path

import pytest

from mailsim.profiles import EXCHANGE, WORKMAIL
from mailsim.setting_values import SettingError

DOCUMENT = Path(__file__).parent.parent.parent.parent / "docs" / "mailsim.md"
FIXED = {"name", "server_build", "accepted_versions"}


def documented(value: object) -> str:
    """Return a value as the document shows it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_every_setting_is_documented_with_its_defaults() -> None:
    """The table can't become stale."""
    text, exchange = DOCUMENT.read_text(), asdict(EXCHANGE)
    for name, value in asdict(WORKMAIL).items():
        assert name in FIXED or f"| `{name}` | `{documented(value)}` | `{documented(exchange[name])}` |" in text


@pytest.mark.parametrize(
    ("name", "value"),
    [("resume", "maybe"), ("quota", "three"), ("subfolders", "yes"), ("name", "exchange"), ("server_build", "1")],
)
def test_invalid_settings_are_refused(name: str, value: str) -> None:
    """Unknown ones, too."""
    with pytest.raises(SettingError):
        WORKMAIL.with_settings({name: value})
    with pytest.raises(SettingError):
        WORKMAIL.with_settings({f"no_{name}": value})
