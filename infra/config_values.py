"""Parsers of single context keys: each takes name and value of a key and returns the value, or raises `ConfigError`."""

import math
import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")

_URL: Final = re.compile(r"https?://[!-~]+", re.IGNORECASE)
_NOT_IN_URL: Final = frozenset("?#@")
"""Of queries, fragments and passwords: of no use here, and a path appended to a base URL would become part of them."""

_LOCAL_HOSTS: Final = frozenset({"127.0.0.1", "localhost"})
"""http is allowed to these: nothing leaves the machine."""


class ConfigError(ValueError):
    """Raised for a context key that is unknown, missing or invalid; the message says what to set, with an example."""


def invalid_value(name: str, value: object, expected: str, example: object) -> ConfigError:
    """Return the error for a value that is not `expected`."""
    return ConfigError(f"context key {name!r} must be {expected}, not {value!r}; for example: -c {name}={example}")


def missing_value(name: str, reason: str, example: object) -> ConfigError:
    """Return the error for a key that must be set because of `reason`."""
    return ConfigError(f"context key {name!r} must be set: {reason}; for example: -c {name}={example}")


class IntegerBetween:
    """A whole number from `low` to `high`, both included."""

    def __init__(self, low: int, high: int, example: int) -> None:
        self._low, self._high, self._example = low, high, example

    def __call__(self, name: str, value: object) -> int:
        text = str(value)
        if isinstance(value, bool) or not text.isdecimal() or not self._low <= int(text) <= self._high:
            raise invalid_value(name, value, f"a whole number from {self._low} to {self._high}", self._example)
        return int(text)


class NumberUpTo:
    """A number above 0 and up to `high`."""

    def __init__(self, high: float, example: object) -> None:
        self._high, self._example = high, example

    def __call__(self, name: str, value: object) -> float:
        try:
            number = math.nan if isinstance(value, bool) else float(str(value))
        except ValueError:
            number = math.nan
        if not 0 < number <= self._high:  # false for nan
            raise invalid_value(name, value, f"a number above 0 and up to {self._high:g}", self._example)
        return number


class OneOf:
    """One of `values`, returned as declared. `hints` maps likely wrong values to what to use instead."""

    def __init__(self, *values: str | int, example: str | int, hints: dict[str, str] | None = None) -> None:
        self._values = {str(value): value for value in values}
        self._example = example
        self._hints = hints or {}

    def __call__(self, name: str, value: object) -> str | int:
        if str(value) not in self._values:
            expected = f"one of {', '.join(self._values)}"
            hint = self._hints.get(str(value))
            raise invalid_value(name, value, f"{expected} ({hint})" if hint else expected, self._example)
        return self._values[str(value)]


class SecureUrl:
    """An https URL, or an http URL of this machine. A `base` must not end in a slash: paths are appended to it."""

    def __init__(self, example: str, *, base: bool = False) -> None:
        self._example = example
        self._base = base

    def __call__(self, name: str, value: object) -> str:
        text = str(value)
        if not _is_url(text) or (self._base and text.endswith("/")):
            expected = "an https:// URL without a query" + (" or a trailing slash" if self._base else "")
            raise invalid_value(name, value, expected, self._example)
        return text


class OrEmpty:
    """A value that `parse` accepts, or an empty one."""

    def __init__(self, parse: Callable[[str, object], Any]) -> None:
        self._parse = parse

    def __call__(self, name: str, value: object) -> Any:  # noqa: ANN401  # whatever `parse` returns
        return self._parse(name, value) if value != "" else ""


def boolean(name: str, value: object) -> bool:
    """Parse `true` or `false`."""
    if str(value).lower() not in {"true", "false"}:
        raise invalid_value(name, value, "true or false", "true")
    return str(value).lower() == "true"


def email(name: str, value: object) -> str:
    """Parse an e-mail address, or an empty string."""
    text = str(value)
    if text and not _EMAIL.fullmatch(text):
        raise invalid_value(name, value, "an e-mail address, or empty for none", "ops@example.com")
    return text


def _is_url(text: str) -> bool:
    if not _URL.fullmatch(text) or _NOT_IN_URL & set(text):
        return False
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises if it is not a number
    except ValueError:
        return False
    return bool(parts.hostname) and (parts.scheme == "https" or parts.hostname in _LOCAL_HOSTS)
