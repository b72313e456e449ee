"""Settings: the function reads what the stack writes, and an error names a missing one."""

import pytest

from ewspush.settings import ForwarderSettings, KeeperSettings, ResponderSettings, Settings, SettingsError

KEEPER = KeeperSettings(
    subscriptions_table="s",
    events_table="e",
    event_retention_days=30,
    callback_secret_arn="arn:callback",
    credentials_secret_arn="arn:credentials",
    callback_base_url="https://hook.example",
    ews_url="https://mail.example/EWS/Exchange.asmx",
    server_version="Exchange2010_SP2",
    resume_is_trusted=False,
    minute_seconds=60.0,
    keepers=1,
    sync_states_table="y",
    recovers_gaps=True,
)
SAMPLES = [
    ResponderSettings("s", "e", "arn:secret", 30, 60.0),
    ForwarderSettings("https://q", "https://d", False),
    KEEPER,
]


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
    ("name", "kind"),
    [
        ("EVENT_RETENTION_DAYS", "whole number"),
        ("REPORT_PARTIAL_BATCHES", "true or false"),
        ("RESUME_IS_TRUSTED", "true or false"),
        ("RECOVERS_GAPS", "true or false"),
        ("KEEPERS", "whole number"),
        ("MINUTE_SECONDS", "positive number"),
    ],
)
def test_a_setting_of_the_wrong_kind_is_named(name: str, kind: str) -> None:
    """With what it should be."""
    settings = next(one for one in SAMPLES if name in one.to_env())
    with pytest.raises(SettingsError, match=f"{name} must be.*{kind}"):
        type(settings).from_env(settings.to_env() | {name: "soon"})


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "1e999", "sixty"])
def test_a_minute_without_a_finite_length_is_refused(text: str) -> None:
    """The keeper would wait for ever, or not at all."""
    with pytest.raises(SettingsError, match=r"MINUTE_SECONDS must be a positive number"):
        KeeperSettings.from_env(KEEPER.to_env() | {"MINUTE_SECONDS": text})


@pytest.mark.parametrize(("text", "seconds"), [("60", 60), ("0.5", 0.5), ("2.0", 2)])
def test_a_minute_may_be_shorter_than_a_second(text: str, seconds: float) -> None:
    """In the local run."""
    assert KeeperSettings.from_env(KEEPER.to_env() | {"MINUTE_SECONDS": text}).minute_seconds == seconds
