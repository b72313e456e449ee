"""What the headers of an answer add to a refusal: when to ask again, how to sign in, where it leads, who answered."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urljoin, urlsplit

from ewspush.protocol.response_codes import ERROR_PAGE
from ewspush.protocol.soap import MAX_TEXT_CHARACTERS, Refused

Headers = Iterable[tuple[str, str]]
"""Names, spelled in any way, and values; a name may come several times."""

UNAUTHORIZED: Final = "HTTP 401"

_REDIRECT: Final = re.compile(r"HTTP 3[0-9]{2}")
_ERROR_PAGE: Final = re.compile(r"error[^/]*$", re.IGNORECASE)
"""/ews/genericerrorpage.htm, /owa/auth/errorfe.aspx: Exchange redirects to one now and then."""

_DIAGNOSTICS: Final = (
    *("X-CasErrorCode", "X-MS-Diagnostics", "X-BackEndHttpStatus", "X-FEServer", "X-BEServer", "X-DiagInfo"),
    *("X-CalculatedBETarget", "request-id"),
)
"""By which Exchange says what failed, and on which of its servers; those that help most come first."""

_MAX_VALUE_CHARACTERS: Final = 200
_MAX_DIGITS: Final = 9
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,30}")


def with_headers(refused: Refused, headers: Headers, url: str, now: datetime) -> Refused:
    """Return a refusal with what the headers of its answer say. `url` is where the request was sent."""
    fields = [(name.lower(), value) for name, value in headers]
    if refused.back_off_ms is None:
        refused = replace(refused, back_off_ms=_retry_after_ms(_first(fields, "retry-after"), now))
    if refused.response_code == UNAUTHORIZED:
        methods = _sign_in_methods(value for name, value in fields if name == "www-authenticate")
        if methods and "basic" not in map(str.lower, methods):
            return replace(refused, text=f"sign in by {', '.join(methods)}, not by Basic")
    location = _first(fields, "location")
    if location is not None and _REDIRECT.fullmatch(refused.response_code):
        return _redirected(refused, location, url)
    return refused if refused.text is not None else replace(refused, text=_diagnostics(fields))


def _first(fields: list[tuple[str, str]], name: str) -> str | None:
    return next((value for each, value in fields if each == name), None)


def _redirected(refused: Refused, location: str, url: str) -> Refused:
    """Where a redirect leads, without its query: that can hold secrets of a sign-in."""
    try:
        parts = urlsplit(urljoin(url, location))
        target = f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"
    except ValueError:
        return refused
    code = ERROR_PAGE if _ERROR_PAGE.search(parts.path) else refused.response_code
    return replace(refused, response_code=code, text=_printable(f"redirects to {target}"))


def _diagnostics(fields: list[tuple[str, str]]) -> str | None:
    said = [f"{name}: {_printable(value)}" for name in _DIAGNOSTICS if (value := _first(fields, name.lower()))]
    return ", ".join(said)[:MAX_TEXT_CHARACTERS] or None


def _printable(text: str) -> str:
    return "".join(each if each.isprintable() else "?" for each in text)[:_MAX_VALUE_CHARACTERS]


def _sign_in_methods(challenges: Iterable[str]) -> list[str]:
    """Return the schemes of the challenges (RFC 9110, section 11.6.1), each once."""
    return list(dict.fromkeys(word for word in _first_words(challenges) if _SCHEME.fullmatch(word)))


def _first_words(challenges: Iterable[str]) -> Iterator[str]:
    return (part.split(maxsplit=1)[0] for each in challenges for part in each.split(",") if part.strip())


def _retry_after_ms(value: str | None, now: datetime) -> int | None:
    """Return Retry-After, seconds or a date (RFC 9110, section 10.2.3), in milliseconds; None for anything else."""
    if value is None:
        return None
    if value.isascii() and value.isdecimal():
        return int(value[:_MAX_DIGITS]) * 1000
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(int((aware - now).total_seconds() * 1000), 0)
