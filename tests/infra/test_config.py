"""Context keys: validated at synth, with errors that an administrator can act on."""

import pytest

from infra.config import Config, ConfigError


def test_nothing_given_is_a_working_configuration() -> None:
    """The defaults."""
    assert Config.from_context({}) == Config()


def test_the_command_line_gives_strings() -> None:
    """`-c key=value` and cdk.json mean the same."""
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
    ],
)
def test_a_value_out_of_range_is_refused_with_key_range_and_example(
    key: str, value: object, expected: str, example: str
) -> None:
    """One sentence that says all three."""
    with pytest.raises(ConfigError) as refusal:
        Config.from_context({key: value})
    text = str(refusal.value)
    assert repr(key) in text
    assert expected in text
    assert repr(value) in text
    assert example in text


def test_a_misspelt_key_is_not_silently_without_effect() -> None:
    """It is named, and what was meant."""
    with pytest.raises(ConfigError, match="'throttle_brust' is not known; did you mean 'throttle_burst'"):
        Config.from_context({"throttle_brust": 4})


def test_keys_of_others_are_let_be() -> None:
    """Feature flags, and what CDK keeps in the context."""
    assert Config.from_context({"@aws-cdk/core:explicitStackTags": True, "cli-telemetry": False}) == Config()
