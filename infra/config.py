"""Context keys of cdk.json (or `-c key=value`) -> a validated dataclass."""

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, Self

LOG_RETENTIONS: Final = {
    1: "ONE_DAY", 3: "THREE_DAYS", 5: "FIVE_DAYS", 7: "ONE_WEEK", 14: "TWO_WEEKS", 30: "ONE_MONTH", 60: "TWO_MONTHS",
    90: "THREE_MONTHS", 120: "FOUR_MONTHS", 150: "FIVE_MONTHS", 180: "SIX_MONTHS", 365: "ONE_YEAR",
    400: "THIRTEEN_MONTHS", 545: "EIGHTEEN_MONTHS", 731: "TWO_YEARS", 1096: "THREE_YEARS", 1827: "FIVE_YEARS",
    3653: "TEN_YEARS",
}  # fmt: skip
"""Days -> CDK's name for them; CloudWatch Logs takes these and few others (PutRetentionPolicy)."""

_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class ConfigError(ValueError):
    """Raised for a context key that is unknown or out of range; the message names key, range and an example."""


@dataclass(frozen=True, slots=True)
class Config:
    """What a deployment can choose.

    `throttle_rate` is in requests a second, `throttle_burst` in requests. `alarm_email` may be empty.
    `report_partial_batches` is false only where the event source can't take a position (docs/adr).
    """

    architecture: str = "arm64"
    python_runtime: str = "3.13"
    event_retention_days: int = 30
    log_retention_days: int = 30
    throttle_rate: int = 200
    throttle_burst: int = 400
    alarm_email: str = ""
    report_partial_batches: bool = True

    @classmethod
    def from_context(cls, context: Mapping[str, object]) -> Self:
        """Return the configuration that `context` holds, defaults for what it lacks. Raises `ConfigError`."""
        names = [field.name for field in fields(cls)]
        _refuse_misspelt(context, names)
        given = {name: context[name] for name in names if context.get(name) is not None}
        return cls(**{name: _CHECKS[name](name, value) for name, value in given.items()})


def _refuse_misspelt(context: Mapping[str, object], names: list[str]) -> None:
    """A key of ours that is misspelt would be silently without effect; keys of CDK and of others are let be."""
    for key in context:
        meant = difflib.get_close_matches(key, names, n=1, cutoff=0.8)
        if meant and key not in names:
            message = f"context key {key!r} is not known; did you mean {meant[0]!r}?"
            raise ConfigError(message)


def _fail(name: str, value: object, expected: str, example: object) -> ConfigError:
    return ConfigError(f"context key {name!r} must be {expected}, not {value!r}; for example: -c {name}={example}")


class _Whole:
    """A whole number from `low` to `high`."""

    def __init__(self, low: int, high: int, example: int) -> None:
        self._low, self._high, self._example = low, high, example

    def __call__(self, name: str, value: object) -> int:
        text = str(value)
        if isinstance(value, bool) or not text.isdecimal() or not self._low <= int(text) <= self._high:
            raise _fail(name, value, f"a whole number from {self._low} to {self._high}", self._example)
        return int(text)


class _OneOf:
    """One of `values`."""

    def __init__(self, *values: str | int, example: str | int) -> None:
        self._values = {str(value): value for value in values}
        self._example = example

    def __call__(self, name: str, value: object) -> str | int:
        if str(value) not in self._values:
            raise _fail(name, value, f"one of {', '.join(self._values)}", self._example)
        return self._values[str(value)]


def _boolean(name: str, value: object) -> bool:
    if str(value).lower() not in {"true", "false"}:
        raise _fail(name, value, "true or false", "true")
    return str(value).lower() == "true"


def _email(name: str, value: object) -> str:
    text = str(value)
    if text and not _EMAIL.fullmatch(text):
        raise _fail(name, value, "an e-mail address, or empty for none", "ops@example.com")
    return text


_CHECKS: Final[dict[str, Callable[[str, object], Any]]] = {
    "architecture": _OneOf("arm64", "x86_64", example="arm64"),
    "python_runtime": _OneOf("3.13", "3.12", "3.11", example="3.13"),
    "event_retention_days": _Whole(1, 3650, 30),
    "log_retention_days": _OneOf(*LOG_RETENTIONS, example=30),
    "throttle_rate": _Whole(1, 10_000, 200),
    "throttle_burst": _Whole(1, 5_000, 400),
    "alarm_email": _email,
    "report_partial_batches": _boolean,
}
