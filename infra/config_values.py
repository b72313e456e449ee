"""Checks of single context keys: each returns the value, or raises a `ConfigError` that says what it should be."""

import math
import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")

_URL: Final = re.compile(r"https?://[!-~]+", re.IGNORECASE)
_NOT_IN_URL: Final = frozenset("?#@")
"""Queries, fragments and passwords: of no use here, and in a base URL they would swallow what is put behind it."""

_THIS_MACHINE: Final = frozenset({"127.0.0.1", "localhost"})
"""Where http is let pass: nobody listens in between."""


class ConfigError(ValueError):
    """Raised for a context key that is unknown or out of range; the message names key, range and an example."""


def invalid_value(name: str, value: object, expected: str, example: object) -> ConfigError:
    """Return the error that says all there is to say about a wrong value."""
    return ConfigError(f"context key {name!r} must be {expected}, not {value!r}; for example: -c {name}={example}")


class IntegerBetween:
    """A whole number from `low` to `high`."""

    def __init__(self, low: int, high: int, example: int) -> None:
        """Take the range and an example."""
        self._low, self._high, self._example = low, high, example

    def __call__(self, name: str, value: object) -> int:
        """Return the number. Raises `ConfigError`."""
        text = str(value)
        if isinstance(value, bool) or not text.isdecimal() or not self._low <= int(text) <= self._high:
            raise invalid_value(name, value, f"a whole number from {self._low} to {self._high}", self._example)
        return int(text)


class NumberUpTo:
    """A number above 0, and not above `high`."""

    def __init__(self, high: float, example: object) -> None:
        """Take the limit and an example."""
        self._high, self._example = high, example

    def __call__(self, name: str, value: object) -> float:
        """Return the number. Raises `ConfigError`."""
        try:
            number = math.nan if isinstance(value, bool) else float(str(value))
        except ValueError:
            number = math.nan
        if not 0 < number <= self._high:  # nan is in no range
            raise invalid_value(name, value, f"a number above 0 and up to {self._high:g}", self._example)
        return number


class OneOf:
    """One of `values`; `hints` says more about values that are often meant."""

    def __init__(self, *values: str | int, example: str | int, hints: dict[str, str] | None = None) -> None:
        """Take the values, an example, and a hint for each value that is none but likely to be tried."""
        self._values = {str(value): value for value in values}
        self._example = example
        self._hints = hints or {}

    def __call__(self, name: str, value: object) -> str | int:
        """Return the value as it was declared. Raises `ConfigError`."""
        if str(value) not in self._values:
            expected = f"one of {', '.join(self._values)}"
            hint = self._hints.get(str(value))
            raise invalid_value(name, value, f"{expected} ({hint})" if hint else expected, self._example)
        return self._values[str(value)]


class SecureUrl:
    """An https URL, or an http one on this machine; as a `base` it ends without a slash."""

    def __init__(self, example: str, *, base: bool = False) -> None:
        """Take an example, and whether something is put behind the URL."""
        self._example = example
        self._base = base

    def __call__(self, name: str, value: object) -> str:
        """Return the URL. Raises `ConfigError`."""
        text = str(value)
        if not _is_url(text) or (self._base and text.endswith("/")):
            ending = " nor a slash at the end" if self._base else ""
            raise invalid_value(name, value, f"an https:// URL without a query{ending}", self._example)
        return text


class OrEmpty:
    """What `check` takes, or nothing at all."""

    def __init__(self, check: Callable[[str, object], Any]) -> None:
        """Take the check of what is not empty."""
        self._check = check

    def __call__(self, name: str, value: object) -> Any:  # noqa: ANN401  # whatever the check returns
        """Return the value. Raises `ConfigError`."""
        return self._check(name, value) if value != "" else ""


def boolean(name: str, value: object) -> bool:
    """Return the value of `true` or `false`. Raises `ConfigError`."""
    if str(value).lower() not in {"true", "false"}:
        raise invalid_value(name, value, "true or false", "true")
    return str(value).lower() == "true"


def email(name: str, value: object) -> str:
    """Return an address, or nothing. Raises `ConfigError`."""
    text = str(value)
    if text and not _EMAIL.fullmatch(text):
        raise invalid_value(name, value, "an e-mail address, or empty for none", "ops@example.com")
    return text


def _is_url(text: str) -> bool:
    if not _URL.fullmatch(text) or _NOT_IN_URL & set(text):
        return False
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises where it is no number
    except ValueError:
        return False
    return bool(parts.hostname) and (parts.scheme == "https" or parts.hostname in _THIS_MACHINE)
