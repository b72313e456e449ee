"""Settings: what the stack writes is what the function reads, and a missing one is named."""

import pytest

from ewspush.settings import ForwarderSettings, ResponderSettings, Settings, SettingsError

SAMPLES = [ResponderSettings("s", "e", "arn:secret", 30), ForwarderSettings("e", "https://q", "https://d", False)]


@pytest.mark.parametrize("settings", SAMPLES)
def test_settings_survive_the_environment(settings: Settings) -> None:
    """from_env() is the inverse of to_env()."""
    assert type(settings).from_env(settings.to_env()) == settings


@pytest.mark.parametrize("settings", SAMPLES)
def test_a_missing_setting_is_named(settings: Settings) -> None:
    """Each of them, unset or empty."""
    for name in settings.to_env():
        for environ in (settings.to_env() | {name: ""}, {k: v for k, v in settings.to_env().items() if k != name}):
            with pytest.raises(SettingsError, match=f"{name} is not set"):
                type(settings).from_env(environ)


@pytest.mark.parametrize(
    ("name", "kind"), [("EVENT_RETENTION_DAYS", "whole number"), ("REPORT_PARTIAL_BATCHES", "true or false")]
)
def test_a_setting_of_the_wrong_kind_is_named(name: str, kind: str) -> None:
    """With what it should be."""
    settings = next(one for one in SAMPLES if name in one.to_env())
    with pytest.raises(SettingsError, match=f"{name} must be.*{kind}"):
        type(settings).from_env(settings.to_env() | {name: "soon"})
