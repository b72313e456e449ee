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
    """What the responder needs: its tables, the secret of the callbacks, how many days an event stays in the log.

    `minute_seconds` is how long a protocol minute lasts.
    """

    subscriptions_table: str
    events_table: str
    callback_secret_arn: str
    event_retention_days: int
    minute_seconds: float


@dataclass(frozen=True, slots=True)
class ForwarderSettings(Settings):
    """What the forwarder needs.

    `report_partial_batches`: whether an unfinished batch is told by its position (Lambda) or by an exception.
    """

    events_table: str
    queue_url: str
    dead_letter_queue_url: str
    report_partial_batches: bool


@dataclass(frozen=True, slots=True)
class KeeperSettings(Settings):
    """What the keeper needs.

    `credentials_secret_arn` is of the secret with the credentials for the mail server at `ews_url`, spoken to in
    `server_version`. `callback_base_url` is what callback paths are put behind. `resume_is_trusted`: whether the server
    is known to resume from a watermark that it takes. `minute_seconds` is how long a protocol minute lasts. `keepers`
    is how many keepers share the due index. `recovers_gaps`: whether folders are synchronized, with
    the states in `sync_states_table`.
    """

    subscriptions_table: str
    events_table: str
    event_retention_days: int
    callback_secret_arn: str
    credentials_secret_arn: str
    callback_base_url: str
    ews_url: str
    server_version: str
    resume_is_trusted: bool
    minute_seconds: float
    keepers: int
    sync_states_table: str
    recovers_gaps: bool


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
