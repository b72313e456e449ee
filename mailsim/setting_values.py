"""The value of a setting, given as a value or as text."""

from typing import Any, Final, Literal, get_args, get_origin

_BOOLEANS: Final = {"true": True, "false": False}


class SettingError(ValueError):
    """Raised for an unknown setting or an invalid value."""


def setting_value(name: str, kind: Any, value: object) -> Any:  # noqa: ANN401  # a type or a Literal, and its value
    """Return the value of the setting `name`, whose type is `kind`. Raises `SettingError`."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    try:
        return _converted(kind, text)
    except (KeyError, ValueError):
        raise SettingError(f"{text} is not a value of {name}") from None


def _converted(kind: Any, text: str) -> object:  # noqa: ANN401  # a type, or a Literal
    if get_origin(kind) is Literal:
        return {str(option): option for option in get_args(kind)}[text]
    return _BOOLEANS[text] if kind is bool else kind(text)
