"""Context keys: validated at synthesis, with errors that tell an administrator what to set."""

import pytest

from infra.config import Config
from infra.config_values import ConfigError


def test_an_empty_context_is_a_valid_configuration() -> None:
    """It holds the defaults."""
    assert Config.from_context({}) == Config()


def test_strings_are_parsed() -> None:
    """`-c key=value` has the same effect as the key in cdk.json."""
    given = {
        "throttle_rate": "50",
        "log_retention_days": "7",
        "architecture": "x86_64",
        "report_partial_batches": "false",
    }
    config = Config.from_context(given)
    assert (config.throttle_rate, config.log_retention_days, config.architecture) == (50, 7, "x86_64")
    assert config.report_partial_batches is False


@pytest.mark.parametrize(
    ("key", "value", "expected", "example"),
    [
        ("architecture", "arm", "one of arm64, x86_64", "architecture=arm64"),
        ("python_runtime", "3.9", "one of 3.13, 3.12, 3.11", "python_runtime=3.13"),
        ("event_retention_days", 0, "a whole number from 1 to 3650", "event_retention_days=30"),
        ("event_retention_days", "soon", "a whole number from 1 to 3650", "event_retention_days=30"),
        ("event_retention_days", True, "a whole number from 1 to 3650", "event_retention_days=30"),
        ("log_retention_days", 31, "one of 1, 3, 5, 7", "log_retention_days=30"),
        ("throttle_rate", -1, "a whole number from 1 to 10000", "throttle_rate=200"),
        ("throttle_burst", 5001, "a whole number from 1 to 5000", "throttle_burst=400"),
        ("alarm_email", "me", "an e-mail address", "alarm_email=ops@example.com"),
        ("report_partial_batches", "maybe", "true or false", "report_partial_batches=true"),
        ("profile", "gmail", "one of workmail, exchange", "profile=workmail"),
        ("ews_url", "mail.example.com", "an https:// URL", "ews_url=https://mail.example.com/EWS/Exchange.asmx"),
        ("server_version", "Exchange2012", "one of Exchange2007, ", "server_version=Exchange2016"),
        ("server_version", "Exchange2019", "use Exchange2016 for Exchange Server 2019", "server_version=Exchange2016"),
        ("resume", "always", "one of trusted, unproven", "resume=unproven"),
        ("callback_base_url", "https://a.example/", "or a trailing slash", "base_url=https://push.example.com"),
        ("keepers", 3, "one of 1, 2, 4, 8", "keepers=1"),
        ("reserve_concurrency", "no", "true or false", "reserve_concurrency=true"),
        ("minute_seconds", 0, "a number above 0 and up to 60", "minute_seconds=60"),
        ("minute_seconds", "61", "a number above 0 and up to 60", "minute_seconds=60"),
        ("minute_seconds", "nan", "a number above 0 and up to 60", "minute_seconds=60"),
        ("minute_seconds", "soon", "a number above 0 and up to 60", "minute_seconds=60"),
        ("minute_seconds", True, "a number above 0 and up to 60", "minute_seconds=60"),
    ],
)
def test_an_invalid_value_is_refused_with_key_expected_value_and_example(
    key: str, value: object, expected: str, example: str
) -> None:
    """The message names all three, and the invalid value."""
    with pytest.raises(ConfigError) as refusal:
        Config.from_context({key: value})
    text = str(refusal.value)
    assert repr(key) in text
    assert expected in text
    assert repr(value) in text
    assert example in text


@pytest.mark.parametrize("key", ["ews_url", "callback_base_url"])
@pytest.mark.parametrize(
    "url",
    [
        "http://mail.example.com/EWS",
        "ftp://mail.example.com",
        "https://",
        "https:///path",
        "https://mail.example.com/EWS?a=b",
        "https://mail.example.com/EWS?",
        "https://mail.example.com/EWS#top",
        "https://alice:secret@mail.example.com",
        "https://mail.example.com:port/EWS",
        "https://mail.example.com /EWS",
        "https://mail.example.com\n",
        "http://localhost.example.com",
        "http://[::1",
    ],
)
def test_an_unsafe_url_is_refused(key: str, url: str) -> None:
    """Credentials and notifications travel to these URLs."""
    with pytest.raises(ConfigError, match=f"'{key}' must be an https:// URL"):
        Config.from_context({key: url})


@pytest.mark.parametrize("key", ["ews_url", "callback_base_url"])
@pytest.mark.parametrize(
    "url",
    [
        "https://push.example.com",
        "https://push.example.com:8443/mail/push",
        "http://127.0.0.1:4566/_aws/execute-api/ewspush/$default",
        "http://localhost:8080/EWS/Exchange.asmx",
        "",
    ],
)
def test_a_safe_url_is_accepted_unchanged(key: str, url: str) -> None:
    """So are http URLs of this machine, and an empty value."""
    assert getattr(Config.from_context({key: url}), key) == url


def test_the_profile_exchange_requires_an_ews_url() -> None:
    """There is nothing to derive the address from."""
    with pytest.raises(ConfigError, match=r"'ews_url' must be set: profile is exchange, .* -c ews_url=https://"):
        Config.from_context({"profile": "exchange"})


def test_a_misspelt_key_is_refused_with_the_likely_key() -> None:
    """Otherwise it would silently have no effect."""
    with pytest.raises(ConfigError, match="'throttle_brust' is unknown; did you mean 'throttle_burst'"):
        Config.from_context({"throttle_brust": 4})


def test_unrelated_keys_are_ignored() -> None:
    """Feature flags, and what CDK keeps in the context."""
    assert Config.from_context({"@aws-cdk/core:explicitStackTags": True, "cli-telemetry": False}) == Config()
