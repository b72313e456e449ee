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
    """What the responder needs: its tables, the secret of the callbacks, how many days an event stays in the log."""

    subscriptions_table: str
    events_table: str
    callback_secret_arn: str
    event_retention_days: int


@dataclass(frozen=True, slots=True)
class ForwarderSettings(Settings):
    """What the forwarder needs.

    `report_partial_batches`: whether an unfinished batch is told by its position (Lambda) or by an exception.
    """

    events_table: str
    queue_url: str
    dead_letter_queue_url: str
    report_partial_batches: bool


def _read(environ: Mapping[str, str], name: str, kind: object) -> str | int | bool:
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
    if kind is bool:
        if text not in {"true", "false"}:
            message = f"the environment variable {variable} must be true or false, not {text!r}"
            raise SettingsError(message)
        return text == "true"
    return text


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
