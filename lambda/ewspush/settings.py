"""Settings of each function: one frozen dataclass, read with `from_env`, written with `to_env` by the stack."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Self


class SettingsError(ValueError):
    """Raised for a setting that is missing or no value of its kind; the message names the variable."""


@dataclass(frozen=True, slots=True)
class Settings:
    """A function's settings: each field is the environment variable of the same name in upper case."""

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Return the settings that `environ` holds. Raises `SettingsError`."""
        return cls(**{field.name: _read(environ, field.name, field.type) for field in fields(cls)})

    def to_env(self) -> dict[str, str]:
        """Return the variables that `from_env` reads."""
        return {name.upper(): _written(value) for name, value in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class ResponderSettings(Settings):
    """What the responder needs."""

    subscriptions_table: str
    events_table: str
    callback_secret_arn: str
    event_retention_days: int
    """How many days an event stays in the log."""
    minute_seconds: float
    """How long a protocol minute lasts."""


@dataclass(frozen=True, slots=True)
class ForwarderSettings(Settings):
    """What the forwarder needs."""

    queue_url: str
    dead_letter_queue_url: str
    report_partial_batches: bool
    """Whether it reports an unfinished batch by a position (Lambda) or by an exception (docs/adr/0009)."""


@dataclass(frozen=True, slots=True)
class KeeperSettings(Settings):
    """What the keeper needs."""

    subscriptions_table: str
    events_table: str
    event_retention_days: int
    """How many days an event stays in the log."""
    callback_secret_arn: str
    credentials_secret_arn: str
    """Of the secret with the credentials for the mail server."""
    callback_base_url: str
    """Callback paths are put behind it."""
    ews_url: str
    server_version: str
    """The schema version that it speaks, like Exchange2010_SP2."""
    resume_is_trusted: bool
    """Whether a server that accepts a watermark is known to resume from it."""
    minute_seconds: float
    """How long a protocol minute lasts."""
    keepers: int
    """How many keepers share the due index."""
    sync_states_table: str
    recovers_gaps: bool
    """Whether it takes baselines, and recovers gaps with them."""


def _read(environ: Mapping[str, str], name: str, kind: object) -> str | int | float | bool:
    variable = name.upper()
    text = environ.get(variable, "")
    if not text:
        message = f"the environment variable {variable} is not set"
        raise SettingsError(message)
    if kind is int:
        if not text.isdecimal():
            message = f"the environment variable {variable} must be a whole number, not {text!r}"
            raise SettingsError(message)
        return int(text)
    if kind is float:
        return _positive(variable, text)
    if kind is bool:
        if text not in {"true", "false"}:
            message = f"the environment variable {variable} must be true or false, not {text!r}"
            raise SettingsError(message)
        return text == "true"
    return text


def _positive(variable: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0
    if not 0 < number < float("inf"):
        message = f"the environment variable {variable} must be a positive number, not {text!r}"
        raise SettingsError(message)
    return number


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
